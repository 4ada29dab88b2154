/** Gitea as `dist/` has it, on the database of CloudNativePG and with its files in a bucket, and what its jobs copy. */
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { distObjects } from '../servers/support/dist';
import { connect } from './support/cluster';
import { failureOf, jobsOf } from './support/jobs';
import { preparePlatform, type Platform } from './support/platform';

const cluster = connect(inject('kubeconfig'));

const PLACE = 'forge/statefulset_gitea_data';
const ADMIN = 'alice:Passw0rd!x';

describe.skipIf(!inject('lab'))('the Gitea of dist/', () => {
  let platform: Platform;

  beforeAll(async () => {
    platform = await preparePlatform(cluster);
    await cluster.create(...distObjects('forge'), ...jobsOf('forge-backup'));
    await kubectl('wait', 'clusters.postgresql.cnpg.io/db', '--for=condition=Ready', '--timeout=150s');
    await kubectl('rollout', 'status', 'statefulset/gitea', '--timeout=120s');
    const [username = '', password = ''] = ADMIN.split(':');
    const user = [
      `--username=${username}`,
      `--password=${password}`,
      '--email=alice@example.net',
      '--must-change-password=false',
    ];
    await kubectl('exec', 'gitea-0', '--', 'gitea', 'admin', 'user', 'create', '--admin', ...user);
    const pod = await kubectl('get', 'pod', 'gitea-0', '--output=jsonpath={.status.podIP}');
    const answer = await fetch(`http://${pod}:3000/api/v1/user/repos`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(ADMIN).toString('base64')}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ name: 'docs', auto_init: true, default_branch: 'main' }),
    });
    if (answer.status !== 201) throw new Error(`Gitea makes no repository: ${await answer.text()}`);
  });

  it.each(['local', 'offsite'] as const)('is copied, and its copies kept in order: %s', async (location) => {
    for (const job of [`gitea-${location}`, `gitea-${location}-upkeep`])
      expect(await failureOf(cluster, 'forge', job)).toBe('');
    const store = platform[location];
    const [receipt] = await store.receipts(`home/receipts/${PLACE}`);
    expect(receipt?.counts).toMatchObject({ repositories: 1, branches: 1 });
    const { stdout } = await store.restic(`home/data/${PLACE}`, 'ls', receipt?.copy ?? '');
    expect(stdout).toContain('/data/files/git/repositories/alice/docs.git/HEAD\n');
    expect(stdout).toContain('/data/app.dump\n');
  });
});

async function kubectl(...words: readonly string[]): Promise<string> {
  return cluster.kubectl('-n', 'forge', ...words);
}
