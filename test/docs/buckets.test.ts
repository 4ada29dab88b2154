/** docs/buckets.md: its code compiles and is accepted, and what it shows is written. */
import { readFileSync } from 'node:fs';
import * as cdk8s from 'cdk8s';
import type { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { foreignClaim, policy, withRook } from '../support/buckets';
import type { Location } from '../../lib';
import { explain, offsite, synthesizeScenario, type Scenario } from '../support/scenario';
import { run, typeErrors } from '../support/snippets';

const blocks = new Map(
  [...readFileSync('docs/buckets.md', 'utf8').matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(
    ([, name = '', text = '']) => [name, text] as const,
  ),
);

function file(name: string): { readonly name: string; readonly text: string } {
  return { name, text: blocks.get(name) ?? '' };
}

/** In the place of the registry's chart. */
class Included extends cdk8s.ApiObject {
  constructor(scope: Construct, id: string) {
    super(scope, id, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'registry' } });
    foreignClaim(this, 'images', { additionalConfig: { bucketPolicy: policy('images') } });
  }
}

function exported(name: string, what: string): unknown {
  const text = file(name).text.replace('__dirname', `'.'`);
  return run({ name, text }, { cdk8s: { ...cdk8s, Include: Included }, 'node:path': { join: () => '' } })[what];
}

describe('docs/buckets.md', () => {
  it('has code that compiles', () => {
    expect([...blocks.keys()].filter((name) => name.endsWith('.ts'))).toEqual(['bucket.ts', 'foreign.ts']);
    expect(typeErrors([file('bucket.ts'), file('foreign.ts')])).toEqual([]);
  });

  it('has code that is accepted, and shows the user that is written', () => {
    const Photos = exported('bucket.ts', 'Photos') as new (scope: Construct, location: Location) => Chart;
    const registry = exported('foreign.ts', 'registry') as (chart: Chart, location: Location) => void;
    const { findings, files } = synthesizeScenario(({ app, chart }: Scenario) => {
      new Photos(app, offsite);
      registry(chart, offsite);
    }, withRook);
    expect(explain(findings)).toBe('');
    const user = 'backup-user/backed-up.CephObjectStoreUser.backed-up.yaml';
    expect(files?.get(user)).toBe(blocks.get(user));
  });

  it('names findings that exist', () => {
    const text = readFileSync('docs/buckets.md', 'utf8');
    const findings = readFileSync('docs/findings.md', 'utf8');
    const named = [...text.matchAll(/findings\.md#([\w-]+)/g)].map(([, id = '']) => id);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((id) => !findings.includes(`## ${id}\n`))).toEqual([]);
  });
});
