/** The examples beside the public API: where one shows YAML, synth writes it. `types.test.ts` compiles them. */
import * as cdk8s from 'cdk8s';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { mappingAt, textAt } from '../../lib/model/kube-object';
import { API_EXAMPLES, apiExampleFile, type ApiExample } from '../support/api-examples';
import { explain, offsite, platform, rook, synthesizeScenario } from '../support/scenario';
import { run } from '../support/snippets';

/** The YAML in the comments of an example; undefined where there is none, or only parts of it. */
function shownBy({ code }: ApiExample): unknown {
  const yaml = /^\/\/ apiVersion: .*\n(\/\/ ( .*|\w+:.*)\n?)*/m.exec(code)?.[0];
  return yaml === undefined || yaml.includes('…') ? undefined : parse(yaml.replaceAll(/^\/\/ /gm, ''));
}

function nameOf(object: unknown): string {
  return `${textAt(object, 'kind') ?? ''} ${textAt(object, 'metadata', 'name') ?? ''}`;
}

/** What an example includes: a claim that somebody else wrote. */
class Wiki extends cdk8s.ApiObject {
  constructor(scope: Construct, id: string) {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    super(scope, id, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'wiki-data' }, spec });
  }
}

describe('the examples of the public API', () => {
  for (const example of API_EXAMPLES) {
    const shown = shownBy(example);
    if (shown === undefined) continue;
    it(`${example.name} yields what it shows`, () => {
      const { example: build } = run(apiExampleFile(example), { cdk8s: { ...cdk8s, Include: Wiki } });
      if (typeof build !== 'function') throw new Error('the file exports no function');
      const first = new cdk8s.App();
      const props: object | undefined = build.call(new cdk8s.Chart(first, 'wiki'), first, offsite, platform);
      const { findings, files } = synthesizeScenario(
        ({ app, chart }) => void build.call(chart, app, offsite, platform),
        { platform: { rook }, ...(props === undefined ? {} : { props }) },
      );
      expect(explain(findings)).toBe('');
      const written = [...(files ?? [])]
        .filter(([path]) => path.endsWith('.yaml'))
        .map(([, text]): unknown => parse(text));
      expect(written.find((object) => nameOf(object) === nameOf(shown))).toMatchObject(mappingAt(shown));
    });
  }
});
