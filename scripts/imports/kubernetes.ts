/** The OpenAPI document of Kubernetes → closed JSON Schemas of its own kinds. */
import { at, isMapping, listAt, mappingAt, textAt, textsAt, type Mapping } from '../../lib/model/kube-object';
import { CannotRun } from '../../lib/model/cannot-run';
import { STATUS } from './closed-schema';
import { mapFields } from './crd';
import { pinOf, type Source } from './sources';

/** Schemas that may refer to one another as `#/$defs/<name>`. */
export type Definitions = Readonly<Record<string, Mapping>>;

export interface BuiltInKinds {
  /** All that the kinds refer to, and they themselves. */
  readonly definitions: Definitions;
  /** `apps/v1/Deployment` → name of its definition. */
  readonly kinds: Readonly<Record<string, string>>;
}

/** Types that the document calls text although more is accepted (`UnmarshalJSON` of the types in k8s.io/apimachinery). */
const WIDER: Definitions = {
  'api.resource.Quantity': {
    title: "a quantity such as '500m' or '20Gi'",
    type: ['number', 'string'],
    // As the CRDs of controller-gen say it for `resource.Quantity`.
    pattern:
      '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  },
  'util.intstr.IntOrString': { type: ['integer', 'string'] },
};

interface Stricter {
  readonly required?: readonly string[];
  readonly fields?: Readonly<Record<string, Mapping>>;
}

const ACCESS_MODES: Mapping = {
  minItems: 1,
  items: { type: 'string', enum: ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'] },
};
const WITH_STORAGE: Mapping = {
  properties: { storage: { $ref: '#/$defs/api.resource.Quantity' } },
  required: ['storage'],
};
const VOLUME_MODE: Mapping = { enum: ['Block', 'Filesystem'] };
const SPEC: Stricter = { required: ['spec'] };

/**
 * What the API server demands of claims and workloads although the document says nothing of it (v1.36.3,
 * pkg/apis/core/validation, pkg/apis/apps/validation and pkg/apis/batch/validation).
 */
const STRICTER: Readonly<Record<string, Stricter>> = {
  'core.v1.PersistentVolumeClaim': SPEC,
  'core.v1.PersistentVolumeClaimSpec': {
    required: ['accessModes', 'resources'],
    fields: { accessModes: ACCESS_MODES, volumeMode: VOLUME_MODE },
  },
  // Only claims have them.
  'core.v1.VolumeResourceRequirements': { required: ['requests'], fields: { requests: WITH_STORAGE } },
  'core.v1.PersistentVolume': SPEC,
  'core.v1.PersistentVolumeSpec': {
    required: ['accessModes', 'capacity'],
    fields: {
      accessModes: ACCESS_MODES,
      capacity: WITH_STORAGE,
      persistentVolumeReclaimPolicy: { enum: ['Delete', 'Recycle', 'Retain'] },
      volumeMode: VOLUME_MODE,
    },
  },
  'core.v1.Pod': SPEC,
  'core.v1.PodTemplateSpec': SPEC,
  'core.v1.PodSpec': {
    fields: { containers: { minItems: 1 }, restartPolicy: { enum: ['Always', 'Never', 'OnFailure'] } },
  },
  'core.v1.Container': {
    required: ['image'],
    fields: { imagePullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] } },
  },
  'core.v1.ReplicationController': SPEC,
  'core.v1.ReplicationControllerSpec': { required: ['template'] },
  'apps.v1.DaemonSet': SPEC,
  'apps.v1.Deployment': SPEC,
  'apps.v1.ReplicaSet': SPEC,
  'apps.v1.ReplicaSetSpec': { required: ['template'] },
  'apps.v1.StatefulSet': SPEC,
  'batch.v1.CronJob': SPEC,
  'batch.v1.CronJobSpec': { fields: { concurrencyPolicy: { enum: ['Allow', 'Forbid', 'Replace'] } } },
  'batch.v1.Job': SPEC,
  'batch.v1.JobTemplateSpec': SPEC,
  'storage.v1.StorageClass': { fields: { reclaimPolicy: { enum: ['Delete', 'Retain'] } } },
};

/** Every kind that is stored: what can be made and listed. */
export function builtInKinds(source: Source, text: string): BuiltInKinds {
  const document: unknown = JSON.parse(text);
  const upstream = Object.entries(mappingAt(document, 'definitions'));
  const definitionOf = new Map(
    upstream.flatMap(([name, schema]) =>
      listAt(schema, 'x-kubernetes-group-version-kind').map((each) => [kindKey(each), shortName(name)] as const),
    ),
  );
  const kinds = Object.values(mappingAt(document, 'paths')).flatMap((path) => {
    const key = kindKey(at(path, 'post', 'x-kubernetes-group-version-kind'));
    const name = definitionOf.get(key);
    const isStored = textAt(path, 'get', 'x-kubernetes-action') === 'list';
    return isStored && name !== undefined ? [[key, name] as const] : [];
  });
  if (kinds.length === 0)
    throw new CannotRun(`${pinOf(source)} lists no kinds: its OpenAPI document is not as it was.`);
  const all = upstream.map(([name, schema]): [string, Mapping] => {
    const short = shortName(name);
    return [short, stricter(closed(mappingAt(schema)), STRICTER[short])];
  });
  return {
    definitions: withReferences(
      { ...Object.fromEntries(all), ...WIDER },
      kinds.map(([, name]) => name),
    ),
    kinds: Object.fromEntries(kinds),
  };
}

function stricter(schema: Mapping, { required = [], fields = {} }: Stricter = {}): Mapping {
  if (required.length === 0 && Object.keys(fields).length === 0) return schema;
  const properties = { ...mappingAt(schema, 'properties') };
  for (const [name, more] of Object.entries(fields)) properties[name] = { ...mappingAt(properties[name]), ...more };
  const all = [...textsAt(schema, 'required'), ...required];
  return { ...schema, properties, ...(all.length === 0 ? {} : { required: [...new Set(all)] }) };
}

/** The named definitions and all that they refer to. */
export function withReferences(all: Definitions, names: readonly string[]): Definitions {
  const reached = new Map<string, Mapping>();
  const wanted = [...names];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const definition = all[name];
    if (definition === undefined || reached.has(name)) continue;
    reached.set(name, definition);
    wanted.push(...referencesIn(definition));
  }
  return Object.fromEntries(reached);
}

/** `core.v1.Pod` of `io.k8s.api.core.v1.Pod`. */
function shortName(name: string): string {
  return name.split('.').slice(-3).join('.');
}

/** `apps/v1/Deployment`. */
function kindKey(groupVersionKind: unknown): string {
  const group = textAt(groupVersionKind, 'group') ?? '';
  const version = textAt(groupVersionKind, 'version') ?? '';
  return `${group === '' ? version : `${group}/${version}`}/${textAt(groupVersionKind, 'kind') ?? ''}`;
}

function closed(schema: Mapping): Mapping {
  const reference = textAt(schema, '$ref');
  if (reference !== undefined) return { $ref: `#/$defs/${shortName(reference)}` };
  const { items, properties, additionalProperties, required, type } = schema;
  const isObject = 'x-kubernetes-group-version-kind' in schema;
  return {
    ...(type === undefined ? {} : { type }),
    ...(required === undefined ? {} : { required }),
    ...(isMapping(items) ? { items: closed(items) } : {}),
    ...(isMapping(additionalProperties) ? { additionalProperties: closed(additionalProperties) } : {}),
    ...(isMapping(properties)
      ? {
          properties: mapFields(schema, (child, name) => (isObject && name === 'status' ? STATUS : closed(child))),
          additionalProperties: false,
        }
      : {}),
  };
}

function referencesIn(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(referencesIn);
  if (!isMapping(schema)) return [];
  return Object.entries(schema).flatMap(([keyword, value]) =>
    keyword === '$ref' && typeof value === 'string' ? [value.replace('#/$defs/', '')] : referencesIn(value),
  );
}
