/** docs/mirrors.md: its code compiles and is accepted, and its manifests name what the jobs write. */
import { readFileSync } from 'node:fs';
import type { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isKubeObject, textAt } from '../../lib/model/kube-object';
import { validateStrictly } from '../../lib/schema/objects';
import { explain, synthesizeScenario } from '../support/scenario';
import { run, typeErrors } from '../support/snippets';

const page = readFileSync('docs/mirrors.md', 'utf8');
const [, text = ''] = /^```ts wiki\.ts\n(.*?)^```$/ms.exec(page) ?? [];
const wiki = { name: 'wiki.ts', text };
const manifests = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']): unknown => parse(yaml));

function inventory() {
  const Wiki = run(wiki)['Wiki'] as new (scope: Construct) => Chart;
  const { findings, inventory: taken } = synthesizeScenario(({ app }) => void new Wiki(app));
  expect(explain(findings)).toBe('');
  return taken;
}

describe('docs/mirrors.md', () => {
  it('has code that compiles and is accepted', () => {
    expect(typeErrors([wiki])).toEqual([]);
    expect(
      inventory()
        .datasets.find(({ id }) => id.name === 'data')
        ?.copies.map(({ by }) => by),
    ).toEqual(['velero', 'mirror']);
  });

  it('shows manifests that Kubernetes takes, of the places that the inventory names', () => {
    expect(manifests.filter(isKubeObject).flatMap(validateStrictly)).toEqual([]);
    const paths = inventory().datasets.flatMap(({ copies }) =>
      copies.flatMap(({ restore }) => ('path' in restore ? [restore.path] : [])),
    );
    const shown = manifests.flatMap(
      (manifest) =>
        textAt(manifest, 'spec', 'objectStorage', 'prefix') ??
        textAt(manifest, 'spec', 'configuration', 'destinationPath')?.replace('s3://home-backups/', '') ??
        [],
    );
    expect(shown).toEqual(paths);
  });
});
