/** Files that charts include reach the output with the values that Kubernetes would read in them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Chart, Include } from 'cdk8s';
import { afterAll, describe, expect, it } from 'vitest';
import { explain, synthesizeScenario, type Scenario } from '../support/scenario';

const folder = mkdtempSync(join(tmpdir(), 'backed-up-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'rendered.yaml');
  writeFileSync(path, text);
  return path;
}

function including(url: string): (scenario: Scenario) => void {
  return ({ chart }) => void new Include(chart, 'rendered', { url });
}

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: window }\n';

describe('an included file', () => {
  it.each(['a path', 'a URL'])('named by %s keeps times and dates', (how) => {
    const path = file(
      `--- {}\n---\n${CONFIG_MAP}data: { start: 22:00, day: 2027-01-01, last: "1", last: "2" }\n--- []\n---\n`,
    );
    const { findings, files } = synthesizeScenario(including(how === 'a path' ? path : pathToFileURL(path).href));
    expect(explain(findings)).toBe('');
    // As `sigs.k8s.io/yaml` v1.6.0 reads it.
    expect(files?.get('example/paperless.ConfigMap.window.yaml')).toContain(
      `data:\n  day: "2027-01-01"\n  last: "2"\n  start: "22:00"\n`,
    );
  });

  it('[unreadable-file] that is broken is not taken for what comes before the mistake', () => {
    const path = file(`${CONFIG_MAP}---\n${CONFIG_MAP}data:\n  list: [1\n  key: value\n`);
    const { findings, files } = synthesizeScenario(including(path));
    expect(explain(findings)).toContain(`written in       ${path}:10\n      because          broken YAML: `);
    expect(files).toBeUndefined();
  });

  it('[unreadable-file] that is not there is a finding which names the construct, and no stack', () => {
    const path = join(folder, 'gone.yaml');
    const { findings } = synthesizeScenario(({ app, chart }) => {
      new Chart(app, 'later', { namespace: 'later' });
      new Include(chart, 'empty', { url: file('') });
      new Include(chart, 'broken', { url: file('list: [1') });
      new Include(chart, 'rendered', { url: path });
    });
    expect(explain(findings)).toBe(`2 places in files that cannot be read: [unreadable-file]

  ✖ ${path}
      made by          example/rendered
      because          example/rendered includes it: ENOENT: no such file or directory, open '${path}'
      what to do       correct the url of example/rendered; a path begins in the folder that synth runs in, or in that of the code with join(__dirname, …)
  ✖ ${join(folder, 'rendered.yaml')}
      written in       ${join(folder, 'rendered.yaml')}:1
      because          broken YAML: Flow sequence in block collection must be sufficiently indented and end with a ]
      what to do       correct the file, which example/broken includes`);
  });
});
