/** Images without a registry: made of local files, and put into containerd under the very names that manifests use. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CannotRun } from '../../lib/model/cannot-run';
import { output } from '../servers/support/tools';
import { binary } from './binaries';
import type { Layout } from './layout';

/** What every pod has as its first process. */
export const PAUSE_IMAGE = 'localhost/lab/pause:1';
export const BUSYBOX_IMAGE = 'docker.io/library/busybox:1.36';
const COREDNS_IMAGE = 'localhost/lab/coredns:1';

/** What an image says of how its files are run, in the words of its format. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Env?: readonly string[];
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64' };

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the cluster itself needs, and a shell for tests. */
export async function importCoreImages(lab: Layout): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-images-'));
  try {
    const busybox = join(folder, 'busybox');
    await makeBusybox(busybox);
    await importImage(lab, PAUSE_IMAGE, [busybox], { Entrypoint: ['/bin/sleep', 'infinity'] });
    await importImage(lab, BUSYBOX_IMAGE, [busybox], { Cmd: ['sh'] });
    const coredns = layerOf(lab, COREDNS_IMAGE, { coredns: binary('coredns') });
    await importImage(lab, COREDNS_IMAGE, [coredns], { Entrypoint: ['/coredns'] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns a layer of files and folders: path in the image → where it is here. */
export function layerOf(lab: Layout, image: string, files: Readonly<Record<string, string>>): string {
  const folder = join(lab.state, 'layers', image);
  for (const [path, file] of Object.entries(files))
    cpSync(file, join(folder, path), { recursive: true, dereference: true });
  return folder;
}

/**
 * @param name in full, as containerd looks it up: `docker.io/library/busybox:1.36`. With a digest in the place of the tag
 * it has to be without a tag; containerd does not compare it.
 * @param layers folders, or tar files of them; files of a later one hide those of the same name.
 */
export async function importImage(
  lab: Layout,
  name: string,
  layers: readonly string[],
  config: ImageConfig,
): Promise<void> {
  if (!/^[\w.-]+(:\d+)?\/[\w./-]+(:[\w.-]+|@sha256:[0-9a-f]{64})$/.test(name) || !/^[^/]*(\.|:|localhost)/.test(name))
    throw new CannotRun(
      `${name} is not the full name of an image. Write registry, repository and tag: docker.io/library/busybox:1.36`,
    );
  const folder = mkdtempSync(join(tmpdir(), 'backed-up-image-'));
  try {
    const digests: string[] = [];
    for (const [index, files] of layers.entries()) {
      const layer = join(folder, `${index}.tar`);
      await makeLayer(files, layer);
      digests.push(`sha256:${await digestOf(layer)}`);
    }
    const image = { architecture: ARCHITECTURES[process.arch] ?? process.arch, os: 'linux' };
    const full = { ...config, Env: [PATH, ...(config.Env ?? [])] };
    const rootfs = { type: 'layers', diff_ids: digests };
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...image, config: full, rootfs }));
    const tars = layers.map((_, index) => `${index}.tar`);
    writeFileSync(
      join(folder, 'manifest.json'),
      JSON.stringify([{ Config: 'config.json', RepoTags: [name], Layers: tars }]),
    );
    const archive = join(folder, 'archive.tar');
    const parts = ['manifest.json', 'config.json', ...tars];
    await output('tar', ['--create', '--dereference', '--file', archive, '--directory', folder, ...parts]);
    await ctr(lab, ['images', 'import', archive]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Makes an image known under another name as well. */
export async function tagImage(lab: Layout, name: string, other: string): Promise<void> {
  await ctr(lab, ['images', 'tag', '--force', name, other]);
}

async function makeLayer(files: string, layer: string): Promise<void> {
  const stat = statSync(files, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new CannotRun(`There is no ${files}: name a folder, or a tar file, with the files of the image.`);
  if (stat.isDirectory()) await tarFolder(files, layer);
  else symlinkSync(resolve(files), layer);
}

export async function imageNames(lab: Layout): Promise<readonly string[]> {
  const names = (await ctr(lab, ['images', 'list', '--quiet'])).split('\n');
  return names.filter((name) => name !== '' && !name.startsWith('sha256:')).toSorted();
}

async function ctr(lab: Layout, args: readonly string[]): Promise<string> {
  return output('ctr', ['--address', lab.containerd.socket, '--namespace', 'k8s.io', ...args]);
}

/** Debian's busybox, with all of its names. */
async function makeBusybox(folder: string): Promise<void> {
  for (const each of ['bin', 'etc', 'home', 'root', 'tmp', 'usr/bin', 'var'])
    mkdirSync(join(folder, each), { recursive: true });
  chmodSync(join(folder, 'tmp'), 0o1777);
  copyFileSync('/bin/busybox', join(folder, 'bin/busybox'));
  const names = (await output('/bin/busybox', ['--list'])).trim().split('\n');
  for (const name of names) if (name !== 'busybox') symlinkSync('busybox', join(folder, 'bin', name));
  const users = ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/home:/bin/false'];
  writeFileSync(join(folder, 'etc/passwd'), `${users.join('\n')}\n`);
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
}

async function tarFolder(folder: string, file: string): Promise<void> {
  const owner = ['--numeric-owner', '--owner=0', '--group=0'];
  await output('tar', ['--create', ...owner, '--sort=name', '--mtime=@0', '--file', file, '--directory', folder, '.']);
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
