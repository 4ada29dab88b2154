/** docs/gitea.md: its code compiles and is accepted, and it tells of all that is left out and looked for. */
import { readFileSync } from 'node:fs';
import type { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { GITEA_KEYS, type Location } from '../../lib';
import { explain, offsite, synthesizeScenario } from '../support/scenario';
import { run, typeErrors } from '../support/snippets';

const page = readFileSync('docs/gitea.md', 'utf8');
const [, text = ''] = /^```ts forge\.ts\n(.*?)^```$/ms.exec(page) ?? [];
const forge = { name: 'forge.ts', text };

type ForgeClass = new (scope: Construct, locations: { readonly offsite: Location }) => Chart;

describe('docs/gitea.md', () => {
  it('has code that compiles and is accepted', () => {
    expect(typeErrors([forge])).toEqual([]);
    const Forge = run(forge)['Forge'] as ForgeClass;
    const { findings, files } = synthesizeScenario(({ app }) => void new Forge(app, { offsite }));
    expect(explain(findings)).toBe('');
    expect([...(files?.keys() ?? [])]).toContain('forge-backup/forge.CronJob.gitea-offsite.yaml');
  });

  it('names every key that the Secret has to have', () => {
    expect(GITEA_KEYS.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
  });
});
