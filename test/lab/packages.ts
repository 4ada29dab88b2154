/** The Debian packages that the lab runs on. */
import { existsSync, writeFileSync } from 'node:fs';
import { CannotRun } from '../../lib/model/cannot-run';
import { run } from '../servers/support/tools';
import type { Say } from './stopwatch';

const PACKAGES = [
  'busybox-static',
  'conntrack',
  'containerd',
  'containernetworking-plugins',
  'gettext-base',
  'git',
  'iproute2',
  'iptables',
  'nftables',
  'openssl',
  'python3',
  'runc',
  'tzdata',
];

/** What Debian asks before it starts a service. */
const POLICY = '/usr/sbin/policy-rc.d';

export function requireRoot(): void {
  if (process.getuid?.() !== 0)
    throw new CannotRun('The lab mounts, and makes network namespaces: run it as root, with sudo -E npm run lab -- up');
}

/** Installs the packages that are missing. `say` gets the line that does it. */
export async function installPackages(say: Say): Promise<void> {
  const missing = await missingPackages();
  if (missing.length === 0) return;
  // Nothing may start a containerd of its own beside that of the lab.
  if (!existsSync(POLICY)) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  say(`apt-get ${install.join(' ')}`);
  await run('apt-get', ['update', '-qq'], { env });
  const { code, stderr } = await run('apt-get', install, { env });
  if (code !== 0)
    throw new CannotRun(
      `apt-get could not install what the lab runs on: ${stderr.trim()}\n` +
        `Install it by hand: apt-get ${install.join(' ')}`,
    );
}

async function missingPackages(): Promise<readonly string[]> {
  const query = ['--show', '--showformat=${Package} ${db:Status-Status}\n', ...PACKAGES];
  const { stdout } = await run('dpkg-query', query).catch(() => {
    throw new CannotRun(
      `The lab takes containerd and others from Debian 12, and there is no dpkg-query here. On another system, run the ` +
        `tests of the cluster against one of your own: KUBECONFIG=… npm run test:cluster`,
    );
  });
  const installed = new Set(
    stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  return PACKAGES.filter((name) => !installed.has(name));
}
