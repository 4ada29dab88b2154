/** Files of images that are made of the packages of this machine, which has the Debian that upstream's images are made of. */
import { lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { output } from '../servers/support/tools';

/** What no container here needs: documentation, translations and Perl. */
const LEFT_OUT =
  /^\/usr\/share\/(doc|man|info|locale|i18n|lintian|bash-completion|perl5?)\/|\/libperl[^/]*$|\/perl(5|-base)?\//;

/** Of an API with hundreds of services: those that Barman does not ask. */
const OTHER_SERVICES = /\/botocore\/data\/(?!s3\/|sts\/)[^/]+\//;

const MERGED = ['bin', 'lib', 'lib64', 'sbin'];

/**
 * Writes a tar file with all files of the packages and of what they depend on, as far as these are installed.
 *
 * @param folder for what is made on the way; nobody has anything in it.
 */
export async function debianLayer(packages: readonly string[], folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  // Debian has only these in the place of folders that packages still list files in.
  for (const name of MERGED) symlinkSync(`usr/${name}`, join(folder, name));
  const layer = join(folder, 'layer.tar');
  const links = [`--directory=${folder}`, ...MERGED];
  const files = ['--directory=/', '--no-recursion', '--files-from=-'];
  const input = (await filesOf(await withDependencies(packages))).map((path) => path.slice(1)).join('\n');
  await output('tar', ['--create', '--numeric-owner', `--file=${layer}`, ...links, ...files], { input });
  return layer;
}

async function filesOf(packages: readonly string[]): Promise<readonly string[]> {
  const listed = (await output('dpkg-query', ['--listfiles', ...packages])).split('\n');
  const wanted = listed.filter((path) => path.startsWith('/') && !LEFT_OUT.test(path) && !OTHER_SERVICES.test(path));
  const merged = wanted.map((path) => path.replace(/^\/(bin|lib|lib64|sbin)(?=\/|$)/, '/usr/$1'));
  const compiled = merged.filter((path) => path.endsWith('.py')).map(compiledPython);
  return [...new Set([...merged, ...compiled])].filter(
    (path) => path !== '/.' && lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  );
}

/** Without it, each start of a program would compile all that it imports. */
function compiledPython(path: string): string {
  const folder = join(dirname(path), '__pycache__');
  return join(folder, basename(path, '.py').concat('.cpython-311.pyc'));
}

async function withDependencies(packages: readonly string[]): Promise<readonly string[]> {
  const lines = await output('dpkg-query', [
    '--show',
    '--showformat=${Package}\t${db:Status-Status}\t${Pre-Depends},${Depends}\t${Provides}\n',
  ]);
  const depends = new Map<string, readonly string[]>();
  const providers = new Map<string, string>();
  for (const [name = '', status, wanted = '', provided = ''] of lines.split('\n').map((line) => line.split('\t'))) {
    if (status !== 'installed') continue;
    // Of alternatives, those that are installed.
    depends.set(name, namesIn(wanted));
    for (const each of namesIn(provided)) providers.set(each, name);
  }
  const found = new Set<string>();
  const visit = (name: string): void => {
    const known = depends.has(name) ? name : providers.get(name);
    if (known === undefined || found.has(known)) return;
    found.add(known);
    depends.get(known)?.forEach(visit);
  };
  packages.forEach(visit);
  return [...found];
}

/** The names in `libc6 (>= 2.34), python3:any | python3-minimal`. */
function namesIn(relation: string): readonly string[] {
  return relation
    .split(/[,|]/)
    .map((each) => each.trim().replace(/[ :(].*/, ''))
    .filter((each) => each !== '');
}
