/** An application that is stopped for its copy: in which order, with which rights, and when a killed run is undone. */
import { describe, expect, it } from 'vitest';
import { podSecurityViolations } from '../../lib/coverage/pod-security';
import { undoSchedule } from '../../lib/jobs/quiesce';
import { at, listAt, textAt, textsAt, type KubeObject } from '../../lib/model/kube-object';
import { podTemplateOf } from '../../lib/model/workloads';
import { validateStrictly } from '../../lib/schema/objects';
import { emitYaml } from '../../lib/yaml/emit';
import { QUIESCED as job, scheduleOf, UNDO } from './jobs';

function podOf(objects: readonly KubeObject[]): unknown {
  const cronJob = objects.find(({ kind }) => kind === 'CronJob');
  if (cronJob === undefined) throw new Error('there is no CronJob');
  return podTemplateOf(cronJob);
}

function containersOf(objects: readonly KubeObject[]): readonly unknown[] {
  return [...listAt(podOf(objects), 'spec', 'initContainers'), ...listAt(podOf(objects), 'spec', 'containers')];
}

describe('a job that stops its application', () => {
  it('starts it again before it looks at what it has read', () => {
    expect(containersOf(job).map((container) => textAt(container, 'name'))).toEqual(
      'begin look stop gone dump copy list-bucket list still-gone start verify compare commit receipt'.split(' '),
    );
  });

  it('is made of objects that Kubernetes takes, in pods of the restricted level', () => {
    for (const objects of [job, UNDO]) {
      expect(objects.flatMap(validateStrictly)).toEqual([]);
      expect(podSecurityViolations(podOf(objects), { level: 'restricted', version: Number.POSITIVE_INFINITY })).toEqual(
        [],
      );
    }
  });

  it('starts it again whatever fails while it is stopped, because only a program would end the run there', () => {
    const names = containersOf(job).map((container) => textAt(container, 'name') ?? '');
    const whileStopped = containersOf(job).slice(names.indexOf('stop') + 1, names.indexOf('start'));
    for (const container of whileStopped) {
      expect(textsAt(container, 'command')[0]).toBe('/bin/sh');
      expect(listAt(container, 'env')).toContainEqual({ name: 'WHILE_STOPPED', value: 'yes' });
    }
  });

  it('gives a token only to steps that ask the API server', () => {
    const withToken = containersOf(job).filter((container) =>
      listAt(container, 'volumeMounts').some((mount) => textAt(mount, 'mountPath')?.includes('serviceaccount')),
    );
    expect(withToken.map((container) => textAt(container, 'name'))).toEqual(
      'look stop gone still-gone start'.split(' '),
    );
    expect(at(podOf(job), 'spec', 'automountServiceAccountToken')).toBe(false);
  });

  it('may reach the API server, which no range of addresses is sure to name', () => {
    for (const objects of [job, UNDO]) {
      const policy = objects.find(({ kind }) => kind === 'NetworkPolicy');
      for (const port of [443, 6443])
        expect(at(policy, 'spec', 'egress')).toContainEqual({ ports: [{ protocol: 'TCP', port }] });
    }
  });

  it('may change that one object', () => {
    const role = job.find(({ kind }) => kind === 'Role');
    expect(at(role, 'rules')).toEqual([
      {
        apiGroups: ['apps'],
        resources: ['statefulsets'],
        resourceNames: ['gitea'],
        verbs: ['get', 'patch'],
      },
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    ]);
  });

  it('runs beside its pods when there are any, and elsewhere when an attempt before was killed', () => {
    expect(Object.keys(at(podOf(job), 'spec', 'affinity', 'podAffinity') as object)).toEqual([
      'preferredDuringSchedulingIgnoredDuringExecution',
    ]);
  });

  it('has a job that undoes it, as it was read and approved', async () => {
    await expect(UNDO.map(emitYaml).join('---\n')).toMatchFileSnapshot('golden/undo.yaml');
  });
});

describe('the undo of a killed run', () => {
  it.each([
    // A run may begin an hour late, and each of these takes an hour at most.
    ['56 4 * * *', '56 6 * * *'],
    ['0 23 * * 0', '0 1 * * *'],
    // There is no half past two when the clocks change.
    ['30 0 * * *', '30 3 * * *'],
    ['30 1,13 * * *', '30 3,15 * * *'],
    ['30 11,23 1 * *', '30 1,13 * * *'],
  ])('of %s comes at %s', (cron, expected) => {
    const schedule = undoSchedule(scheduleOf(cron, 'Europe/Berlin'), 3600);
    expect(schedule).toMatchObject({ cron: expected, timeZone: 'Europe/Berlin' });
  });

  it.each(['0 * * * *', '0 4,6 * * *', '0 1,23 * * *', '0,30 3 * * *'])(
    'cannot come between the runs of %s',
    (cron) => {
      expect(undoSchedule(scheduleOf(cron, 'Europe/Berlin'), 3600)).toEqual({
        problem: 'runs again within 3 hours, and only then is an application started again whose run was killed',
      });
    },
  );
});
