/**
 * Schemas of the OpenSearch operator's two kinds that are used, by hand: it tags its releases in a way that Go
 * cannot name as versions of a module (`opensearch-operator-3.0.2`). The fields are those of
 * opensearch-operator/config/crd/bases in that release; what only repeats Kubernetes' own types is open.
 */
import type { Mapping } from '../../lib/model/kube-object';
import { OBJECT_FIELDS, STATUS } from './closed-schema';
import type { Definitions } from './kubernetes';

const ANYTHING = {};
const BOOLEAN = { type: 'boolean' };
const INTEGER = { type: 'integer' };
const TEXT = { type: 'string' };
const QUANTITY = { type: ['integer', 'string'] };
const TEXTS = listOf(TEXT);
const TEXT_MAP = { type: 'object', additionalProperties: TEXT };
const NAMED = fields({ name: TEXT });

function listOf(items: Mapping): Mapping {
  return { type: 'array', items };
}

function fields(properties: Definitions, ...required: string[]): Mapping {
  return { type: 'object', properties, additionalProperties: false, ...(required.length > 0 ? { required } : {}) };
}

function kind(spec: Mapping): Mapping {
  return fields({ ...OBJECT_FIELDS, spec, status: STATUS });
}

const KEYSTORE = listOf(fields({ keyMappings: TEXT_MAP, secret: NAMED }));

const BOOTSTRAP = fields({
  affinity: ANYTHING,
  annotations: TEXT_MAP,
  diskSize: QUANTITY,
  env: ANYTHING,
  hostAliases: ANYTHING,
  initContainers: ANYTHING,
  jvm: TEXT,
  keystore: KEYSTORE,
  labels: TEXT_MAP,
  nodeSelector: TEXT_MAP,
  pluginsList: TEXTS,
  priorityClassName: TEXT,
  resources: ANYTHING,
  storageClass: TEXT,
  tolerations: ANYTHING,
});

const GENERAL = fields(
  {
    additionalConfig: TEXT_MAP,
    additionalVolumes: ANYTHING,
    annotations: TEXT_MAP,
    command: TEXT,
    defaultRepo: TEXT,
    drainDataNodes: BOOLEAN,
    grpc: ANYTHING,
    hostAliases: ANYTHING,
    hostNetwork: BOOLEAN,
    httpPort: INTEGER,
    image: TEXT,
    imagePullPolicy: TEXT,
    imagePullSecrets: listOf(NAMED),
    keystore: KEYSTORE,
    monitoring: fields({
      enable: BOOLEAN,
      labels: TEXT_MAP,
      monitoringUserSecret: TEXT,
      pluginUrl: TEXT,
      scrapeInterval: TEXT,
      tlsConfig: fields({ insecureSkipVerify: BOOLEAN, serverName: TEXT }),
    }),
    opensearchHome: TEXT,
    operatorClusterURL: TEXT,
    pluginsList: TEXTS,
    podSecurityContext: ANYTHING,
    securityContext: ANYTHING,
    serviceAccount: TEXT,
    serviceName: TEXT,
    setVMMaxMapCount: BOOLEAN,
    snapshotRepositories: listOf(fields({ name: TEXT, settings: TEXT_MAP, type: TEXT }, 'name', 'type')),
    vendor: TEXT,
    version: TEXT,
  },
  'serviceName',
);

const NODE_POOL = fields(
  {
    additionalConfig: TEXT_MAP,
    affinity: ANYTHING,
    annotations: TEXT_MAP,
    component: TEXT,
    diskSize: QUANTITY,
    env: ANYTHING,
    initContainers: ANYTHING,
    jvm: TEXT,
    labels: TEXT_MAP,
    nodeSelector: TEXT_MAP,
    pdb: fields({ enable: BOOLEAN, maxUnavailable: QUANTITY, minAvailable: QUANTITY }),
    persistence: fields({
      emptyDir: ANYTHING,
      hostPath: fields({ path: TEXT, type: TEXT }, 'path'),
      pvc: fields({ accessModes: TEXTS, annotations: TEXT_MAP, labels: TEXT_MAP, storageClass: TEXT }),
    }),
    priorityClassName: TEXT,
    probes: ANYTHING,
    replicas: INTEGER,
    resources: ANYTHING,
    roles: TEXTS,
    sidecarContainers: ANYTHING,
    tolerations: ANYTHING,
    topologySpreadConstraints: ANYTHING,
  },
  'component',
  'replicas',
  'roles',
);

const CRON = fields({ cron: fields({ expression: TEXT, timezone: TEXT }, 'expression', 'timezone') }, 'cron');

export const OPENSEARCH_KINDS: Definitions = {
  OpenSearchCluster: kind(
    fields(
      {
        bootstrap: BOOTSTRAP,
        confMgmt: ANYTHING,
        dashboards: ANYTHING,
        general: GENERAL,
        initHelper: ANYTHING,
        nodePools: listOf(NODE_POOL),
        security: fields({
          config: fields({
            adminCredentialsSecret: NAMED,
            adminSecret: NAMED,
            securityConfigSecret: NAMED,
            updateJob: ANYTHING,
          }),
          tls: fields({ http: ANYTHING, transport: ANYTHING }),
        }),
      },
      'nodePools',
    ),
  ),
  OpensearchSnapshotPolicy: kind(
    fields(
      {
        creation: fields({ schedule: CRON, timeLimit: TEXT }, 'schedule'),
        deletion: fields({
          deleteCondition: fields({ maxAge: TEXT, maxCount: INTEGER, minCount: INTEGER }),
          schedule: CRON,
          timeLimit: TEXT,
        }),
        description: TEXT,
        enabled: BOOLEAN,
        notification: fields(
          {
            channel: fields({ id: TEXT }, 'id'),
            conditions: fields({ creation: BOOLEAN, deletion: BOOLEAN, failure: BOOLEAN }),
          },
          'channel',
        ),
        opensearchCluster: NAMED,
        policyName: TEXT,
        snapshotConfig: fields(
          {
            dateFormat: TEXT,
            dateFormatTimezone: TEXT,
            ignoreUnavailable: BOOLEAN,
            includeGlobalState: BOOLEAN,
            indices: TEXT,
            metadata: TEXT_MAP,
            partial: BOOLEAN,
            repository: TEXT,
          },
          'repository',
        ),
      },
      'creation',
      'opensearchCluster',
      'policyName',
      'snapshotConfig',
    ),
  ),
};
