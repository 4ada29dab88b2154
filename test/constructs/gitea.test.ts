/** What the constructs of Gitea come to. */
import { ApiObject, Duration, Size, type Chart } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  BackedUpGitea,
  BackedUpPostgres,
  CephBucketWithBackupGrant,
  continuous,
  elsewhere,
  exclude,
  GiteaBackup,
  holds,
  nightly,
  type BackedUpGiteaProps,
  type GiteaBackupProps,
} from '../../lib';
import { podSecurityViolations } from '../../lib/coverage/pod-security';
import { at, isKubeObject, listAt, mappingAt, textAt, type KubeObject } from '../../lib/model/kube-object';
import { podTemplateOf } from '../../lib/model/workloads';
import type { Synthesized } from '../../lib/synth/synthesize';
import { explain, offsite, rook, synthesizeScenario, type Scenario } from '../support/scenario';

const storage = Size.gibibytes(50);
const backup = nightly({ to: offsite, keep: { daily: 14 } });
const settings = { secret: 'gitea-settings', keptIn: 'sealed envelope, bank' };

function accepted(build: (scenario: Scenario) => void): Synthesized {
  const result = synthesizeScenario(build, { platform: { rook } });
  expect(explain(result.findings)).toBe('');
  return result;
}

function giteaOn(chart: Chart, props: Partial<BackedUpGiteaProps>, spec: Record<string, unknown> = {}): void {
  const database = new BackedUpPostgres(chart, 'db', {
    storage,
    backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
    spec,
  });
  new BackedUpGitea(chart, 'gitea', { database, storage, storageClass: 'ceph-block', settings, backup, ...props });
}

function withGitea(props: Partial<BackedUpGiteaProps> = {}, spec: Record<string, unknown> = {}): Synthesized {
  return accepted(({ chart }) => giteaOn(chart, props, spec));
}

function object({ files }: Synthesized, path: string): KubeObject {
  const parsed: unknown = parse(files?.get(path) ?? '');
  if (!isKubeObject(parsed)) throw new Error(`there is no ${path}`);
  return parsed;
}

function containersOf(result: Synthesized, path: string): readonly unknown[] {
  const spec = at(podTemplateOf(object(result, path)), 'spec');
  return [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')];
}

/** Variables that have a value of their own. */
function textMapOf(env: readonly unknown[]): Readonly<Record<string, string>> {
  return Object.fromEntries(env.map((each) => [textAt(each, 'name') ?? '', textAt(each, 'value') ?? '']));
}

function scratchSize(result: Synthesized, path: string): string | undefined {
  const spec = at(podTemplateOf(object(result, path)), 'spec');
  const scratch = listAt(spec, 'volumes').find((volume) => textAt(volume, 'name') === 'scratch');
  return textAt(scratch, 'ephemeral', 'volumeClaimTemplate', 'spec', 'resources', 'requests', 'storage');
}

const JOB = 'example-backup/paperless.CronJob.gitea-offsite.yaml';
const SET = 'example/paperless.StatefulSet.gitea.yaml';

describe('BackedUpGitea', () => {
  it('runs in pods that meet the restricted level', () => {
    const template = podTemplateOf(object(withGitea(), SET));
    const restricted = { level: 'restricted', version: Number.POSITIVE_INFINITY } as const;
    expect(podSecurityViolations(template, restricted)).toEqual([]);
  });

  it('is configured by its environment, with its keys from the Secret', () => {
    const config = { 'server.ROOT_URL': 'https://git.example.net/', 'cron.update_checker.ENABLED': 'false' };
    const [gitea] = containersOf(withGitea({ config }), SET);
    const env = listAt(gitea, 'env');
    expect(env).toContainEqual({ name: 'GITEA__server__ROOT_URL', value: 'https://git.example.net/' });
    expect(env).toContainEqual({ name: 'GITEA__cron_0X2E_update_checker__ENABLED', value: 'false' });
    expect(env).toContainEqual({ name: 'GITEA__database__HOST', value: 'db-rw:5432' });
    expect(env).toContainEqual({
      name: 'GITEA__security__SECRET_KEY',
      valueFrom: { secretKeyRef: { name: 'gitea-settings', key: 'GITEA__security__SECRET_KEY' } },
    });
    expect(listAt(gitea, 'envFrom')).toEqual([{ secretRef: { name: 'gitea-settings' } }]);
  });

  it('offers addresses that lead to it, and takes LFS objects', () => {
    const config = { 'server.ROOT_URL': 'https://git.example.net:8443/forge/' };
    const result = withGitea({ config });
    const [gitea] = containersOf(result, SET);
    expect(textMapOf(listAt(gitea, 'env'))).toMatchObject({
      GITEA__server__SSH_DOMAIN: 'git.example.net',
      GITEA__server__SSH_PORT: '22',
      GITEA__server__SSH_LISTEN_PORT: '2222',
      GITEA__server__LFS_START_SERVER: 'true',
    });
    // The port that it listens on is that of the pod, and the one that it offers that of the Service.
    expect(listAt(gitea, 'ports')).toContainEqual({ name: 'ssh', containerPort: 2222 });
    const service = object(result, 'example/paperless.Service.gitea.yaml');
    expect(listAt(service, 'spec', 'ports')).toContainEqual({ name: 'ssh', port: 22, targetPort: 'ssh' });
  });

  it('is reached by ssh as its config says, in any case of letters', () => {
    const config = {
      'server.ROOT_URL': 'https://git.example.net/',
      'Server.SSH_DOMAIN': 'ssh.example.net',
      'server.SSH_PORT': '30022',
      'server.LFS_START_SERVER': 'false',
    };
    const [gitea] = containersOf(withGitea({ config }), SET);
    const env = listAt(gitea, 'env');
    expect(textMapOf(env)).toMatchObject({
      GITEA__Server__SSH_DOMAIN: 'ssh.example.net',
      GITEA__server__SSH_PORT: '30022',
      GITEA__server__SSH_LISTEN_PORT: '2222',
      GITEA__server__LFS_START_SERVER: 'false',
    });
    const names = env.map((each) => textAt(each, 'name')?.toLowerCase());
    expect(names).toHaveLength(new Set(names).size);
  });

  it.each([{}, { 'server.ROOT_URL': 'git.example.net' }])('knows no host of %j', (config) => {
    const [gitea] = containersOf(withGitea({ config }), SET);
    expect(Object.keys(textMapOf(listAt(gitea, 'env')))).not.toContain('GITEA__server__SSH_DOMAIN');
  });

  it('is copied by a job that dumps its database first, and Velero leaves its claim alone', () => {
    const result = withGitea();
    const names = containersOf(result, JOB).map((container) => textAt(container, 'name'));
    expect(names).toEqual(['begin', 'dump', 'verify', 'copy', 'list', 'compare', 'commit', 'receipt']);
    const claim = object(result, 'example/paperless.PersistentVolumeClaim.data-gitea-0.yaml');
    expect(claim.metadata.labels).toMatchObject({ 'backed-up/method': 'jobs' });
    expect([...(result.files?.keys() ?? [])].filter((path) => path.includes('.Schedule.'))).toEqual([]);
  });

  it.each([
    ['as much as is asked for its volume and its database together', {}, {}, '70Gi'],
    ['tablespaces as well', {}, { tablespaces: [{ name: 'far', storage: { size: '512Mi' } }] }, '72192Mi'],
    ['what is said', { copies: { scratch: Size.gibibytes(9) } }, {}, '9Gi'],
  ] as const)('has a scratch volume for a copy of the volume and for the dump: %s', (_, props, spec, size) => {
    const result = accepted(({ chart }) => {
      const database = new BackedUpPostgres(chart, 'db', {
        storage: Size.gibibytes(20),
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
        spec,
      });
      new BackedUpGitea(chart, 'gitea', { database, storage, storageClass: 'ceph-block', settings, backup, ...props });
    });
    expect(scratchSize(result, JOB)).toBe(size);
  });

  it('says which keys a restore needs', () => {
    expect(withGitea().inventory.requiredSecrets).toContainEqual({
      namespace: 'paperless',
      name: 'gitea-settings',
      keys: [
        'GITEA__oauth2__JWT_SECRET',
        'GITEA__security__INTERNAL_TOKEN',
        'GITEA__security__SECRET_KEY',
        'GITEA__server__LFS_JWT_SECRET',
      ],
      keptIn: 'sealed envelope, bank',
    });
  });

  it('looks at its copies with its own git, and dumps with the clients of its own database', () => {
    const result = withGitea(
      { image: 'codeberg.org/forgejo/forgejo:13.0-rootless' },
      { imageName: 'ghcr.io/cloudnative-pg/postgresql:17.6' },
    );
    const images = Object.fromEntries(
      containersOf(result, JOB).map((container) => [textAt(container, 'name'), textAt(container, 'image')]),
    );
    expect(images).toMatchObject({
      dump: 'ghcr.io/cloudnative-pg/postgresql:17.6',
      copy: 'codeberg.org/forgejo/forgejo:13.0-rootless',
      compare: 'codeberg.org/forgejo/forgejo:13.0-rootless',
    });
  });

  it('is stopped for its copies where that is said, and started again by a second job after a kill', () => {
    const result = withGitea({ quiesce: 'stop', copies: { deadline: Duration.hours(1) } });
    const names = containersOf(result, JOB).map((container) => textAt(container, 'name'));
    expect(names).toContain('still-gone');
    const [run, undo] = [JOB, 'example-backup/paperless.CronJob.gitea-offsite-undo.yaml'].map((path) =>
      textAt(object(result, path), 'spec', 'schedule')?.split(' ').map(Number),
    );
    expect(undo?.[0]).toBe(run?.[0]);
    expect(undo?.[1]).toBe(((run?.[1] ?? 0) + 2) % 24);
    expect([...(result.files?.keys() ?? [])]).toContain('example-backup/paperless.Role.gitea-offsite.yaml');
  });

  it('comes up on the node of the job that has stopped it, and still has its volume', () => {
    const stopped = withGitea({ quiesce: 'stop' });
    const near = at(podTemplateOf(object(stopped, SET)), 'spec', 'affinity', 'podAffinity');
    const [term] = listAt(near, 'preferredDuringSchedulingIgnoredDuringExecution');
    const labels = mappingAt(term, 'podAffinityTerm', 'labelSelector', 'matchLabels');
    expect(labels).toEqual({ 'backed-up/stops': 'gitea' });
    const ofJob = mappingAt(podTemplateOf(object(stopped, JOB)), 'metadata', 'labels');
    expect(ofJob).toMatchObject(labels);
    const running = withGitea({});
    expect(at(podTemplateOf(object(running, SET)), 'spec', 'affinity')).toBeUndefined();
    expect(mappingAt(podTemplateOf(object(running, JOB)), 'metadata', 'labels')).not.toHaveProperty('backed-up/stops');
  });

  it.each([
    [{ attachments: 2, 'LFS objects': 1 }, ['LFS objects=1=volume=git/lfs', 'attachments=2=volume=data/attachments']],
    [undefined, ['LFS objects=0=volume=git/lfs', 'attachments=0=volume=data/attachments']],
  ])('says what was lost for good, %o, to the job and to people', (knownLosses, expected) => {
    const result = accepted(({ chart }) => {
      const database = new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
      });
      const copies = knownLosses === undefined ? {} : { knownLosses };
      new BackedUpGitea(chart, 'gitea', { database, storage, storageClass: 'ceph-block', settings, backup, copies });
    });
    const compare = containersOf(result, JOB).find((container) => textAt(container, 'name') === 'compare');
    expect(listAt(compare, 'command')).toEqual(expect.arrayContaining(expected));
    expect(result.inventory.assumptions.filter(({ about }) => about.startsWith('known losses'))).toEqual(
      knownLosses === undefined
        ? []
        : [
            {
              about: `known losses of StatefulSet paperless/gitea, claim template 'data'`,
              value: knownLosses,
              why: expect.stringContaining('so many files are missing') as unknown,
            },
          ],
    );
  });

  it('keeps all but repositories in a bucket that it is given, and looks for them there, with its keys (T01)', () => {
    const result = accepted(({ chart }) => {
      const database = new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
      });
      const bucket = new CephBucketWithBackupGrant(chart, 'files', {
        bucketName: 'forge-files',
        storageClass: 'bucket-retain',
        backup: elsewhere('rclone on the NAS copies the bucket every night.', {
          failureDomain: 'site',
          rpo: Duration.hours(25),
        }),
      });
      new BackedUpGitea(chart, 'gitea', { database, bucket, storage, storageClass: 'ceph-block', settings, backup });
    });
    const [gitea] = containersOf(result, SET);
    expect(listAt(gitea, 'env')).toContainEqual({
      name: 'GITEA__storage__MINIO_BUCKET',
      valueFrom: { configMapKeyRef: { name: 'files', key: 'BUCKET_NAME' } },
    });
    const compare = containersOf(result, JOB).find((container) => textAt(container, 'name') === 'compare');
    const places = listAt(compare, 'command').filter((text) => String(text).includes('='));
    expect(places.filter((text) => !String(text).includes('=bucket='))).toEqual([
      'repositories=0=volume=git/repositories',
    ]);
    expect(places).toContain('repository avatars=0=bucket=repo-avatars');
    const steps = containersOf(result, JOB).map((container) => textAt(container, 'name'));
    expect(steps.indexOf('list-bucket')).toBe(steps.indexOf('list') - 1);
    const listing = containersOf(result, JOB).find((container) => textAt(container, 'name') === 'list-bucket');
    expect(listAt(listing, 'env')).toEqual(
      expect.arrayContaining([
        { name: 'SCHEME', value: 'http' },
        { name: 'BUCKET_NAME', valueFrom: { configMapKeyRef: { name: 'files', key: 'BUCKET_NAME' } } },
        {
          name: 'RCLONE_CONFIG_SOURCE_SECRET_ACCESS_KEY',
          valueFrom: { secretKeyRef: { name: 'files', key: 'AWS_SECRET_ACCESS_KEY' } },
        },
      ]),
    );
    const gateway = { matchLabels: { app: 'rook-ceph-rgw', rook_object_store: 'store-a' } };
    expect(JSON.stringify(object(result, JOB.replace('CronJob', 'NetworkPolicy')))).toContain(JSON.stringify(gateway));
    expect(result.inventory.assumptions).toContainEqual({
      about: 'Secret paperless/files',
      value: { keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'], madeBy: 'Rook' },
      why: expect.stringContaining('The job lists the bucket with these keys') as unknown,
    });
  });
});

describe('the pod that copies a Gitea', () => {
  const pod = {
    tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'forge', effect: 'NoSchedule' }],
    nodeSelector: { disk: 'fast' },
    imagePullSecrets: [{ name: 'registry' }],
  };

  it('may go to the node of its pods, and get their image', () => {
    expect(at(podTemplateOf(object(withGitea({ pod }), JOB)), 'spec')).toMatchObject(pod);
  });

  function beside(securityContext: unknown, ofContainer: unknown, props: Partial<GiteaBackupProps> = {}): unknown {
    const mount = { name: 'data', mountPath: '/var/lib/gitea' };
    const image = 'docker.gitea.com/gitea:1.26.0-rootless';
    const container = { name: 'gitea', image, volumeMounts: [mount], securityContext: ofContainer };
    const labels = { app: 'gitea' };
    const result = accepted(({ chart }) => {
      new ApiObject(chart, 'gitea', {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'gitea' },
        spec: {
          serviceName: 'gitea',
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { ...pod, securityContext, containers: [container] } },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                storageClassName: 'ceph-block',
                resources: { requests: { storage: '50Gi' } },
              },
            },
          ],
        },
      });
      new BackedUpPostgres(chart, 'db', {
        storage,
        backup: continuous({ to: offsite, restoreWindow: Duration.days(30) }),
      });
      new GiteaBackup(chart, 'backup', {
        data: { statefulSet: 'gitea', template: 'data' },
        pods: labels,
        layout: 'rootless',
        settings: { ...settings, keys: ['SECRET_KEY'] },
        image,
        database: { cluster: 'db' },
        backup,
        ...props,
      });
    });
    return at(podTemplateOf(object(result, JOB)), 'spec');
  }

  it.each([
    [{ runAsUser: 1001 }, {}, 1001],
    [{ runAsUser: 1001 }, { runAsUser: 1002 }, 1002],
    [{}, {}, 1000],
    // Its files are those of the user git.
    [{ runAsUser: 0 }, {}, 1000],
  ])('of somebody else is that of its pods: %o, %o', (securityContext, ofContainer, user) => {
    const spec = beside(securityContext, ofContainer);
    expect(spec).toMatchObject({ ...pod, securityContext: { runAsUser: user, runAsGroup: user, fsGroup: user } });
  });

  it('is what its construct says, where that says more than its pods', () => {
    const said = { nodeSelector: { disk: 'slow' }, runAsUser: 1003 };
    expect(beside({ runAsUser: 1001 }, {}, { pod: said })).toMatchObject({
      ...pod,
      nodeSelector: said.nodeSelector,
      securityContext: { runAsUser: 1003 },
    });
  });
});

describe('the image of a Gitea', () => {
  /** Of the pods, and of the step that copies. */
  function images(props: Partial<BackedUpGiteaProps>): readonly unknown[] {
    const jobs = { images: { gitea: 'registry.example.net/gitea:1.26.2-rootless' } };
    const result = synthesizeScenario(({ chart }) => giteaOn(chart, props), { platform: { jobs } });
    expect(explain(result.findings)).toBe('');
    const copy = containersOf(result, JOB).find((container) => textAt(container, 'name') === 'copy');
    return [...containersOf(result, SET), copy].map((container) => textAt(container, 'image'));
  }

  it('is that of the platform for its copies', () => {
    expect(images({})).toEqual([
      'docker.gitea.com/gitea:1.26.0-rootless',
      'registry.example.net/gitea:1.26.2-rootless',
    ]);
  });

  it('is its own for both, where it names one', () => {
    const image = 'docker.gitea.com/gitea:1.25.1-rootless';
    expect(images({ image })).toEqual([image, image]);
  });
});

describe('GiteaBackup', () => {
  function withChart(props: Partial<GiteaBackupProps>, more: (chart: Chart) => void = () => {}): Synthesized {
    return accepted(({ chart }) => {
      more(chart);
      new ApiObject(chart, 'gitea', {
        apiVersion: 'helm.toolkit.fluxcd.io/v2',
        kind: 'HelmRelease',
        metadata: { name: 'gitea' },
        spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'gitea' } },
      });
      holds(chart, { helmRelease: 'gitea' }, {});
      new GiteaBackup(chart, 'backup', {
        data: {
          claim: 'gitea-shared-storage',
          heldBy: { helmRelease: 'gitea' },
          storage,
          storageClass: 'ceph-block',
          labels: { app: 'gitea' },
        },
        pods: { app: 'gitea' },
        layout: 'chart',
        image: 'docker.gitea.com/gitea:1.25.2-rootless',
        database: {
          host: 'gitea-postgresql',
          pods: { labels: { app: 'postgresql' } },
          database: 'gitea',
          user: { secret: 'gitea-database', key: 'username' },
          password: { secret: 'gitea-database', key: 'password' },
          keptIn: 'sealed envelope, bank',
        },
        backup,
        ...props,
      });
    });
  }
  const PATH = 'example-backup/paperless.CronJob.gitea-shared-storage-offsite.yaml';
  const envOf = (result: Synthesized, step: string): readonly unknown[] =>
    listAt(
      containersOf(result, PATH).find((container) => textAt(container, 'name') === step),
      'env',
    );

  it('copies the claim of a release where its chart puts things, and wants SECRET_KEY in the copy', () => {
    const result = withChart({});
    expect(at(podTemplateOf(object(result, PATH)), 'spec', 'volumes')).toContainEqual({
      name: 'mount-0',
      persistentVolumeClaim: { claimName: 'gitea-shared-storage', readOnly: true },
    });
    expect(envOf(result, 'copy')).toContainEqual({ name: 'REPOSITORIES', value: 'git/gitea-repositories' });
    expect(envOf(result, 'compare')).toContainEqual({ name: 'CONFIGURATION', value: 'gitea/conf/app.ini' });
    expect(envOf(result, 'dump')).toContainEqual({ name: 'PGDATABASE', value: 'gitea' });
    expect(result.inventory.requiredSecrets.map(({ name }) => name)).toEqual(['backed-up-offsite', 'gitea-database']);
  });

  it('has a scratch volume for the dump of a server besides, as far as the volume of that is seen', () => {
    const labels = { app: 'postgresql' };
    const mount = { name: 'data', mountPath: '/var/lib/postgresql' };
    const server = (chart: Chart): void => {
      new ApiObject(chart, 'postgresql', {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'postgresql' },
        spec: {
          serviceName: 'postgresql',
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              containers: [{ name: 'postgres', image: 'docker.io/library/postgres:18.1', volumeMounts: [mount] }],
            },
          },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10G' } } },
            },
          ],
        },
      });
      const reason = 'Every copy of the Gitea carries a dump of it.';
      exclude(chart, { statefulSet: 'postgresql', template: 'data' }, { reason });
    };
    expect(scratchSize(withChart({}), PATH)).toBe('50Gi');
    expect(scratchSize(withChart({}, server), PATH)).toBe('60737Mi');
  });

  it('stops what the release makes, by its name', () => {
    const result = withChart({ quiesce: { stop: { deployment: 'gitea' } } });
    const role = object(result, PATH.replace('CronJob', 'Role'));
    expect(listAt(role, 'rules')[0]).toMatchObject({ resources: ['deployments'], resourceNames: ['gitea'] });
    expect(result.files?.has(PATH.replace('.yaml', '-undo.yaml'))).toBe(true);
    expect(result.inventory.assumptions).toContainEqual({
      about: 'Deployment paperless/gitea',
      value: { exists: true, pods: { app: 'gitea' } },
      why: 'The job stops it, and waits for the end of these pods: without it there is no copy.',
    });
  });

  it('asks for no login to a Cluster of CloudNativePG, which makes its own', () => {
    const result = withChart({ database: { cluster: 'db' } });
    expect(envOf(result, 'dump')).toEqual(
      expect.arrayContaining([
        { name: 'PGHOST', value: 'db-rw.paperless.svc' },
        { name: 'PGUSER', valueFrom: { secretKeyRef: { name: 'db-app', key: 'username' } } },
      ]),
    );
    expect(result.inventory.requiredSecrets.map(({ name }) => name)).toEqual(['backed-up-offsite']);
  });

  it('asks for the Secret instead, where the keys are not on the volume', () => {
    const result = withChart({
      layout: 'rootless',
      settings: { secret: 'gitea-inline-config', keys: ['security'], keptIn: 'sealed envelope, bank' },
    });
    expect(envOf(result, 'compare')).toContainEqual({ name: 'CONFIGURATION', value: '' });
    expect(result.inventory.requiredSecrets.map(({ name }) => name)).toEqual([
      'backed-up-offsite',
      'gitea-database',
      'gitea-inline-config',
    ]);
  });

  it('takes folders one by one, and the word of who copies a bucket', () => {
    const folders = {
      repositories: 'repos',
      'LFS objects': 'lfs',
      attachments: 'attachments',
      'package files': 'packages',
      avatars: 'avatars',
      'repository avatars': 'repo-avatars',
      'Actions logs': 'logs',
      'Actions artifacts': 'artifacts',
    };
    const copiedBy = 'The provider of the bucket keeps every version for a year.';
    const layout = { folders, configuration: 'conf/app.ini', leftOut: ['cache'] };
    const result = withChart({ layout, bucket: { files: ['attachments'], copiedBy } });
    expect(envOf(result, 'copy')).toContainEqual({ name: 'LEFT_OUT', value: 'cache' });
    expect(result.inventory.assumptions).toContainEqual({
      about: 'bucket of PersistentVolumeClaim paperless/gitea-shared-storage',
      value: { copied: true },
      why: copiedBy,
    });
  });
});
