/** What the job builder renders: golden files to read, and what must hold for every job. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { podSecurityViolations } from '../../lib/coverage/pod-security';
import { backupJob, upkeepJob, type BackupJobOptions } from '../../lib/jobs/backup-job';
import { copyJob } from '../../lib/jobs/copy-job';
import { JOB_IMAGES } from '../../lib/jobs/images';
import { mirrorJob } from '../../lib/jobs/mirror-job';
import { at, listAt, textAt, textsAt, type KubeObject } from '../../lib/model/kube-object';
import { s3Location } from '../../lib/model/location';
import { podTemplateOf } from '../../lib/model/workloads';
import { validateStrictly } from '../../lib/schema/objects';
import { emitYaml } from '../../lib/yaml/emit';
import { copyOfPostgres, JOBS, location, mirrorOfBucket, postgresJob, scheduleOf, upkeepOfPostgres } from './jobs';

const RESTRICTED = { level: 'restricted', version: Number.POSITIVE_INFINITY } as const;

describe.each(Object.entries(JOBS))('the objects of job %s', (name, objects) => {
  it('are as they were read and approved', async () => {
    const shown = objects.map((object) => emitYaml(withoutScripts(object)));
    await expect(shown.join('---\n')).toMatchFileSnapshot(`golden/${name}.yaml`);
  });

  it('are objects that Kubernetes takes, with no field misspelt', () => {
    expect(objects.flatMap(validateStrictly)).toEqual([]);
  });

  it('are left alone by the substitution of Flux wherever a shell reads them', () => {
    for (const object of objects.filter(({ kind }) => kind !== 'NetworkPolicy'))
      expect(object.metadata.annotations).toMatchObject({ 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' });
  });

  it('run one at a time, within a deadline, and are not started late', () => {
    const spec = at(cronJobOf(objects), 'spec');
    expect(spec).toMatchObject({
      concurrencyPolicy: 'Forbid',
      timeZone: 'Europe/Berlin',
      startingDeadlineSeconds: 3600,
    });
    expect(at(spec, 'jobTemplate', 'spec')).toMatchObject({ activeDeadlineSeconds: 14_400, backoffLimit: 1 });
    // The Job deletes its pods, so they end before, and what they say is there to be read.
    expect(at(podTemplateOf(cronJobOf(objects)), 'spec')).toMatchObject({ activeDeadlineSeconds: 14_100 });
  });

  it('have no secret in an argument or a variable', () => {
    for (const container of containersOf(objects)) {
      const plain = listAt(container, 'env').filter((variable) => at(variable, 'valueFrom') === undefined);
      expect(
        plain.map((variable) => textAt(variable, 'name')).filter((each) => /PASSWORD|SECRET|KEY/.test(each ?? '')),
      ).toEqual([]);
      expect([...textsAt(container, 'command'), ...textsAt(container, 'args')].join(' ')).not.toMatch(/password/i);
    }
  });
});

describe('the upkeep', () => {
  it('reads the next share with each turn, also when the clocks change and when a run takes long', () => {
    // At noon in New Zealand, which is midnight in UTC for one half of the year and an hour before in the other.
    const schedule = scheduleOf('10 12 * * 4', 'Pacific/Auckland');
    const [script = ''] = /^share=.*$/m.exec(readFileSync('lib/jobs/scripts/upkeep-restic.sh', 'utf8')) ?? [];
    const env = Object.fromEntries(
      containersOf(upkeepJob({ ...upkeepOfPostgres, schedule }))
        .flatMap((container) => listAt(container, 'env'))
        .map((variable) => [textAt(variable, 'name') ?? '', textAt(variable, 'value') ?? '']),
    );
    const shares = Array.from({ length: 40 }, (_, week) => {
      const turn = Date.UTC(2026, 8, 3 + 7 * week, 0, 10);
      const isSummer = turn > Date.UTC(2026, 8, 27) && turn < Date.UTC(2027, 3, 4);
      const now = turn / 1000 - (isSummer ? 3600 : 0) + (week % 3) * 4 * 3600;
      return Number(execFileSync('sh', ['-c', `date() { echo ${now}; }\n${script}\necho "$share"`], { env }));
    });
    const [first = 0] = shares;
    expect(shares).toEqual(shares.map((_, week) => ((first - 1 + week) % 13) + 1));
  });
});

describe('the pods of a job', () => {
  it('meet the restricted Pod Security level', () => {
    for (const objects of [
      JOBS.postgres,
      JOBS.gitea,
      JOBS.upkeep,
      JOBS.copy,
      JOBS.mirror,
      JOBS['mirror-velero'],
      JOBS.probe,
    ])
      expect(podSecurityViolations(podTemplateOf(cronJobOf(objects)), RESTRICTED)).toEqual([]);
  });

  it('break it on the control plane only by the network, the folder of keys, and the user that may read them', async () => {
    const violations = podSecurityViolations(podTemplateOf(cronJobOf(JOBS.etcd)), RESTRICTED);
    await expect(`${violations.join('\n')}\n`).toMatchFileSnapshot('golden/etcd.violations.txt');
  });

  it('run on the node of the pods whose claim they read', () => {
    const source = { ...postgresJob.source, placement: { on: 'same-node', labels: { app: 'gitea' } } } as const;
    const spec = at(podTemplateOf(cronJobOf(backupJob({ ...postgresJob, source }))), 'spec');
    expect(at(spec, 'affinity', 'podAffinity', 'requiredDuringSchedulingIgnoredDuringExecution')).toEqual([
      { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'gitea' } } },
    ]);
  });

  it('have the user of the application whose volume they read', () => {
    const userOf = (objects: readonly KubeObject[]): unknown =>
      at(podTemplateOf(cronJobOf(objects)), 'spec', 'securityContext', 'runAsUser');
    expect([JOBS.gitea, JOBS.postgres].map(userOf)).toEqual([1000, 65532]);
  });

  it('mount a claim to read it, and nothing more', () => {
    const claim = { path: '/source', volume: { claim: 'gitea-data' } };
    const [dump, ...further] = postgresJob.source.steps;
    if (dump === undefined) throw new Error('there is no step');
    const source = { ...postgresJob.source, steps: [{ ...dump, mounts: [claim] }, ...further] };
    const spec = at(podTemplateOf(cronJobOf(backupJob({ ...postgresJob, source }))), 'spec');
    expect(listAt(spec, 'volumes').at(-1)).toEqual({
      name: 'mount-0',
      persistentVolumeClaim: { claimName: 'gitea-data', readOnly: true },
    });
    expect(listAt(listAt(spec, 'initContainers')[1], 'volumeMounts').at(-1)).toEqual({
      name: 'mount-0',
      mountPath: '/source',
      readOnly: true,
    });
  });

  it('keep apart what they know of two stores with certificates of their own', () => {
    const from = s3Location('local', { ...location, customCa: true });
    const to = s3Location('far', { ...location, customCa: true });
    const containers = containersOf(copyJob({ ...copyOfPostgres, from, location: to }));
    const trusted = containers.map((container) => [
      textAt(container, 'name'),
      listAt(container, 'env')
        .filter((variable) => /CA_?CERT/.test(textAt(variable, 'name') ?? ''))
        .map((variable) => textAt(variable, 'value')),
    ]);
    expect(Object.fromEntries(trusted)).toEqual({
      begin: ['/etc/backed-up/backed-up-far/ca.crt'],
      receipts: ['/etc/backed-up/backed-up-local/ca.crt'],
      source: ['/etc/backed-up/backed-up-local/ca.crt'],
      store: ['/etc/backed-up/backed-up-far/ca.crt'],
      copy: ['/etc/backed-up/backed-up-local/ca.crt'],
      moment: ['/etc/backed-up/backed-up-local/ca.crt'],
      receipt: ['/etc/backed-up/backed-up-far/ca.crt'],
    });
  });

  it('serve a store beside the step that asks it, and beside no other', () => {
    const beside = containersOf(copyJob(copyOfPostgres)).filter((each) => textAt(each, 'restartPolicy') === 'Always');
    expect(beside.map((container) => textAt(container, 'name'))).toEqual(['store']);
    for (const { [0]: job } of [JOBS.postgres, JOBS.etcd, JOBS.upkeep])
      expect(JSON.stringify(job)).not.toContain('"Always"');
  });

  it('have the priority that is asked for', () => {
    const job = cronJobOf(backupJob({ ...postgresJob, priorityClassName: 'backup' }));
    expect(textAt(podTemplateOf(job), 'spec', 'priorityClassName')).toBe('backup');
    expect(textAt(podTemplateOf(cronJobOf(JOBS.postgres)), 'spec', 'priorityClassName')).toBeUndefined();
  });

  it('trust the certificate of a location that has its own', () => {
    const own = s3Location('local', { ...location, customCa: true });
    const containers = containersOf(backupJob({ ...postgresJob, location: own }));
    for (const container of containers.filter((each) => /restic|rclone/.test(textAt(each, 'image') ?? ''))) {
      expect(listAt(container, 'env')).toContainEqual({
        name: expect.stringMatching(/CA/),
        value: '/etc/backed-up/backed-up-local/ca.crt',
      });
      expect(listAt(container, 'volumeMounts')).toContainEqual(
        expect.objectContaining({ mountPath: '/etc/backed-up/backed-up-local' }),
      );
    }
  });
});

describe('the steps of etcd', () => {
  it('[E02] [E05] call its programs without a shell, and those of them that restore', () => {
    const programs = containersOf(JOBS.etcd).flatMap((container) =>
      textAt(container, 'image') === JOB_IMAGES.etcd ? [textsAt(container, 'command')] : [],
    );
    expect(programs.map(([program, ...args]) => [program, ...args.filter((arg) => /^[a-z]+$/.test(arg))])).toEqual([
      ['etcdctl', 'snapshot', 'save'],
      ['etcdutl', 'snapshot', 'restore'],
    ]);
  });
});

describe('texts that the kubelet would expand', () => {
  it('reach the program as they are', () => {
    const dollars = 'a $(HOME) $$ ${x} $y';
    const dataset = { ...postgresJob.dataset, name: dollars };
    const receipt = containersOf(backupJob({ ...postgresJob, dataset })).at(-1);
    const value = listAt(receipt, 'env').find((variable) => textAt(variable, 'name') === 'DATASET');
    expect(expanded(textAt(value, 'value') ?? '')).toBe(JSON.stringify(dataset));
  });
});

/** The kubelet's own rules (Kubernetes 1.36, third_party/forked/golang/expansion/expand.go), with HOME set. */
function expanded(text: string): string {
  return text.replaceAll(/\$(?:\$|\((\w+)\))/g, (match) => (match === '$$' ? '$' : '/root'));
}

describe('the images of a job', () => {
  it('are those of the table, each with a fixed version', () => {
    for (const image of Object.values(JOB_IMAGES)) expect(image).toMatch(/^[a-z.0-9]+\/[a-z0-9/]+:v?\d+\.\d+/);
  });

  it('are those that a user names instead, one by one', () => {
    const mirror = 'registry.example.net/restic@sha256:0123';
    const objects = backupJob({ ...postgresJob, images: { restic: mirror } });
    const images = containersOf(objects).map((container) => textAt(container, 'image'));
    expect(new Set(images)).toEqual(new Set([mirror, JOB_IMAGES.rclone, JOB_IMAGES.postgres]));
  });
});

describe('the NetworkPolicy of a job', () => {
  it('is left out where none applies', () => {
    expect(JOBS.etcd.map(({ kind }) => kind)).toEqual(['CronJob', 'ConfigMap']);
    expect(JOBS.postgres.map(({ kind }) => kind)).toEqual(['CronJob', 'ConfigMap', 'NetworkPolicy']);
  });

  it('names the pods and the addresses of the peers', () => {
    const store = { cidrs: ['192.0.2.7/32'], port: 9000 };
    expect(egressOf({ ...postgresJob, store })).toEqual([
      {
        ports: [
          { protocol: 'UDP', port: 53 },
          { protocol: 'TCP', port: 53 },
        ],
      },
      {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'forge' } },
            podSelector: { matchLabels: { 'cnpg.io/cluster': 'db' } },
          },
        ],
        ports: [{ protocol: 'TCP', port: 5432 }],
      },
      { to: [{ ipBlock: { cidr: '192.0.2.7/32' } }], ports: [{ protocol: 'TCP', port: 9000 }] },
    ]);
  });

  it('names no addresses where all are meant: to Cilium, those of nodes are in no range', () => {
    const store = { outsideOf: [], port: 443 };
    expect(egressOf({ ...postgresJob, store }).at(-1)).toEqual({ ports: [{ protocol: 'TCP', port: 443 }] });
  });

  it('names once what the job reads and writes alike', () => {
    const [database] = postgresJob.source.peers;
    expect(database).toBeDefined();
    expect(egressOf({ ...postgresJob, store: database ?? { cidrs: [], port: 0 } })).toHaveLength(2);
  });

  it('keeps the ranges of the cluster out, each in its family of addresses', () => {
    expect(egressOf(postgresJob).at(-1)).toEqual({
      to: [
        { ipBlock: { cidr: '0.0.0.0/0', except: ['10.42.0.0/16', '10.43.0.0/16'] } },
        { ipBlock: { cidr: '::/0', except: ['fd00::/48'] } },
      ],
      ports: [{ protocol: 'TCP', port: 443 }],
    });
  });
});

describe('the mirror of a bucket', () => {
  const stepsOf = (objects: readonly KubeObject[]): readonly unknown[] =>
    containersOf(objects).map((container) => textAt(container, 'name'));
  const replaced = (objects: readonly KubeObject[]): string | undefined => {
    const mirror = containersOf(objects).find((container) => textAt(container, 'name') === 'mirror');
    const variable = listAt(mirror, 'env').find((each) => textAt(each, 'name') === 'REPLACED');
    return textAt(variable, 'value');
  };

  it('keeps apart what was replaced for so long as somebody said', () => {
    expect(stepsOf(JOBS.mirror)).toEqual(['begin', 'mirror', 'compare', 'expire', 'receipt']);
    expect(replaced(JOBS.mirror)).toBe('store:home-backups/home/data/forge/objectbucketclaim_attachments/replaced');
  });

  it('keeps it for ever where nobody said how long, unless the location does', () => {
    const { keepSeconds: _none, ...forEver } = mirrorOfBucket;
    expect(stepsOf(mirrorJob(forEver))).toEqual(['begin', 'mirror', 'compare', 'receipt']);
    expect(replaced(mirrorJob(forEver))).toBe(replaced(JOBS.mirror));
    expect(replaced(mirrorJob({ ...forEver, location: { ...location, versioned: true } }))).toBe('');
  });
});

function cronJobOf(objects: readonly KubeObject[]): KubeObject {
  const job = objects.find(({ kind }) => kind === 'CronJob');
  if (job === undefined) throw new Error('there is no CronJob');
  return job;
}

function containersOf(objects: readonly KubeObject[]): readonly unknown[] {
  const spec = at(podTemplateOf(cronJobOf(objects)), 'spec');
  return [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')];
}

function egressOf(options: BackupJobOptions): readonly unknown[] {
  return listAt(
    backupJob(options).find(({ kind }) => kind === 'NetworkPolicy'),
    'spec',
    'egress',
  );
}

/** The scripts are files of their own; here their names are enough. */
function withoutScripts(object: KubeObject): KubeObject {
  if (object.kind !== 'ConfigMap') return object;
  const data = Object.keys(at(object, 'data') as object).map((name) => [name, '…']);
  return { ...object, data: Object.fromEntries(data) };
}
