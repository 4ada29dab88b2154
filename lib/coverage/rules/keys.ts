/** The keys without which a copy cannot be read survive what the copy protects. */
import type { PlannedJob } from '../../methods/jobs/plan';
import type { AnsweredDataset } from '../../model/answered';
import { distinctBy } from '../../model/collections';
import { datasetKey } from '../../model/dataset';
import { isExcluded, type Origin } from '../../model/declaration';
import { counted, isPlaceholder, placeProblem, PLACEHOLDERS } from '../../model/text';
import type { GateContext } from '../context';
import { survives } from '../copies';
import { aboutDataset, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import { giteaJobs } from '../gitea-stores';
import { elsewhereLine } from '../remedies';
import type { Rule } from '../rule';

export const keysInside: Rule = {
  id: 'keys-inside',
  heading: (n) =>
    `${counted(n, 'key')} that ${n === 1 ? 'is' : 'are'} lost with what ${n === 1 ? 'it protects' : 'they protect'}`,
  what: 'The keys that are needed to read a copy are kept only inside what the copy protects, as far as anybody says. So is the SECRET_KEY of a Gitea that neither its volume nor a Secret of `settings` has, and the key of a KMS that encrypts Secrets, which no copy of etcd has.',
  why: 'The backup is complete, fresh and encrypted, and the password was in the etcd that burned. A Gitea without its SECRET_KEY starts, and locks out everybody with a second factor.',
  fix: 'Keep the keys outside as well, and say where in `keptIn`, or in `secretsKeptIn` of a database whose Cluster names Secrets and `kmsKeptIn` of `kubeadmEtcd`, in words for the person who rebuilds the cluster. A text that only puts it off (`TBD`, `unknown`), or that names nothing but the cluster (`etcd`, `in the cluster`, `Secret velero/keys`), names no place.',
  example: `const forgotten = s3Location('far', {
  endpoint: 'https://s3.example.net',
  bucket: 'home-backups',
  failureDomain: 'offsite',
  keptIn: '',
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: forgotten, keep: { daily: 7 } }) });`,
  check: (context) => {
    const locations = context.locations.map(({ location, at }) => ({
      subject: `keys of location '${location.name}'`,
      at,
      keptIn: location.keptIn,
    }));
    const secrets = [
      ...locations,
      ...repositoryPassword(context),
      ...applicationKeys(context),
      ...keysOfKms(context),
    ].flatMap(({ keptIn, property = 'keptIn', ...about }: Kept) => {
      const because = placeProblem(keptIn);
      if (because === undefined) return [];
      const remedies = isPlaceholder(keptIn)
        ? inWords('say where the person finds them who rebuilds the cluster')
        : toFix(`${property}: '${PLACEHOLDERS.place}'`);
      return [{ ...about, because, remedies }];
    });
    const ofDatabases = context.copied.flatMap((dataset) =>
      distinctBy(context.methods.cnpg.namedSecretsOf(dataset), ({ name }) => name).flatMap(
        ({ namespace, name, keptIn }) => {
          const because = placeProblem(keptIn);
          if (because === undefined) return [];
          const { at } = dataset.declaration;
          return [{ subject: `keys in Secret ${namespace}/${name}`, at, because, remedies: SECRETS_OF_CLUSTER }];
        },
      ),
    );
    const keys = context.answers.answered
      .filter(({ ref, answer }) => ref === 'keys' && !isExcluded(answer))
      .flatMap((dataset) =>
        context.copiesOf(dataset).some((copy) => survives(copy.failureDomain, 'cluster'))
          ? []
          : [
              {
                ...aboutDataset(dataset),
                because: 'they are kept only in the cluster that they open',
                remedies: toFix(`keys: ${elsewhereLine(PLACEHOLDERS.keyCopy)}`),
              },
            ],
      );
    return [...secrets, ...ofDatabases, ...keys, ...secretKeyNowhere(context)];
  },
};

export const keysLeftOut: Rule = {
  id: 'keys-left-out',
  heading: (n) => `${counted(n, 'answer')} for keys that ${n === 1 ? 'leaves' : 'leave'} copies of etcd unreadable`,
  what: '`keys` of the app is an exclusion, and etcd is copied without them: somebody else copies it, or its construct says `externalCa`.',
  why: 'Without the authorities of the cluster no node joins what comes back, and without the keys of the encryption configuration nobody reads its Secrets. `kubeadmEtcd` copies both with each snapshot; of what somebody else makes, and of an authority outside of the nodes, nobody has said where they are.',
  fix: 'Say in `keys` who keeps them, be it the provider of the control plane, or let `kubeadmEtcd` copy etcd.',
  example: `const keys = excluded('The cluster can be set up anew from Git.');`,
  check: (context) => {
    const keys = context.answers.answered.find(({ ref }) => ref === 'keys');
    const etcd = context.answers.answered.find(({ ref }) => ref === 'etcd');
    if (keys === undefined || etcd === undefined || !isExcluded(keys.answer)) return [];
    const because = whyWithoutKeys(etcd, context);
    if (because === undefined) return [];
    return [{ ...aboutDataset(keys), because, remedies: toFix(`keys: ${elsewhereLine(PLACEHOLDERS.keyCopy)}`) }];
  },
};

/** Why no copy of etcd has the keys along; `undefined` where one has them, or where there is none. */
function whyWithoutKeys({ id, answer }: AnsweredDataset, { input }: GateContext): string | undefined {
  if (isExcluded(answer)) return undefined;
  const job = input.jobs.find(({ dataset }) => datasetKey(dataset) === datasetKey(id));
  if (job === undefined || answer.strategies.every(({ type }) => type === 'elsewhere'))
    return 'somebody else copies etcd, and nobody says who keeps the authorities and the encryption keys that it cannot be used without';
  return job.source.steps.some(({ env }) => env?.['EXTERNAL_CA'] === 'true')
    ? 'externalCa says that the keys of the authorities are kept elsewhere, and nobody says where'
    : undefined;
}

/** Keys, and where a person said that they are kept. */
interface Kept {
  readonly subject: string;
  readonly at?: Origin;
  readonly keptIn: string;
  /** In which it was said. */
  readonly property?: string;
}

/** A Gitea whose `app.ini` is on its volume has the key in its copies, which the job looks at. */
function secretKeyNowhere(context: GateContext): readonly RuleFinding[] {
  return distinctBy(giteaJobs(context), ({ dataset }) => datasetKey(dataset.id))
    .filter(({ declaration: { source, keys = [] } }) => {
      const isOnVolume = source.steps.some(({ env }) => (env?.['CONFIGURATION'] ?? '') !== '');
      return !isOnVolume && !keys.some((secret) => secret.keys.some((key) => SECRET_KEY.test(key)));
    })
    .map(({ dataset }) => ({
      ...aboutDataset(dataset),
      because: 'no copy carries its SECRET_KEY, and nobody said which key of a Secret that is',
      remedies: toFix(`settings: { secret: 'gitea-settings', keys: ['SECRET_KEY'], keptIn: '${PLACEHOLDERS.place}' }`),
    }));
}

/** A variable or a file of that name, or a part of `app.ini` that has it, as Gitea’s chart reads them. */
const SECRET_KEY = /secret[-_]?key|^security$|\.ini$/i;

/** Of a Cluster that names Secrets of somebody's own. */
const SECRETS_OF_CLUSTER: readonly Remedy[] = [
  ...toFix(`secretsKeptIn: '${PLACEHOLDERS.place}'`),
  ...inWords(
    'PostgresBackup takes it, too, in the place of backUp; a Secret that the Cluster does not name is made by the operator',
  ),
];

/** Keys of applications, which no copy of them carries. */
function applicationKeys(context: GateContext): readonly Kept[] {
  const keys = jobsByDataset(context).flatMap(({ declaration: { keys: declared = [], at } }) =>
    declared.map(({ name, namespace, keptIn }) => ({ subject: `keys in Secret ${namespace}/${name}`, at, keptIn })),
  );
  return distinctBy(keys, ({ subject, at, keptIn }) => JSON.stringify([subject, at, keptIn]));
}

/** That nobody said where they are kept, where there is one, only the job can see. */
function keysOfKms(context: GateContext): readonly Kept[] {
  return jobsByDataset(context).flatMap(({ declaration: { kmsKeptIn, at } }) =>
    kmsKeptIn === undefined
      ? []
      : [{ subject: 'keys of the KMS that encrypts Secrets', at, keptIn: kmsKeptIn, property: 'kmsKeptIn' }],
  );
}

function jobsByDataset({ methods }: GateContext): readonly PlannedJob[] {
  return distinctBy(methods.jobs.jobs, ({ dataset }) => datasetKey(dataset.id));
}

/** That none was chosen at all is a finding of its own. */
function repositoryPassword({ platform, methods }: GateContext): readonly Kept[] {
  const keptIn = platform.velero?.repositoryPassword?.keptIn ?? '';
  if (keptIn.trim() === '' || methods.velero.plans.length === 0) return [];
  return [{ subject: 'password of Velero’s repositories', keptIn }];
}
