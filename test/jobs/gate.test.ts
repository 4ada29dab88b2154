/** The gate reads the objects of a job like anybody's: it must have nothing to say of them. */
import { ApiObject } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { backupJob, upkeepJob } from '../../lib/jobs/backup-job';
import { copyJob } from '../../lib/jobs/copy-job';
import { mirrorJob } from '../../lib/jobs/mirror-job';
import { probeJob } from '../../lib/jobs/probe-job';
import type { KubeObject } from '../../lib/model/kube-object';
import { explain, synthesizeScenario } from '../support/scenario';
import { copyOfPostgres, etcdJob, mirrorOfBucket, postgresJob, probeOfGrants, upkeepOfPostgres } from './jobs';

describe('the gate', () => {
  it('accepts the objects of every job', () => {
    const jobs = [
      ...backupJob(postgresJob),
      ...backupJob(etcdJob),
      ...upkeepJob(upkeepOfPostgres),
      ...copyJob(copyOfPostgres),
      ...mirrorJob(mirrorOfBucket),
      ...probeJob(probeOfGrants),
    ];
    expect(findingsOf(jobs)).toBe('');
  });

  it('[substitution] would not, if Flux were let at the scripts', () => {
    const [job, scripts, policy] = backupJob(postgresJob);
    if (job === undefined || scripts === undefined || policy === undefined) throw new Error('an object is missing');
    const bare = { ...scripts, metadata: { ...scripts.metadata, annotations: {} } };
    expect(findingsOf([job, bare, policy])).toContain('${');
  });
});

function findingsOf(objects: readonly KubeObject[]): string {
  const { findings } = synthesizeScenario(
    ({ chart }) => {
      for (const [index, object] of objects.entries()) new ApiObject(chart, `object-${index}`, { ...object });
    },
    { namespace: 'forge' },
  );
  return explain(findings);
}
