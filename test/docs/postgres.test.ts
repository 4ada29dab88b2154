/** docs/postgres.md: its code compiles and is accepted, and what it shows is what is written. */
import { readFileSync } from 'node:fs';
import type { Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isKubeObject } from '../../lib/model/kube-object';
import { validateStrictly } from '../../lib/schema/objects';
import type { Location } from '../../lib';
import { explain, offsite, synthesizeScenario } from '../support/scenario';
import { run, typeErrors } from '../support/snippets';

const page = readFileSync('docs/postgres.md', 'utf8');
const snippets = [...page.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(([, name = '', text = '']) => ({ name, text }));
const [cluster, ...manifests] = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']) => yaml);

/** The files that one of the snippets yields. */
function written(file: string): ReadonlyMap<string, string> {
  const snippet = snippets.find(({ name }) => name === file);
  if (snippet === undefined) throw new Error(`docs/postgres.md has no block named ${file}`);
  const wiki = run(snippet)['wiki'] as (chart: Chart, location: Location) => void;
  const { findings, files } = synthesizeScenario(({ chart }) => wiki(chart, offsite));
  expect(explain(findings)).toBe('');
  return files ?? new Map();
}

describe('docs/postgres.md', () => {
  it('has code that compiles', () => {
    expect(snippets.map(({ name }) => name)).toEqual(['wiki.ts', 'restored.ts']);
    expect(typeErrors(snippets)).toEqual([]);
  });

  it('lists what is written', () => {
    const ofDatabase = [...written('wiki.ts').keys()].filter((path) => /\.(db|db-dump-offsite)\.yaml$/.test(path));
    expect(ofDatabase.toSorted()).toEqual([
      'backup-metrics/paperless.PodMonitor.db.yaml',
      'example-backup/paperless.CronJob.db-dump-offsite.yaml',
      'example-backup/paperless.NetworkPolicy.db-dump-offsite.yaml',
      'example-backup/paperless.ScheduledBackup.db.yaml',
      'example/paperless.Cluster.db.yaml',
      'example/paperless.ObjectStore.db.yaml',
    ]);
  });

  it('shows the restored Cluster as it is written', () => {
    const file = written('restored.ts').get('example/paperless.Cluster.db.yaml') ?? '';
    expect(parse(cluster ?? '')).toEqual(parse(file));
  });

  it('shows manifests that Kubernetes takes', () => {
    const objects = manifests.map((yaml): unknown => parse(yaml)).filter(isKubeObject);
    expect(objects.map(({ kind }) => kind)).toEqual(['Backup']);
    expect(objects.flatMap(validateStrictly)).toEqual([]);
  });
});
