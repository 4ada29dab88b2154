/** docs/own-dumps.md: its code compiles and is accepted, for the database that it is about. */
import { readFileSync } from 'node:fs';
import { ApiObject, type Chart } from 'cdk8s';
import { expect, it } from 'vitest';
import type { Location } from '../../lib';
import { explain, offsite, synthesizeScenario } from '../support/scenario';
import { run, typeErrors } from '../support/snippets';

const [, text = ''] = /^```ts mariadb\.ts\n(.*?)^```$/ms.exec(readFileSync('docs/own-dumps.md', 'utf8')) ?? [];
const snippet = { name: 'mariadb.ts', text };

it('docs/own-dumps.md has code that compiles', () => {
  expect(typeErrors([snippet])).toEqual([]);
});

it('docs/own-dumps.md has code that is accepted', () => {
  const mariadb = run(snippet)['mariadb'] as (chart: Chart, location: Location) => void;
  const { findings, inventory } = synthesizeScenario(({ chart }) => {
    const labels = { app: 'mariadb' };
    new ApiObject(chart, 'mariadb', {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'mariadb' },
      spec: {
        serviceName: 'mariadb',
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: 'mariadb',
                image: 'docker.io/library/mariadb:11.8.3',
                volumeMounts: [{ name: 'data', mountPath: '/var/lib/mysql' }],
              },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '8Gi' } } },
          },
        ],
      },
    });
    mariadb(chart, offsite);
  });
  expect(explain(findings)).toBe('');
  expect(
    inventory.datasets.find(({ id }) => id.name === 'mariadb')?.copies.map(({ evidence }) => evidence.type),
  ).toEqual(['cronJob']);
});
