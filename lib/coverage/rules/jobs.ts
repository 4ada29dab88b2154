/** Jobs that would be rendered and could not run. */
import { accessModes } from '../../methods/jobs/placed';
import type { PlannedJob } from '../../methods/jobs/plan';
import type { Unsaid } from '../../methods/unsaid';
import { distinctBy } from '../../model/collections';
import { datasetKey } from '../../model/dataset';
import { counted, UNKNOWN } from '../../model/text';
import type { GateContext } from '../context';
import { aboutDataset, inWords, toFix, type Remedy } from '../finding';
import type { Rule } from '../rule';

export const jobUnready: Rule = {
  id: 'job-unready',
  heading: (n) => `${counted(n, 'job')} that could not run`,
  what: 'A job needs something that nobody has said: the pods that serve its location, the size of its scratch volume, or the class of it. Or the class makes no volumes or retains them. Or it reads a volume that only one pod may mount, or runs beside pods with labels that those of the volume do not have, or others have as well, or a name in its construct is still the one that a finding printed. Or its containers ask for more than a limit that the construct or the platform sets them.',
  why: 'Its NetworkPolicy would cut it off from the store, or its pod would wait for a volume or a node, every night until the deadline. A CronJob that the API server refuses keeps Flux from applying its whole folder.',
  fix: 'Say it: in the location, in the construct, or in `platform.jobs`. Let the application’s claim be `ReadWriteOnce`, and name the labels of its pods.',
  example: `const minio = s3Location('minio', {
  endpoint: 'http://minio.minio.svc:9000',
  bucket: 'backups',
  failureDomain: 'cluster',
  keptIn: 'sealed envelope, bank',
});
new BackedUpPostgres(chart, 'db', {
  storage: Size.gibibytes(20),
  backup: [nightly({ to: minio, keep: { daily: 14 } }), continuous({ to: offsite, restoreWindow: Duration.days(30) })],
});`,
  check: (context) => {
    const jobs = distinctBy(context.methods.jobs.jobs, ({ dataset }) => datasetKey(dataset.id));
    return [
      ...context.jobProblems.flatMap((problem) =>
        problem.type === 'unready'
          ? [{ ...aboutDataset(problem.dataset), because: problem.because, remedies: remediesOf(problem) }]
          : [],
      ),
      ...jobs
        .filter(({ declaration: { source } }) => JSON.stringify(source).includes(UNKNOWN))
        .map(({ dataset, declaration: { name } }) => ({
          ...aboutDataset(dataset),
          because: `nobody has replaced the '${UNKNOWN}' in what '${name}' is told of the server`,
          remedies: inWords('write the names that the cluster has'),
        })),
      ...jobs
        .filter((job) => isForOnePod(job, context))
        .map(({ dataset, declaration: { name } }) => ({
          ...aboutDataset(dataset),
          because: `only one pod may mount the claim that '${name}' reads while the application runs`,
          remedies: toFix(`accessModes: ['ReadWriteOnce']`),
        })),
    ];
  },
};

function remediesOf({ line, advice }: Unsaid): readonly Remedy[] {
  return line === undefined ? inWords(advice) : toFix(line);
}

/** Whether a claim that a job reads lets nobody in beside the application. */
function isForOnePod({ dataset, declaration }: PlannedJob, context: GateContext): boolean {
  return accessModes(dataset, declaration, context).includes('ReadWriteOncePod');
}
