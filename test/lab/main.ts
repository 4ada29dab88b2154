/** `npm run lab`: a Kubernetes cluster of one node, of real parts, on this machine. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import { CannotRun, COULD_NOT_RUN, describeFailure, surviveClosedPipes } from '../../lib/model/cannot-run';
import { counted } from '../../lib/model/text';
import { BINARY_NAMES, binary, binaryNamed, build, link } from './binaries';
import { daemonNames, logOf, pidOf } from './daemons';
import { down } from './down';
import { imageNames, importImage, type ImageConfig } from './images';
import { kubectl } from './kubectl';
import { DEFAULT_STATE, presentLab, requireLab } from './layout';
import { up } from './up';

const EXAMPLES = `
Exit codes: 0 done, 1 the lab is not up or not whole, 2 could not run. That of kubectl is its own.

Examples:
  npm run lab -- build                     build what is missing, which the first time takes half an hour
  npm run lab -- up                        start the cluster
  export KUBECONFIG=/etc/kubernetes/admin.conf
  npm run lab -- kubectl get pods -A       what runs in it
  npm run lab -- logs kubelet              what a program of the node has written
  npm run lab -- import docker.io/library/hello:1 ./rootfs --entrypoint /hello
  npm run lab -- down                      end it, without a trace`;

async function main(): Promise<void> {
  surviveClosedPipes();
  try {
    await program().parseAsync();
  } catch (error) {
    // Commander has printed what is wrong, or the help that was asked for.
    const printed = error instanceof CommanderError;
    if (!printed) process.stderr.write(describeFailure(error));
    process.exitCode = printed && error.exitCode === 0 ? 0 : COULD_NOT_RUN;
  }
}

function program(): Command {
  const lab = new Command('npm run lab --')
    .description('A Kubernetes cluster of one node, of real parts, on this machine (Debian 12, root).')
    .addHelpText('after', EXAMPLES)
    .enablePositionalOptions()
    .exitOverride();
  const command = (words: string, description: string): Command =>
    lab.command(words).description(description).exitOverride();
  command('up', 'build what is missing, and start the cluster')
    .option('--state <folder>', 'where it keeps all that it has; a folder that does not exist yet', DEFAULT_STATE)
    .action(async ({ state }: { readonly state: string }) => {
      const { kubeconfig } = await up(resolve(state), say);
      say(`\nexport KUBECONFIG=${kubeconfig}`);
    });
  command('down', 'end every process of the lab, and remove all that it has').action(async () => down(say));
  command('status', 'say what runs').action(status);
  command('build [programs...]', 'build the programs that are missing, all or those that are named')
    .option('--into <folder>', 'link them into a folder as well')
    .action(async (programs: readonly string[], { into }: { readonly into?: string }) => {
      const names = programs.length === 0 ? BINARY_NAMES : programs.map(binaryNamed);
      const missing = names.filter((name) => !existsSync(binary(name))).length;
      await build(names, say);
      if (into !== undefined) link(names, into);
      say(`${counted(names.length, 'program')}, ${missing} built now.`);
    });
  command('import <image> <files>', 'make an image of a folder or a tar file, under its full name')
    .option('--entrypoint <word...>', 'what it runs')
    .option('--cmd <word...>', 'what it runs, or the arguments of the entry point')
    .option('--user <id>', 'as whom')
    .option('--env <assignment...>', 'with what in its environment')
    .action(async (image: string, files: string, options: ImportOptions) =>
      importImage(requireLab(), image, [files], imageConfig(options)),
    );
  command('logs [name]', 'print what a program of the node has written, or list them').action((name?: string) =>
    logs(name),
  );
  command('kubectl [words...]', 'run kubectl as the administrator of the cluster')
    .passThroughOptions()
    .allowUnknownOption()
    .helpOption(false)
    .action((words: readonly string[]) => {
      const { kubeconfig } = requireLab();
      const env = { ...process.env, KUBECONFIG: kubeconfig };
      process.exitCode = spawnSync(binary('kubectl'), words, { stdio: 'inherit', env }).status ?? COULD_NOT_RUN;
    });
  return lab;
}

interface ImportOptions {
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly user?: string;
  readonly env?: readonly string[];
}

function imageConfig({ entrypoint, cmd, user, env }: ImportOptions): ImageConfig {
  return {
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(cmd === undefined ? {} : { Cmd: cmd }),
    ...(user === undefined ? {} : { User: user }),
    ...(env === undefined ? {} : { Env: env }),
  };
}

async function status(): Promise<void> {
  const lab = presentLab();
  if (lab === undefined) {
    say('No lab is up. Start it: npm run lab -- up');
    process.exitCode = 1;
    return;
  }
  for (const name of daemonNames(lab)) {
    const pid = pidOf(lab, name);
    if (pid === undefined) process.exitCode = 1;
    say(`${name.padEnd(32)}${pid === undefined ? `ended: npm run lab -- logs ${name}` : `process ${pid}`}`);
  }
  const pods = await kubectl(lab, ['get', 'nodes,pods', '--all-namespaces']).catch(() => undefined);
  if (pods === undefined) process.exitCode = 1;
  else say(`\n${pods.trim()}\n\nImages: ${(await imageNames(lab)).join(', ')}`);
  say(`\nexport KUBECONFIG=${lab.kubeconfig}`);
}

function logs(name: string | undefined): void {
  const lab = requireLab();
  const names = daemonNames(lab);
  if (name === undefined) say(names.join('\n'));
  else if (names.includes(name)) spawnSync('cat', [logOf(lab, name)], { stdio: 'inherit' });
  else throw new CannotRun(`The lab runs no ${name}. It runs: ${names.join(', ')}.`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

void main();
