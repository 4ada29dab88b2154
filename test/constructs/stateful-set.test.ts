import { Size } from 'cdk8s';
import { expect, it } from 'vitest';
import { BackedUpStatefulSet, nightly, type BackedUpStatefulSetProps } from '../../lib';
import { explain, offsite, synthesizeScenario } from '../support/scenario';

/** The files of the claims of a set that is accepted. */
function claims(props: Partial<BackedUpStatefulSetProps>): readonly string[] {
  const { files, findings } = synthesizeScenario(({ chart }) => {
    new BackedUpStatefulSet(chart, 'queue', {
      podTemplate: {
        spec: { containers: [{ name: 'app', image: 'app:1.0', volumeMounts: [{ name: 'data', mountPath: '/data' }] }] },
      },
      volumes: { data: { storage: Size.gibibytes(1), backup: nightly({ to: offsite, keep: { daily: 7 } }) } },
      ...props,
    });
  });
  expect(explain(findings)).toBe('');
  return [...(files?.keys() ?? [])].filter((file) => file.includes('.PersistentVolumeClaim.'));
}

it('renders a claim for each replica', () => {
  expect(claims({ replicas: 2 })).toEqual([
    'example/paperless.PersistentVolumeClaim.data-queue-0.yaml',
    'example/paperless.PersistentVolumeClaim.data-queue-1.yaml',
  ]);
});

it('counts the replicas from where the set begins', () => {
  expect(claims({ replicas: 2, spec: { ordinals: { start: 3 } } })).toEqual([
    'example/paperless.PersistentVolumeClaim.data-queue-3.yaml',
    'example/paperless.PersistentVolumeClaim.data-queue-4.yaml',
  ]);
});
