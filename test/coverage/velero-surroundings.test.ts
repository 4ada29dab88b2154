/** Each Backup is predicted with the objects that it can have to do with, so that many Schedules cost no more than their own. */
import { Chart, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { expect, it } from 'vitest';
import { backUp, exclude, nightly } from '../../lib';
import { Surroundings } from '../../lib/coverage/velero-surroundings';
import { offsite, synthesizeScenario } from '../support/scenario';

it('are the objects of its namespaces, and the volumes that are theirs or free', () => {
  const { context, findings } = synthesizeScenario(({ app }) => {
    const volume = (chart: Chart, name: string, claimRef?: k8s.ObjectReference): void => {
      new k8s.KubePersistentVolume(chart, name, {
        metadata: { name },
        spec: {
          capacity: { storage: k8s.Quantity.fromString('1Gi') },
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'ceph-block',
          csi: { driver: 'rook-ceph.rbd.csi.ceph.com', volumeHandle: name },
          ...(claimRef === undefined ? {} : { claimRef }),
        },
      });
    };
    for (const namespace of ['one', 'two']) {
      const chart = new Chart(app, namespace, { namespace });
      const storage = k8s.Quantity.fromString(Size.gibibytes(1).asString());
      for (const name of ['reserved', 'named']) {
        new k8s.KubePersistentVolumeClaim(chart, name, {
          metadata: { name },
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: 'ceph-block',
            resources: { requests: { storage } },
            ...(name === 'named' ? { volumeName: `${namespace}-named` } : {}),
          },
        });
        backUp(chart, { claim: name }, nightly({ to: offsite, keep: { daily: 7 } }));
      }
      volume(chart, `${namespace}-reserved`, { namespace, name: 'reserved' });
      volume(chart, `${namespace}-named`);
    }
    const spare = new Chart(app, 'spare', { namespace: 'spare' });
    volume(spare, 'spare');
    exclude(spare, { persistentVolume: 'spare' }, { reason: 'It is empty until somebody claims it.' });
  });
  expect(findings).toEqual([]);
  const schedule = context.ofKind('velero.io', 'Schedule').find(({ object }) => object.metadata.name.startsWith('one'));
  const around = schedule === undefined ? [] : new Surroundings(context).around(schedule.object);
  const named = (kind: string) => around.filter((object) => object.kind === kind).map(({ metadata }) => metadata);
  expect(
    named('PersistentVolume')
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['one-named', 'one-reserved', 'spare']);
  expect(new Set(named('PersistentVolumeClaim').map(({ namespace }) => namespace))).toEqual(new Set(['one']));
  expect(named('ConfigMap').map(({ name }) => name)).toEqual(['one-nightly']);
});
