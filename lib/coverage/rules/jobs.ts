/** Jobs that would be rendered and could not run. */
import { counted } from '../../model/text';
import { aboutDataset, toFix } from '../finding';
import type { Rule } from '../rule';

export const jobUnready: Rule = {
  id: 'job-unready',
  heading: (n) => `${counted(n, 'job')} that could not run`,
  what: 'A job needs something that nobody has said: the pods that serve its location, the size of its scratch volume, or the class of it.',
  why: 'Its NetworkPolicy would cut it off from the store, or its pod would wait for a volume, every night until the deadline.',
  fix: 'Say it: in the location, in the construct, or in `platform.jobs`.',
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
  check: ({ methods }) =>
    [...methods.jobs.problems, ...methods.ceph.problems].flatMap((problem) =>
      problem.type === 'unready'
        ? [{ ...aboutDataset(problem.dataset), because: problem.because, remedies: toFix(problem.line) }]
        : [],
    ),
};
