/** docs/jobs.md: its code compiles and is accepted, and the jobs that it speaks of are written. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ApiObject, type Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import type { Location, Platform } from '../../lib';
import { JOB_IMAGES } from '../../lib/jobs/images';
import { explain, offsite, synthesizeScenario } from '../support/scenario';
import { run, typeErrors } from '../support/snippets';

const page = readFileSync('docs/jobs.md', 'utf8');
const snippets = [...page.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(([, name = '', text = '']) => ({ name, text }));

function exported(file: string, what: string): unknown {
  const snippet = snippets.find(({ name }) => name === file);
  return snippet === undefined ? undefined : run(snippet)[what];
}

describe('docs/jobs.md', () => {
  it('has code that compiles', () => {
    expect(snippets.map(({ name }) => name)).toEqual(['databases.ts', 'platform.ts', 'policy.ts']);
    expect(typeErrors(snippets)).toEqual([]);
  });

  it('has code that is accepted, and whose jobs are written', () => {
    const databases = exported('databases.ts', 'databases') as (chart: Chart, location: Location) => void;
    const platform = exported('platform.ts', 'platform') as Platform;
    const policy = exported('policy.ts', 'policy') as (chart: Chart) => void;
    const { findings, files, inventory } = synthesizeScenario(
      ({ chart }) => {
        new ApiObject(chart, 'tickets-db', {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'tickets-db' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } } },
        });
        databases(chart, offsite);
        policy(chart);
      },
      { platform },
    );
    expect(explain(findings)).toBe('');
    const written = [...(files ?? [])].filter(([path]) => path.includes('.CronJob.'));
    expect(written.map(([path]) => path).toSorted()).toEqual([
      'example-backup/paperless.CronJob.db-dump-offsite-upkeep.yaml',
      'example-backup/paperless.CronJob.db-dump-offsite.yaml',
      'example-backup/paperless.CronJob.tickets-db-dump-offsite-upkeep.yaml',
      'example-backup/paperless.CronJob.tickets-db-dump-offsite.yaml',
    ]);
    // What the way back begins with.
    const [copy] = inventory.datasets.find(({ id }) => id.name === 'tickets-db')?.copies ?? [];
    if (copy?.restore.type !== 'restic' || copy.evidence.type !== 'receipt') throw new Error('no job copies it');
    expect(page).toContain(`export RESTIC_REPOSITORY=${copy.restore.repository}\n`);
    expect(page).toContain(`receipts=store:${offsite.bucket}/${copy.evidence.receipts}\n`);
    for (const [, text] of written) expect(text).toContain('image: registry.example.net/restic/restic:0.18.1');
  });

  it('has commands that bash reads', () => {
    const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);
    expect(blocks.length).toBeGreaterThan(10);
    for (const input of blocks)
      expect(spawnSync('bash', ['-n'], { input, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  it('lists the images', () => {
    for (const image of Object.values(JOB_IMAGES)) expect(page).toContain(`\`${image}\``);
  });
});
