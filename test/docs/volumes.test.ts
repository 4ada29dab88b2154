/** docs/volumes.md: its code is accepted, and its Restore selects exactly what the policies of the plan copy. */
import { readFileSync } from 'node:fs';
import type { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Location } from '../../lib';
import { at, isKubeObject, listAt, textAt } from '../../lib/model/kube-object';
import { validateStrictly } from '../../lib/schema/objects';
import { explain, offsite, synthesizeScenario } from '../support/scenario';
import { run, typeErrors } from '../support/snippets';

const page = readFileSync('docs/volumes.md', 'utf8');
const papers = { name: 'papers.ts', text: block('ts papers.ts') };
const restore: unknown = parse(block('yaml'));

function block(fence: string): string {
  return new RegExp(`^\`\`\`${fence}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1] ?? '';
}

function synthesized() {
  const Papers = run(papers)['Papers'] as new (scope: Construct, locations: { readonly offsite: Location }) => Chart;
  const result = synthesizeScenario(({ app }) => void new Papers(app, { offsite }));
  expect(explain(result.findings)).toBe('');
  return result;
}

describe('docs/volumes.md', () => {
  it('has code that compiles and is accepted', () => {
    expect(typeErrors([papers])).toEqual([]);
    synthesized();
  });

  it('lists the copies that the inventory has', () => {
    const lines = synthesized().inventory.datasets.flatMap(({ id, copies }) =>
      copies.flatMap(({ location, restore: way, evidence }) =>
        way.type === 'velero' && evidence.type === 'velero'
          ? [
              [id.kind, id.name, location, `plan ${way.plan}`, `defaultPlan ${way.defaultPlan}`]
                .concat(evidence.schedules.map(({ name, method }) => `${name} (${method})`))
                .join('  '),
            ]
          : [],
      ),
    );
    expect(`${lines.join('\n')}\n`).toBe(block('text copies'));
  });

  it('has a Restore that Kubernetes takes, which selects what the policy copies', () => {
    expect([restore].filter(isKubeObject).flatMap(validateStrictly)).toEqual([]);
    const file = synthesized().files?.get('papers-backup/velero.ConfigMap.papers-nightly.yaml') ?? '';
    const rules = listAt(parse(textAt(parse(file), 'data', 'policy.yaml') ?? ''), 'volumePolicies').filter(
      (rule) => textAt(rule, 'action', 'type') !== 'skip',
    );
    const unmarked = ['backed-up/plan', 'backed-up/method'].map((key) => ({ key, operator: 'DoesNotExist' }));
    expect(at(restore, 'spec', 'orLabelSelectors')).toEqual(
      rules.map((rule) => {
        const matchLabels = at(rule, 'conditions', 'pvcLabels');
        return matchLabels === undefined ? { matchExpressions: unmarked } : { matchLabels };
      }),
    );
  });

  it('restores from a Backup of a Schedule of the plan', () => {
    const schedules = [...(synthesized().files?.keys() ?? [])].flatMap(
      (path) => /velero\.Schedule\.(.*)\.yaml/.exec(path)?.[1] ?? [],
    );
    const backup = textAt(restore, 'spec', 'backupName') ?? '';
    expect(schedules.filter((name) => backup.replace(/-\d{14}$/, '') === name)).toEqual(['papers-nightly-offsite']);
  });
});
