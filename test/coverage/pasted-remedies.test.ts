/** What happens when a person pastes what a finding prints, and reads nothing. */
import { ApiObject, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { describe, expect, it } from 'vitest';
import { BackedUpVolume, nightly, s3Location, type Finding, type Location } from '../../lib';
import { pasted } from '../support/remedies';
import { offsite, synthesizeScenario } from '../support/scenario';
import { run } from '../support/snippets';

/** The findings about a claim that nobody answers for, after a line was pasted. */
function findingsAfter(line: string): readonly Finding[] {
  const { paste } = run(pasted('pasted.ts', [line]));
  if (typeof paste !== 'function') throw new Error('the file exports no function');
  return synthesizeScenario(({ app, chart }) => {
    const storage = Size.gibibytes(20);
    new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep: { daily: 7 } }) });
    const requests = { storage: k8s.Quantity.fromString('20Gi') };
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests } };
    new k8s.KubePersistentVolumeClaim(chart, 'more', { metadata: { name: 'more' }, spec });
    paste.call(chart, app, offsite);
  }).findings;
}

function remedy(label: string): string {
  const [finding] = findingsAfter('undefined');
  const text = finding?.remedies.find((each) => each.label === label)?.text;
  if (text === undefined) throw new Error(`no finding says '${label}'`);
  return text;
}

describe('a pasted remedy', () => {
  it('[no-strategy] backs the data up', () => {
    expect(findingsAfter(remedy('to back it up'))).toEqual([]);
  });

  it('[no-strategy] [thin-reason] leaves nothing out as long as nobody says why', () => {
    expect(findingsAfter(remedy('to leave it out')).map(({ rule }) => rule)).toEqual(['thin-reason']);
    const reason = remedy('to leave it out').replace(/reason: '.*'/, `reason: 'The scanner sends its pages again.'`);
    expect(findingsAfter(reason)).toEqual([]);
  });

  it('[no-strategy] goes where most copies go, if they leave the cluster from there', () => {
    const local = s3Location('local', {
      endpoint: 'http://minio.minio.svc:9000',
      bucket: 'backups',
      failureDomain: 'cluster',
      keptIn: 'sealed envelope, bank',
      reachedAt: { namespace: 'minio', labels: { app: 'minio' }, port: 9000 },
      mirror: nightly({ to: offsite }),
    });
    const { mirror: _, ...alone } = local;
    const remedies = (locations: readonly Location[]) =>
      synthesizeScenario(({ chart }) => {
        locations.forEach((to, index) => {
          const backup = nightly({ to, keep: { daily: 30 }, plan: `plan-${index}` });
          new BackedUpVolume(chart, `data-${index}`, { storage: Size.gibibytes(20), backup });
        });
        const spec = {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: k8s.Quantity.fromString('20Gi') } },
        };
        new k8s.KubePersistentVolumeClaim(chart, 'more', { metadata: { name: 'more' }, spec });
        new ApiObject(chart, 'media', {
          apiVersion: 'objectbucket.io/v1alpha1',
          kind: 'ObjectBucketClaim',
          metadata: { name: 'media' },
          spec: { bucketName: 'media', storageClassName: 'bucket-retain' },
        });
      })
        .findings.filter(({ rule }) => rule === 'no-strategy')
        .map(({ remedies: [first] }) => first?.text);
    // A bucket is mirrored to the places themselves.
    const bucket = "grantBackup(this, { bucket: 'media' }, mirrored({ to: offsite }))";
    const claim = (to: string) => `backUp(this, { claim: 'more' }, nightly({ to: ${to}, keep: { daily: 7 } }))`;
    expect(remedies([offsite, local, local])).toEqual([bucket, claim('local')]);
    expect(remedies([offsite, local])).toEqual([bucket, claim('local')]);
    expect(remedies([offsite, offsite, local])).toEqual([bucket, claim('offsite')]);
    expect(remedies([offsite, alone, alone])).toEqual([bucket, claim('offsite')]);
  });
});
