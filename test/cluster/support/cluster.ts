/** The cluster of the tests, by kubectl. */
import { dirname, join } from 'node:path';
import type { KubeObject } from '../../../lib/model/kube-object';
import { binary } from '../../lab/binaries';
import { run, type Ended } from '../../servers/support/tools';

export interface Cluster {
  /** The output of kubectl, which has to succeed. */
  readonly kubectl: (...words: readonly string[]) => Promise<string>;
  /** However it ends. */
  readonly try: (words: readonly string[], input?: string) => Promise<Ended>;
  /** Writes the objects for real. */
  readonly apply: (...objects: readonly KubeObject[]) => Promise<void>;
  /** Makes those that are not there. What somebody else has made, and may be looking at, stays as it is. */
  readonly create: (...objects: readonly KubeObject[]) => Promise<void>;
  /** What the API server says to files, all of its checks done and nothing written: warnings and refusals. */
  readonly objectionsToFiles: (paths: readonly string[]) => Promise<string>;
  readonly objectionsTo: (object: KubeObject) => Promise<string>;
}

/** Others may have applied the same objects by other tools. */
const SERVER_SIDE = ['--server-side', '--force-conflicts', '--field-manager=backed-up-tests'];
const DRY_RUN = ['apply', ...SERVER_SIDE, '--dry-run=server', '--validate=strict', '--output=name'];

export function connect(kubeconfig: string): Cluster {
  const cache = join(dirname(kubeconfig), 'kubectl-cache');
  const attempt: Cluster['try'] = async (words, input) =>
    run(binary('kubectl'), words, {
      // What it learns of the kinds it keeps, and that goes when the lab does.
      env: { KUBECONFIG: kubeconfig, KUBECACHEDIR: cache },
      ...(input === undefined ? {} : { input }),
    });
  const succeed = async (words: readonly string[], input?: string): Promise<string> => {
    const { code, stdout, stderr } = await attempt(words, input);
    if (code !== 0) throw new Error(`kubectl ${words.join(' ')} ended with ${code}: ${stderr || stdout}`);
    return stdout;
  };
  return {
    kubectl: async (...words) => succeed(words),
    try: attempt,
    apply: async (...objects) => void (await succeed(['apply', ...SERVER_SIDE, '--filename=-'], listOf(objects))),
    create: async (...objects) => {
      const { stderr } = await attempt(['create', '--filename=-'], listOf(objects));
      const errors = stderr.split('\n').filter((line) => /^error/i.test(line) && !line.includes('(AlreadyExists)'));
      if (errors.length > 0) throw new Error(`kubectl create: ${errors.join('\n')}`);
    },
    objectionsToFiles: async (paths) => {
      const { stderr, stdout } = await attempt([...DRY_RUN, ...paths.map((path) => `--filename=${path}`)]);
      const answered = stdout.trim().split('\n').length;
      return stderr === '' && answered !== paths.length ? `${answered} of ${paths.length} were answered` : stderr;
    },
    objectionsTo: async (object) => (await attempt([...DRY_RUN, '--filename=-'], listOf([object]))).stderr,
  };
}

function listOf(objects: readonly KubeObject[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
}
