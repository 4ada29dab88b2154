/** The images of the applications in dist/: Gitea as it is, and for the others a pod that does nothing. */
import { chmodSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JOB_IMAGES } from '../../../lib/jobs/images';
import { importImage, layerOf, PAUSE_IMAGE, tagImage } from '../../lab/images';
import type { Layout } from '../../lab/layout';
import { tool, TOOLS } from '../../servers/support/tools';

const IDLE = [
  'docker.io/389ds/dirsrv:3.1',
  'docker.io/jellyfin/jellyfin:10.11.2',
  'docker.io/library/redis:7.4.1',
  'ghcr.io/example/wiki:4.2.0',
];

export async function importAppImages(lab: Layout): Promise<void> {
  for (const name of IDLE) await tagImage(lab, PAUSE_IMAGE, name);
  await importGitea(lab);
}

/** As its Dockerfile.rootless has it, on Debian's bash and envsubst, and with the files that are else compiled in. */
async function importGitea(lab: Layout): Promise<void> {
  const image = JOB_IMAGES.gitea;
  const source = join(TOOLS, 'gitea');
  const layer = layerOf(lab, image, {
    'bin/bash': '/bin/bash',
    'lib/x86_64-linux-gnu/libtinfo.so.6': '/lib/x86_64-linux-gnu/libtinfo.so.6',
    'usr/bin/envsubst': '/usr/bin/envsubst',
    'etc/templates': join(source, 'docker/rootless/etc/templates'),
    'usr/local/bin': join(source, 'docker/rootless/usr/local/bin'),
    'app/gitea/gitea': tool('gitea'),
    'app/static/options': join(source, 'options'),
    'app/static/public': join(source, 'public'),
    'app/static/templates': join(source, 'templates'),
  });
  // What a module holds has lost that.
  for (const name of readdirSync(join(layer, 'usr/local/bin'))) chmodSync(join(layer, 'usr/local/bin', name), 0o755);
  // By these names git calls itself for the other side of a clone and of a push, and a hook its shell.
  for (const name of ['git-receive-pack', 'git-upload-pack']) symlinkSync('git', join(layer, 'usr/bin', name));
  symlinkSync('/bin/busybox', join(layer, 'usr/bin/env'));
  writeFileSync(
    join(layer, 'etc/passwd'),
    'root:x:0:0::/root:/bin/sh\ngit:x:1000:1000::/var/lib/gitea/git:/bin/bash\n',
  );
  writeFileSync(join(layer, 'etc/group'), 'root:x:0:\ngit:x:1000:\n');
  const layers = [join(TOOLS, 'rootfs', 'gitea'), layer];
  await importImage(lab, image, layers, {
    Entrypoint: ['/usr/local/bin/docker-entrypoint.sh'],
    User: '1000:1000',
    WorkingDir: '/var/lib/gitea',
    Env: [
      'GITEA_WORK_DIR=/var/lib/gitea',
      'GITEA_CUSTOM=/var/lib/gitea/custom',
      'GITEA_TEMP=/tmp/gitea',
      'TMPDIR=/tmp/gitea',
      'GITEA_APP_INI=/etc/gitea/app.ini',
      'GITEA__server__STATIC_ROOT_PATH=/app/static',
      'HOME=/var/lib/gitea/git',
    ],
  });
}
