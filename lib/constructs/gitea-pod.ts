/** The pod of a Gitea, and how it is configured: by environment variables alone. */
import { k8s } from 'cdk8s-plus-28';
import { jobStopping } from '../jobs/quiesce';
import type { CephBucketWithBackupGrant } from './ceph-bucket';
import type { BackedUpGiteaProps } from './gitea';
import type { BackedUpPostgres } from './postgres';

/**
 * What opens what Gitea has encrypted, and vouches for its tokens: `gitea generate secret SECRET_KEY` makes one. Without
 * SECRET_KEY a restored Gitea starts, locks out everyone with a second factor, and can read no secret.
 */
export const GITEA_KEYS = [
  'GITEA__security__SECRET_KEY',
  'GITEA__security__INTERNAL_TOKEN',
  'GITEA__oauth2__JWT_SECRET',
  'GITEA__server__LFS_JWT_SECRET',
] as const;

/** Gitea's user in all of its images. */
export const USER = 1000;
/** Name of the volume, and of the claim template. */
export const VOLUME = 'data';
/** Of the Service and of the pod. */
export const PORTS = { http: { service: 80, pod: 3000 }, ssh: { service: 22, pod: 2222 } } as const;

/** The pods of the rootless image, which meet the `restricted` Pod Security level. */
export function podSpec(props: BackedUpGiteaProps & { readonly name: string }, image: string): k8s.PodSpec {
  const { settings, config = {}, resources, pod, quiesce } = props;
  const probe = { httpGet: { path: '/api/healthz', port: k8s.IntOrString.fromString('http') } };
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 60,
    ...(quiesce === undefined ? {} : { affinity: nearTheJob(props.name) }),
    ...pod,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      // What has the right group already is not walked through again.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'gitea',
        image,
        envFrom: [{ secretRef: { name: settings.secret } }],
        env: [...ownVariables(props), ...configured(config)],
        ports: Object.entries(PORTS).map(([name, { pod: containerPort }]) => ({ name, containerPort })),
        startupProbe: { ...probe, periodSeconds: 10, failureThreshold: 60 },
        readinessProbe: probe,
        livenessProbe: { ...probe, periodSeconds: 30, failureThreshold: 5 },
        ...(resources === undefined ? {} : { resources }),
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [
          { name: VOLUME, mountPath: '/var/lib/gitea' },
          { name: 'config', mountPath: '/etc/gitea' },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ],
    volumes: [
      { name: 'config', emptyDir: {} },
      { name: 'tmp', emptyDir: {} },
    ],
  };
}

/** On the node of a job that has stopped it, as long as that job has its volume. */
function nearTheJob(name: string): k8s.Affinity {
  const podAffinityTerm = {
    topologyKey: 'kubernetes.io/hostname',
    labelSelector: { matchLabels: jobStopping({ name }) },
  };
  return { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }] } };
}

/** What follows from the other properties. The API server refuses a variable that is there twice. */
export function ownVariables({ database, settings, bucket }: BackedUpGiteaProps): readonly k8s.EnvVar[] {
  return [
    ...GITEA_KEYS.map((key) => fromSecret(key, settings.secret, key)),
    ...Object.entries(databaseSettings(database)).map(([key, value]) => plain(key, value)),
    fromSecret('GITEA__database__NAME', database.secretName, 'dbname'),
    fromSecret('GITEA__database__USER', database.secretName, 'username'),
    fromSecret('GITEA__database__PASSWD', database.secretName, 'password'),
    ...(bucket === undefined ? [] : bucketSettings(bucket)),
  ];
}

function databaseSettings({ host }: BackedUpPostgres): Readonly<Record<string, string>> {
  return {
    GITEA__security__INSTALL_LOCK: 'true',
    GITEA__database__DB_TYPE: 'postgres',
    GITEA__database__HOST: `${host}:5432`,
    GITEA__database__SSL_MODE: 'require',
  };
}

/** Rook says where a bucket is in a ConfigMap, and how to open it in a Secret, both of the name of the claim. */
function bucketSettings({ name }: CephBucketWithBackupGrant): readonly k8s.EnvVar[] {
  const told = ['BUCKET_HOST', 'BUCKET_PORT'].map((key) => fromConfigMap(key, name, key));
  return [
    ...told,
    plain('GITEA__storage__STORAGE_TYPE', 'minio'),
    plain('GITEA__storage__MINIO_ENDPOINT', '$(BUCKET_HOST):$(BUCKET_PORT)'),
    plain('GITEA__storage__MINIO_BUCKET_LOOKUP_TYPE', 'path'),
    fromConfigMap('GITEA__storage__MINIO_BUCKET', name, 'BUCKET_NAME'),
    fromSecret('GITEA__storage__MINIO_ACCESS_KEY_ID', name, 'AWS_ACCESS_KEY_ID'),
    fromSecret('GITEA__storage__MINIO_SECRET_ACCESS_KEY', name, 'AWS_SECRET_ACCESS_KEY'),
  ];
}

/** What `config` says, and what follows from it and from the ports as long as it does not say that, too. */
function configured(config: Readonly<Record<string, string>>): readonly k8s.EnvVar[] {
  const said = Object.entries(config).map(([setting, value]) => plain(variable(setting), value));
  // Gitea reads the names of sections in any case.
  const names = new Set(said.map(({ name }) => name.toLowerCase()));
  const root = said.find(({ name }) => name.toLowerCase() === ROOT_URL.toLowerCase())?.value ?? '';
  const derived = Object.entries(addresses(root)).map(([name, value]) => plain(name, value));
  return [...derived.filter(({ name }) => !names.has(name.toLowerCase())), ...said];
}

const ROOT_URL = 'GITEA__server__ROOT_URL';

/**
 * The rootless image offers `localhost` and port 2222 for SSH, and takes no LFS objects, unless it is told otherwise
 * (Gitea 1.26, docker/rootless: usr/local/bin/docker-setup.sh and etc/templates/app.ini).
 */
function addresses(root: string): Readonly<Record<string, string>> {
  const host = URL.canParse(root) ? new URL(root).hostname : '';
  return {
    ...(host === '' ? {} : { GITEA__server__SSH_DOMAIN: host }),
    GITEA__server__SSH_PORT: String(PORTS.ssh.service),
    GITEA__server__SSH_LISTEN_PORT: String(PORTS.ssh.pod),
    GITEA__server__LFS_START_SERVER: 'true',
  };
}

/** `cron.update_checker.ENABLED` → `GITEA__cron_0X2E_update_checker__ENABLED` (Gitea 1.26, modules/setting/config_env.go). */
export function variable(setting: string): string {
  const dot = setting.lastIndexOf('.');
  const section = setting.slice(0, dot).replaceAll('.', '_0X2E_').replaceAll('-', '_0X2D_');
  return `GITEA__${section}__${setting.slice(dot + 1)}`;
}

function plain(name: string, value: string): k8s.EnvVar {
  return { name, value };
}

function fromSecret(name: string, secret: string, key: string): k8s.EnvVar {
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } };
}

function fromConfigMap(name: string, configMap: string, key: string): k8s.EnvVar {
  return { name, valueFrom: { configMapKeyRef: { name: configMap, key } } };
}
