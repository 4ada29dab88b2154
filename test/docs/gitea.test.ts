/** docs/gitea.md: its code compiles and is accepted, and it tells of all that is left out and looked for. */
import { readFileSync } from 'node:fs';
import { ApiObject, Duration, Size, type Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { BackedUpPostgres, continuous, GITEA_KEYS, type Location } from '../../lib';
import { withRook } from '../support/buckets';
import { explain, offsite, synthesizeScenario } from '../support/scenario';
import { run, typeErrors } from '../support/snippets';

const page = readFileSync('docs/gitea.md', 'utf8');
const forge = snippet('forge.ts');
const attachments = snippet('attachments.ts');
const release = snippet('release.ts');

type ForgeClass = new (scope: Construct, locations: { readonly offsite: Location }) => Chart;
type GiteaWithBucket = (chart: Chart, database: BackedUpPostgres, offsite: Location) => void;

function snippet(name: string): { readonly name: string; readonly text: string } {
  const [, text = ''] = new RegExp(`^\`\`\`ts ${name}\\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? [];
  return { name, text };
}

describe('docs/gitea.md', () => {
  it('has code that compiles and is accepted', () => {
    expect(typeErrors([forge, attachments, release])).toEqual([]);
    const Forge = run(forge)['Forge'] as ForgeClass;
    const { findings, files, inventory } = synthesizeScenario(({ app }) => void new Forge(app, { offsite }));
    expect(explain(findings)).toBe('');
    expect([...(files?.keys() ?? [])]).toContain('forge-backup/forge.CronJob.gitea-offsite.yaml');
    // The volume and the database that the restore names.
    expect([...(files?.keys() ?? [])]).toContain('forge/forge.PersistentVolumeClaim.data-gitea-0.yaml');
    const [database] = inventory.datasets.find(({ id }) => id.name === 'db')?.copies ?? [];
    expect(database?.restore).toMatchObject({ cluster: 'db', database: 'app', owner: 'app' });
  });

  it('has the schedule of a bucket that is accepted', () => {
    const giteaWithBucket = run(attachments)['giteaWithBucket'] as GiteaWithBucket;
    const { findings } = synthesizeScenario(({ chart }) => {
      const backup = continuous({ to: offsite, restoreWindow: Duration.days(30) });
      const database = new BackedUpPostgres(chart, 'db', { storage: Size.gibibytes(20), backup });
      giteaWithBucket(chart, database, offsite);
    }, withRook);
    expect(explain(findings)).toBe('');
  });

  it('has a Gitea of a chart that is accepted', () => {
    const giteaOfChart = run(release)['giteaOfChart'] as (chart: Chart, offsite: Location) => void;
    const { findings, files } = synthesizeScenario(({ chart }) => {
      new ApiObject(chart, 'gitea', {
        apiVersion: 'helm.toolkit.fluxcd.io/v2',
        kind: 'HelmRelease',
        metadata: { name: 'gitea' },
        spec: { interval: '1h', chartRef: { kind: 'OCIRepository', name: 'gitea' } },
      });
      giteaOfChart(chart, offsite);
    });
    expect(explain(findings)).toBe('');
    expect([...(files?.keys() ?? [])].filter((path) => path.includes('.CronJob.')).toSorted()).toEqual([
      'example-backup/paperless.CronJob.gitea-shared-storage-offsite-upkeep.yaml',
      'example-backup/paperless.CronJob.gitea-shared-storage-offsite.yaml',
    ]);
  });

  it('names every key that the Secret has to have', () => {
    expect(GITEA_KEYS.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
  });
});
