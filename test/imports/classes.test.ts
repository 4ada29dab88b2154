import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject, JsonPatch, Testing } from 'cdk8s';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import * as barman from '../../imports/barmancloud.cnpg.io';
import * as ceph from '../../imports/ceph.rook.io';
import * as certManager from '../../imports/cert-manager.io';
import * as helm from '../../imports/helm.toolkit.fluxcd.io';
import * as kustomize from '../../imports/kustomize.toolkit.fluxcd.io';
import * as monitoring from '../../imports/monitoring.coreos.com';
import * as objectBucket from '../../imports/objectbucket.io';
import * as openSearch from '../../imports/opensearch.org';
import * as postgres from '../../imports/postgresql.cnpg.io';
import * as snapshot from '../../imports/snapshot.storage.k8s.io';
import * as source from '../../imports/source.toolkit.fluxcd.io';
import * as velero from '../../imports/velero.io';
import { sortedBy } from '../../lib/model/collections';
import { isMapping, mappingAt, type Mapping } from '../../lib/model/kube-object';
import { CLASSES_GENERATED } from '../../scripts/imports/generated';
import { CRD_SOURCES, pinOf } from '../../scripts/imports/sources';
import { fieldsOf, filled, INDEX, isNumberOrText, membersOf, schemaOf, valuesOf, type Schema } from './example';

const IMPORTS = join(__dirname, '..', '..', 'imports');
const GENERATED_MODULES: Readonly<Record<string, object>> = {
  'barmancloud.cnpg.io': barman,
  'ceph.rook.io': ceph,
  'cert-manager.io': certManager,
  'helm.toolkit.fluxcd.io': helm,
  'kustomize.toolkit.fluxcd.io': kustomize,
  'monitoring.coreos.com': monitoring,
  'objectbucket.io': objectBucket,
  'postgresql.cnpg.io': postgres,
  'snapshot.storage.k8s.io': snapshot,
  'source.toolkit.fluxcd.io': source,
  'velero.io': velero,
};

interface ApiObjectClass {
  readonly GVK: { readonly apiVersion: string; readonly kind: string };
  new (scope: Construct, id: string, props: Mapping): ApiObject;
}

function classesOf(module: object): readonly ApiObjectClass[] {
  return Object.values(module).filter(
    (exported): exported is ApiObjectClass => typeof exported === 'function' && 'GVK' in exported,
  );
}

function kindOf({ GVK }: ApiObjectClass): string {
  return `${GVK.apiVersion}/${GVK.kind}`;
}

const METADATA = {
  name: 'example',
  namespace: 'somewhere',
  labels: { 'app.kubernetes.io/name': 'example' },
  annotations: { 'backed-up/reason': 'Nothing of it may get lost.' },
  finalizers: ['example.com/stay'],
};

/** All that a person may write into an object of a kind. */
function contentOf(kind: string): Mapping {
  const {
    apiVersion: _version,
    kind: _kind,
    metadata: _metadata,
    status: _status,
    ...content
  } = mappingAt(filled(schemaOf(kind), 'content'));
  return content;
}

function rendered(make: (scope: Construct) => void): unknown {
  const chart = Testing.chart();
  make(chart);
  return Testing.synth(chart);
}

/** Content as the generated classes want it: other names of fields, and numbers-or-texts wrapped. */
function asProps(schema: Schema, value: unknown): unknown {
  if (isNumberOrText(schema.node)) return { value };
  if (Array.isArray(value)) return value.map((member) => asProps(membersOf(schema), member));
  // What the API leaves open, the classes leave as it is.
  const open = schema.node['additionalProperties'] === undefined;
  if (!isMapping(value) || open) return value;
  const fields = new Map(fieldsOf(schema));
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => {
      const field = fields.get(name);
      return field === undefined
        ? [name, asProps(valuesOf(schema), child)]
        : [propertyName(name), asProps(field, child)];
    }),
  );
}

/** `endpointUrl` of `endpointURL`, `isWalArchiver` of `isWALArchiver`, `pgHba` of `pg_hba`. */
function propertyName(field: string): string {
  const [first = '', ...rest] = field
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^a-zA-Z\d]+/)
    .map((word) => word.toLowerCase());
  return [first, ...rest.map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)].join('');
}

describe('generated classes', () => {
  const classes = Object.values(GENERATED_MODULES).flatMap(classesOf);

  it.each(classes.map((each) => [kindOf(each), each] as const))('%s renders every field', (kind, Generated) => {
    const content = contentOf(kind);
    const props = mappingAt(asProps(schemaOf(kind), content));
    const plain = rendered(
      (scope) => new ApiObject(scope, 'same', { ...content, ...Generated.GVK, metadata: METADATA }),
    );
    expect(rendered((scope) => new Generated(scope, 'same', { ...props, metadata: METADATA }))).toEqual(plain);
  });

  it('lose what no type lists, which is why tsc runs before synth and objects are validated after it', () => {
    const spec = { schedule: '0 3 * * *', template: { brandNew: true }, pasued: true };
    const [Schedule] = classesOf({ Schedule: velero.Schedule });
    const untyped = rendered((scope) => Schedule && new Schedule(scope, 'same', { spec }));
    const patched = rendered((scope) =>
      new velero.Schedule(scope, 'same', { spec: { schedule: '0 3 * * *', template: {} } }).addJsonPatch(
        JsonPatch.add('/spec/template/brandNew', true),
      ),
    );
    for (const result of [untyped, patched]) {
      expect(result).toEqual([expect.objectContaining({ spec: { schedule: '0 3 * * *', template: {} } })]);
    }
  });

  it('lose a plain value where they want a number or text wrapped', () => {
    const spec = {
      instances: 1,
      storage: { size: '1Gi' },
      resources: { requests: { cpu: '1', memory: { value: '1Gi' } } },
    };
    const [Cluster] = classesOf({ Cluster: postgres.Cluster });
    const result = rendered((scope) => Cluster && new Cluster(scope, 'same', { spec }));
    expect(result).toEqual([
      expect.objectContaining({ spec: { ...spec, resources: { requests: { memory: '1Gi' } } } }),
    ]);
  });

  it('are those of the table, from the versions of the table', () => {
    const expected = CRD_SOURCES.flatMap((each) =>
      Object.entries(each.kinds).map(([apiVersion, kinds]) => ({
        file: `${apiVersion.split('/')[0] ?? ''}.ts`,
        from: pinOf(each),
        kinds: kinds.map((kind) => `${apiVersion}/${kind}`),
      })),
    );
    const actual = Object.entries(GENERATED_MODULES).map(([group, module]) => {
      const file = `${group}.ts`;
      const [header, from] = readFileSync(join(IMPORTS, file), 'utf8').split('\n');
      expect(header).toBe(CLASSES_GENERATED);
      return {
        file,
        from: from?.replace('// From ', ''),
        kinds: sortedBy(classesOf(module).map(kindOf), (kind) => kind),
      };
    });
    expect(actual).toEqual(sortedBy(expected, ({ file }) => file));
    expect(readdirSync(IMPORTS)).toEqual([...actual.map(({ file }) => file), 'opensearch.org.ts'].toSorted());
  });
});

describe('classes of OpenSearch, by hand', () => {
  it.each(classesOf(openSearch).map((each) => [kindOf(each), each] as const))('%s drops nothing', (kind, Class) => {
    const content = { ...contentOf(kind), somethingNew: { of: ['a', 'later', 'release'] } };
    const plain = rendered((scope) => new ApiObject(scope, 'same', { ...content, ...Class.GVK, metadata: METADATA }));
    expect(rendered((scope) => new Class(scope, 'same', { ...content, metadata: METADATA }))).toEqual(plain);
  });
});

it('every custom kind with a schema has a class', () => {
  const classes = [...Object.values(GENERATED_MODULES), openSearch].flatMap(classesOf).map(kindOf);
  const custom = INDEX.filter(([, reference]) => !reference.startsWith('kubernetes.json#')).map(([kind]) => kind);
  expect(sortedBy(classes, (kind) => kind)).toEqual(custom);
});
