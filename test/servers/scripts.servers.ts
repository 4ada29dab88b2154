import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run, TOOLS } from './support/tools';

const JOBS = 'lib/jobs/scripts';
const TESTS = ['test/servers/install.sh', 'test/servers/support/ceph.sh'];

/**
 * All of shellcheck but what asks for braces, for variables that the job sets to be set here, and for no `||` behind a
 * function: in these scripts a function that fails ends the script by itself.
 */
const RULES = ['-o', 'all', '-e', 'SC2250,SC2310,SC2311,SC2312,SC2154'];

const scripts = readdirSync(JOBS).filter((name) => name.endsWith('.sh'));

describe('every script', () => {
  it('is one of several', () => {
    expect(scripts.length).toBeGreaterThan(5);
  });

  it.each(scripts)('%s passes shellcheck', async (name) => {
    const { stdout } = await run('shellcheck', [...RULES, '-x', '-P', 'SCRIPTDIR', `${JOBS}/${name}`]);
    expect(stdout).toBe('');
  });

  it.each(TESTS)('%s passes shellcheck', async (path) => {
    const { stdout } = await run('shellcheck', [path]);
    expect(stdout).toBe('');
  });

  it.each(scripts)('%s is read by every shell that an image may have', async (name) => {
    const shells: readonly (readonly [string, readonly string[]])[] = [
      ['dash', []],
      [`${TOOLS}/rootfs/restic/bin/busybox`, ['sh']],
    ];
    for (const [shell, args] of shells)
      expect(await run(shell, [...args, '-n', `${JOBS}/${name}`])).toMatchObject({ code: 0, stderr: '' });
  });

  it('would be found out if it were wrong', async () => {
    const { stdout } = await run('shellcheck', [...RULES, '-'], {
      input: '#!/bin/sh\nrm -rf $1/data\nset -o pipefail\n',
    });
    expect(stdout).toContain('SC2086');
    expect(stdout).toContain('SC3040');
  });
});
