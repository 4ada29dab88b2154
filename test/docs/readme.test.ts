/** The README: its code compiles, and running it prints and writes what it shows. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { App, Chart } from 'cdk8s';
import { afterAll, describe, expect, it } from 'vitest';
import type { Location } from '../../lib';
import { Project } from '../support/project';
import { withRook } from '../support/buckets';
import { explain, offsite, synthesizeScenario } from '../support/scenario';
import { run, typeErrors } from '../support/snippets';

/** The blocks that have a name, which is the second word after the fence: ` ```ts main.ts `. */
const blocks = new Map(
  [...readFileSync('README.md', 'utf8').matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(
    ([, name = '', text = '']) => [name, text] as const,
  ),
);

function block(name: string): string {
  const text = blocks.get(name);
  if (text === undefined) throw new Error(`README.md has no block named ${name}`);
  return text;
}

/** What the README says that `helm template` made. */
const RENDERED = `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: postgres }
spec:
  serviceName: postgres
  selector: { matchLabels: { app: postgres } }
  template:
    metadata: { labels: { app: postgres } }
    spec:
      containers:
        - name: postgres
          image: docker.io/library/postgres:18.1
          volumeMounts: [{ name: data, mountPath: /var/lib/postgresql }]
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 10Gi } } }
`;

const project = new Project({
  'apps/paperless/rendered.yaml': RENDERED,
  ...Object.fromEntries([...blocks].filter(([name]) => name.endsWith('.ts'))),
});
afterAll(() => project.remove());

type ShopClass = new (scope: App, locations: { readonly offsite: Location }) => Chart;

/** The files of a folder, folders first, as `tree` would draw them without its lines. */
function tree(folder: string, indent = ''): string {
  const names = readdirSync(folder).toSorted();
  const isFolder = (name: string): boolean => statSync(join(folder, name)).isDirectory();
  const folders = names.filter(isFolder).map((name) => `${indent}${name}/\n${tree(join(folder, name), `${indent}  `)}`);
  return [...folders, ...names.filter((name) => !isFolder(name)).map((name) => `${indent}${name}\n`)].join('');
}

describe('README', () => {
  it('has code that compiles', () => {
    const files = [...blocks].filter(([name]) => name.endsWith('.ts')).map(([name, text]) => ({ name, text }));
    expect(files.map(({ name }) => name)).toEqual([
      'apps/paperless.ts',
      'main.ts',
      'shop.ts',
      'bucket.ts',
      'consumer.ts',
      'extending.ts',
    ]);
    expect(typeErrors(files)).toEqual([]);
  });

  it('shows the refusal as it is printed', () => {
    const answered = block('apps/paperless.ts');
    const unanswered = answered.replace(/^ {4}backUp\(.*?^ {4}\);\n/ms, '');
    expect(unanswered).not.toBe(answered);
    project.write('apps/paperless.ts', unanswered);
    const refused = project.run(['main.ts']);
    project.write('apps/paperless.ts', answered);
    expect(refused).toMatchObject({ status: 1, stdout: '', stderr: block('refusal') });
  });

  it('shows what is written', () => {
    expect(project.run(['main.ts'])).toMatchObject({ status: 0, stderr: '' });
    // Named after what is in them.
    const written = tree(join(project.folder, 'dist')).replaceAll(/(-scripts-)[0-9a-f]{8}\b/g, '$1…');
    expect(written).toBe(block('tree'));
    const schedules = [...blocks.keys()].filter((name) => name.startsWith('dist/'));
    expect(schedules).toHaveLength(1);
    for (const path of schedules) expect(project.read(path)).toBe(block(path));
  });

  it('protects a database that is accepted', () => {
    const { Shop } = run({ name: 'shop.ts', text: block('shop.ts') }) as { readonly Shop: ShopClass };
    const { findings, inventory } = synthesizeScenario(({ app }) => void new Shop(app, { offsite }));
    expect(explain(findings)).toBe('');
    expect(inventory.datasets.find(({ id }) => id.name === 'db')?.copies.map(({ by }) => by)).toEqual(['cnpg', 'jobs']);
  });

  it('patches what is accepted all the same', () => {
    const { addArchive } = run({ name: 'extending.ts', text: block('extending.ts') });
    if (typeof addArchive !== 'function') throw new Error('extending.ts exports no addArchive');
    const { findings, files } = synthesizeScenario(({ chart }) => void addArchive(chart, offsite));
    expect(explain(findings)).toBe('');
    expect(files?.get('example/paperless.PersistentVolumeClaim.archive.yaml')).toContain('    tier: archive\n');
  });

  it('grants a bucket that is accepted where Rook allows it', () => {
    const { addAttachments } = run({ name: 'bucket.ts', text: block('bucket.ts') });
    if (typeof addAttachments !== 'function') throw new Error('bucket.ts exports no addAttachments');
    const { findings, files } = synthesizeScenario(({ chart }) => void addAttachments(chart, offsite), withRook);
    expect(explain(findings)).toBe('');
    expect(files?.get('example/paperless.ObjectBucketClaim.attachments.yaml')).toContain('user/backed-up');
  });

  it('has a repository of an application that is accepted', () => {
    rmSync(join(project.folder, 'dist'), { recursive: true, force: true });
    expect(project.run(['consumer.ts'])).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(join(project.folder, 'dist'))).toContain('blog-backup');
    expect(readdirSync(join(project.folder, 'dist/flux')).toSorted()).toEqual([
      'flux-system.Kustomization.blog-blog-backup.yaml',
      'flux-system.Kustomization.blog-blog.yaml',
      'flux-system.Kustomization.blog-namespaces.yaml',
      'kustomization.yaml',
    ]);
  });
});
