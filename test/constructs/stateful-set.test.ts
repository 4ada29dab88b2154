import { App, Chart, Size } from 'cdk8s';
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

it('names its claims, in the order of the pods', () => {
  const chart = new Chart(new App(), 'search', { namespace: 'search' });
  const scratch = 'Filled again from the sources in an hour.';
  const storage = Size.gibibytes(5);
  const set = new BackedUpStatefulSet(chart, 'index', {
    replicas: 2,
    podTemplate: { spec: { containers: [{ name: 'index', image: 'index:1.0' }] } },
    volumes: { data: { storage, backup: nightly({ to: offsite, keep: { daily: 7 } }) }, tmp: { storage, scratch } },
  });
  const rendered = set.node.children.map(({ node }) => node.id).filter((id) => id !== 'Resource');
  expect(set.claims).toEqual({ data: ['data-index-0', 'data-index-1'], tmp: ['tmp-index-0', 'tmp-index-1'] });
  expect(Object.values(set.claims).flat()).toEqual(rendered);
});
