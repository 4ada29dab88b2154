import { describe, expect, it } from 'vitest';
import { readYaml, readYamlFiles } from '../../lib/yaml/read';

describe('readYaml', () => {
  it('takes documents and lists apart and says where each object stands', () => {
    const text = `# two documents
apiVersion: v1
kind: ConfigMap
metadata: { name: one }
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Secret
    metadata: { name: two, namespace: forge }
  - apiVersion: v1
    kind: Secret
    metadata: { name: three }
`;
    const { objects, unread } = readYaml(text, 'a.yaml');
    expect(objects.map(({ object, place }) => [object.kind, object.metadata.name, place])).toEqual([
      ['ConfigMap', 'one', { file: 'a.yaml', line: 2 }],
      ['Secret', 'two', { file: 'a.yaml', line: 6 }],
      ['Secret', 'three', { file: 'a.yaml', line: 6 }],
    ]);
    expect(unread).toEqual([]);
  });

  it('keeps the good items of a list, looks into lists in it, and reports the others', () => {
    const text = `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: SecretList
    items:
      - { apiVersion: v1, kind: Secret, metadata: { name: deep } }
      - { apiVersion: v1, kind: Secret }
  - { apiVersion: batch/v1, kind: Job, metadata: { generateName: once- } }
  - { apiVersion: v1, kind: Secret, metadata: { name: beside } }
  - { apiVersion: example.com/v1, kind: PriceList, metadata: { name: named } }
---
{ apiVersion: v1, kind: List, items: [] }
`;
    const { objects, unread } = readYaml(text, 'a.yaml');
    expect(objects.map(({ object }) => object.metadata.name)).toEqual(['deep', 'beside', 'named']);
    const why = 'is not a Kubernetes object: apiVersion, kind or metadata.name is missing';
    expect(unread).toEqual(
      ['items[0].items[1]', 'items[1]'].map((path) => ({
        place: { file: 'a.yaml', line: 1 },
        why: `${path} ${why}`,
        broken: true,
      })),
    );
  });

  it('reads scalars as Kubernetes does: booleans and octals of YAML 1.1, no dates, no numbers to the base of 60', () => {
    const { objects } = readYaml(
      'apiVersion: v1\nkind: X\nmetadata: { name: x }\nspec: { flag: on, mode: 0644, day: 2027-01-01, time: 12:30:45 }\n',
      'a.yaml',
    );
    expect(objects[0]?.object['spec']).toEqual({ flag: true, mode: 420, day: '2027-01-01', time: '12:30:45' });
  });

  it('reports broken YAML with its line and reads the documents around it', () => {
    const { objects, unread } = readYaml(
      'apiVersion: v1\nkind: X\nmetadata: { name: x }\n---\na: b: c\n---\napiVersion: v1\nkind: Z\nmetadata: { name: z }\n',
      'a.yaml',
    );
    expect(objects.map(({ object }) => object.kind)).toEqual(['X', 'Z']);
    expect(unread).toMatchObject([{ place: { file: 'a.yaml', line: 5 }, broken: true }]);
    expect(unread[0]?.why).toMatch(/^broken YAML: /);
  });

  it('reports aliases that explode instead of failing', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 8; i += 1)
      lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);
    expect(readYaml(lines.join('\n'), 'a.yaml').unread).toMatchObject([{ broken: true }]);
  });

  it('tells YAML that is no object from YAML that is none at all', () => {
    expect(readYaml('replicas: 3\n', 'values.yaml').unread).toEqual([
      {
        place: { file: 'values.yaml', line: 1 },
        why: 'no Kubernetes object: apiVersion, kind or metadata.name is missing',
        broken: false,
      },
    ]);
  });

  it('passes over empty documents and the files of kustomize', () => {
    const text =
      '---\n---\n# nothing\n---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n';
    expect(readYaml(text, 'kustomization.yaml')).toEqual({ objects: [], unread: [] });
  });
});

describe('readYamlFiles', () => {
  it('counts a file that cannot be opened as unread', () => {
    const { unread } = readYamlFiles(['/nowhere/at-all.yaml'], () => 'at-all.yaml');
    expect(unread).toMatchObject([{ place: { file: 'at-all.yaml', line: 1 }, broken: true }]);
    expect(unread[0]?.why).toMatch(/^ENOENT/);
  });
});
