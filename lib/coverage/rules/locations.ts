/** Locations are what they claim to be, and no two of them are one. */
import { parseRange, rangeMeant } from '../../model/address-range';
import { distinctBy, groupBy } from '../../model/collections';
import { describeDataset } from '../../model/dataset';
import { at, describeObject, mappingAt, objectId, textsAt, type KubeObject } from '../../model/kube-object';
import { isFailureDomain, isMirror, serverName, storeKey, type Location } from '../../model/location';
import { isDnsLabel, isLabelKey, isLabelValue } from '../../model/names';
import { misfitsOf, saidOfDatasets, type Synchronized } from '../../model/strategy';
import { counted, enumerated, PLACEHOLDERS } from '../../model/text';
import { bucketClaims, isBucketOf } from '../buckets';
import type { GateContext, LocationUse } from '../context';
import { describeOrigin, inWords, toFix, type Remedy, type RuleFinding } from '../finding';
import { elsewhereLine } from '../remedies';
import type { Rule } from '../rule';
import { describeServer, type Server } from '../served-hosts';
import { WITH_ROOK } from './bucket-example';

export const locationMalformed: Rule = {
  id: 'location-malformed',
  heading: (n) => `${counted(n, 'location')} that no client can use`,
  what: 'The endpoint, the bucket or the name of a location is not what servers and objects accept, or its mirror is none that a job can carry out.',
  why: 'It would fail only in the cluster, at night, and Velero calls the location Unavailable without stopping anything.',
  fix: 'Correct the field.',
  example: `const odd = s3Location('offsite', {
  endpoint: 's3.example.net',
  bucket: 'home-backups',
  failureDomain: 'offsite',
  keptIn: 'sealed envelope, bank',
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: odd, keep: { daily: 7 } }) });`,
  check: ({ locations }) =>
    locations.flatMap(({ location, at: origin }) =>
      malformed(location).map((problem) => ({ subject: `location '${location.name}'`, at: origin, ...problem })),
    ),
};

type Problem = Pick<RuleFinding, 'because' | 'remedies'>;

/** Code without types may leave anything out. */
function malformed(location: Location): readonly Problem[] {
  const { name, bucket, failureDomain, mirror } = location;
  const problems: Problem[] = [];
  if (typeof name !== 'string' || !isDnsLabel(name, 20)) {
    const because = `the name '${name}' is not a short DNS label: lower case letters, digits and '-', at most 20`;
    problems.push({ because, remedies: inWords(`call it '${slug(name, 20) || 'offsite'}'`) });
  }
  problems.push(...malformedEndpoint(location));
  // Amazon's rules for bucket names; Ceph RGW refuses names shorter than three characters too.
  if (typeof bucket !== 'string' || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    const because = `the bucket name '${bucket}' is not one that S3 servers accept`;
    const meant = slug(bucket, 63);
    problems.push({ because, remedies: toFix(`bucket: '${meant.length < 3 ? 'home-backups' : meant}'`) });
  }
  const domain = failureDomainProblem(failureDomain);
  if (domain !== undefined) problems.push(domain);
  problems.push(...malformedPeer(location));
  if (mirror !== undefined && !isMirror(mirror)) {
    const remedies = toFix(`mirror: ${elsewhereLine(PLACEHOLDERS.bucketCopy)}`);
    problems.push({ because: 'the mirror is not a strategy', remedies });
  } else if (mirror?.type === 'scheduled') {
    problems.push(...malformedMirror(mirror));
  }
  return problems;
}

/** What a NetworkPolicy would select no pods by, or that the API server would refuse in it. */
function malformedPeer({ reachedAt }: Location): readonly Problem[] {
  if (reachedAt === undefined) return [];
  if (at(reachedAt, 'cidrs') !== undefined) return malformedRanges(textsAt(reachedAt, 'cidrs'));
  const pairs = Object.entries(mappingAt(reachedAt, 'labels'));
  const isFilled =
    isDnsLabel(at(reachedAt, 'namespace')) &&
    Number.isInteger(at(reachedAt, 'port')) &&
    pairs.length > 0 &&
    pairs.every(([key, value]) => isLabelKey(key) && typeof value === 'string' && value !== '' && isLabelValue(value));
  if (isFilled) return [];
  return [
    {
      because: `reachedAt ${JSON.stringify(reachedAt)} names no pods: a namespace, labels and a port`,
      remedies: inWords('write what the cluster has: kubectl get pods -A --show-labels'),
    },
  ];
}

function malformedRanges(cidrs: readonly string[]): readonly Problem[] {
  const wrong = cidrs.filter((cidr) => parseRange(cidr)?.isNetwork !== true);
  if (cidrs.length > 0 && wrong.length === 0) return [];
  const meant =
    cidrs.length === 0 ? ['192.168.1.0/24'] : cidrs.map((cidr) => (wrong.includes(cidr) ? rangeMeant(cidr) : cidr));
  const problem =
    wrong.length === 0
      ? 'no ranges'
      : `${enumerated(wrong.map((cidr) => `'${cidr}'`))}, which the API server does not take for ranges`;
  return [
    {
      because: `reachedAt names ${problem} of addresses`,
      remedies: toFix(`reachedAt: { cidrs: [${meant.map((cidr) => `'${cidr}'`).join(', ')}] }`),
    },
  ];
}

function malformedMirror(mirror: Synchronized): readonly Problem[] {
  const ofDatasets = saidOfDatasets(mirror);
  return [
    ...ofDatasets.map((option) => ({
      because: `the mirror has ${option}, which nothing carries out: it has what its source has`,
      remedies: inWords(`leave ${option} to the strategies that copy to the location`),
    })),
    ...misfitsOf(mirror)
      .filter(({ option }) => !ofDatasets.includes(option))
      .map(({ option, problem, write }) => ({
        because: `the ${option} of the mirror ${problem}`,
        remedies: toFix(write),
      })),
  ];
}

/** What is wrong with a failure domain, whoever claims it. */
export function failureDomainProblem(given: unknown): Problem | undefined {
  if (isFailureDomain(given)) return undefined;
  const because = `the failure domain '${String(given)}' is not one of cluster, site, offsite or offsite-<name>`;
  const meant = slug(given, 63);
  return {
    because,
    remedies: isFailureDomain(meant)
      ? toFix(`failureDomain: '${meant}'`)
      : inWords('say what is lost together with the copy: the cluster, its site, or neither'),
  };
}

function malformedEndpoint({ name, endpoint }: Location): readonly Problem[] {
  const [, scheme = 'https', user, host = ''] =
    /^(?:(https?):\/\/)?([^/?#\s]*@)?([\w.:-]*)/.exec(String(endpoint)) ?? [];
  const meant = `${scheme}://${host}`;
  const remedies = toFix(`endpoint: '${host.includes('.') && URL.canParse(meant) ? meant : 'https://s3.example.net'}'`);
  if (user !== undefined) {
    const because = `the endpoint carries keys, which would stand in the repository: they belong in the Secret backed-up-${name}`;
    return [{ because, remedies }];
  }
  if (/^https?:\/\/[^/?#\s]+\/?$/.test(endpoint) && URL.canParse(endpoint)) return [];
  return [{ because: `the endpoint '${endpoint}' is not the URL of a server`, remedies }];
}

/** What a text could be called where only lower case letters, digits and `-` may stand. */
function slug(text: unknown, length: number): string {
  return String(text)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, length)
    .replaceAll(/^-+|-+$/g, '');
}

export const locationAmbiguous: Rule = {
  id: 'location-ambiguous',
  heading: (n) => `${counted(n, 'location')} ${n === 1 ? 'is' : 'are'} described twice`,
  what: 'Two different locations have one name, or two names stand for one place in a store.',
  why: 'Secrets and storage locations are named after it: one of the two would silently win, and two datasets in one path overwrite each other.',
  fix: 'Describe each location once, in one file, and give each its own bucket or prefix.',
  example: `const near = s3Location('near', { endpoint: 'https://s3.example.net', bucket: 'copies', failureDomain: 'offsite', keptIn: 'sealed envelope, bank' });
const far = s3Location('far', { endpoint: 'https://s3.example.net', bucket: 'copies', failureDomain: 'offsite', keptIn: 'sealed envelope, bank' });
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: near, keep: { daily: 7 } }) });
new BackedUpVolume(chart, 'more', { storage: Size.gibibytes(20), backup: weekly({ to: far, keep: { weekly: 8 } }) });`,
  check: ({ locations }) => [...oneNameTwice(locations), ...onePlaceTwice(locations)],
};

function oneNameTwice(locations: readonly LocationUse[]): readonly RuleFinding[] {
  return [...groupBy(locations, ({ location }) => location.name)].flatMap(([name, [first, ...others]]) =>
    first === undefined || others.length === 0
      ? []
      : others.map(({ at: origin }) => ({
          subject: `location '${name}'`,
          at: origin,
          because: `${describeOrigin(first.at)} uses the name for another place`,
          remedies: inWords('describe it once and import it'),
        })),
  );
}

function onePlaceTwice(locations: readonly LocationUse[]): readonly RuleFinding[] {
  const byName = distinctBy(locations, ({ location }) => location.name);
  return byName.flatMap(({ location, at: origin }, index) => {
    const other = byName.slice(0, index).find((candidate) => overlap(candidate.location, location));
    if (other === undefined) return [];
    return [
      {
        subject: `location '${location.name}'`,
        at: origin,
        because: `'${other.location.name}' is the same place: bucket ${location.bucket} of ${serverName(location.endpoint)}`,
        remedies: toFix(placeApart(location, other.location)),
      },
    ];
  });
}

/** Whether the objects of one location could stand among those of the other. */
function overlap(a: Location, b: Location): boolean {
  if (storeKey(a) !== storeKey(b)) return false;
  const [first, second] = [`${a.prefix}/`, `${b.prefix}/`];
  return a.prefix === '' || b.prefix === '' || first.startsWith(second) || second.startsWith(first);
}

/** Without a prefix the other one has the whole bucket. */
function placeApart({ name, bucket }: Location, other: Location): string {
  return other.prefix === '' ? `bucket: '${bucket}-${name}'` : `prefix: '${name}'`;
}

export const falseFailureDomain: Rule = {
  id: 'false-failure-domain',
  heading: (n) =>
    `${counted(n, 'location')} ${n === 1 ? 'is' : 'are'} in the cluster and claim${n === 1 ? 's' : ''} not to be`,
  what: 'A location says that it survives the loss of the cluster, and the cluster itself serves it.',
  why: 'The copy is lost together with the original, and every calculation of survival says otherwise.',
  fix: `Say \`failureDomain: 'cluster'\` and add a copy outside.`,
  example: `const rgw = s3Location('rgw', {
  endpoint: 'http://rook-ceph-rgw-store-a.rook-ceph.svc',
  bucket: 'backups',
  failureDomain: 'offsite',
  keptIn: 'sealed envelope, bank',
});
new BackedUpVolume(chart, 'data', {
  storage: Size.gibibytes(20),
  backup: [nightly({ to: rgw, keep: { daily: 7 } }), weekly({ to: offsite, keep: { weekly: 8 } })],
});`,
  check: ({ locations, servedHosts }) =>
    locations.flatMap(({ location, at: origin }) => {
      const server = servedHosts.serverOfLocation(location);
      if (server === undefined || location.failureDomain === 'cluster') return [];
      return [
        {
          subject: `location '${location.name}'`,
          at: origin,
          because: `it claims '${location.failureDomain}', but is reached at ${describeServer(server)}`,
          remedies: [...toFix(`failureDomain: 'cluster'`), ...ifItIsOutside(server)],
        },
      ];
    }),
};

/** Where only a name says that a location is inside, the server may have a better one. */
function ifItIsOutside({ host, by }: Server): readonly Remedy[] {
  if (by === undefined && !/[.:]/.test(host) && host !== 'localhost') {
    return inWords(
      `if it is outside, name its domain too, such as ${host}.lan: pods look for a Service of that name first`,
    );
  }
  return by?.host.startsWith('*.') === true
    ? inWords(`if it is outside, use its address, or a name that ${by.host} does not cover`)
    : [];
}

export const mirrorUnproven: Rule = {
  id: 'mirror-unproven',
  heading: (n) => `${counted(n, 'mirror')} that nothing carries out`,
  what: 'A location declares a mirror on a schedule, and a copy in it is brought there by no object in the output: that of a bucket, which is a mirror itself.',
  why: 'The off-site copy would exist only in the code.',
  fix: 'Mirror the bucket to the other location as well.',
  example: `${WITH_ROOK}
const nas = s3Location('nas', {
  endpoint: 'https://nas.example.net',
  bucket: 'backups',
  failureDomain: 'site',
  keptIn: 'sealed envelope, bank',
  mirror: nightly({ to: offsite }),
});
new CephBucketWithBackupGrant(chart, 'media', {
  bucketName: 'media',
  storageClass: 'bucket-retain',
  backup: mirrored({ to: nas }),
});`,
  check: (context) => {
    // What cannot be scheduled is a finding of its own.
    if (context.jobProblems.some(({ type }) => type === 'schedule')) return [];
    const mirrored = context.locations.filter(({ location }) => location.mirror?.type === 'scheduled');
    return distinctBy(mirrored, ({ location }) => location.name).flatMap(({ location, at: origin }) => {
      const left = context.copied.find((dataset) =>
        context.copiesOf(dataset).some(({ evidence }) => evidence.type === 'mirror' && evidence.of === location.name),
      );
      if (left === undefined) return [];
      const to = location.mirror?.type === 'scheduled' ? location.mirror.to.name : '';
      return [
        {
          subject: `mirror of location '${location.name}'`,
          at: origin,
          because: `no job brings the copies of ${describeDataset(left.id)} there`,
          remedies: inWords(`add mirrored({ to: ${to} }) to the strategies of the bucket, which may be a list`),
        },
      ];
    });
  },
};

export const objectLockImpossible: Rule = {
  id: 'object-lock-impossible',
  heading: (n) => `${counted(n, 'location')} whose objects are not locked, as ${n === 1 ? 'it claims' : 'they claim'}`,
  what: 'A location says that its objects are locked against deletion, and its bucket cannot lock them: it keeps no old versions, or a claim of Rook makes it.',
  why: 'S3 locks objects only in a bucket that was made so, and that keeps versions: switching it on later answers 409. Rook makes none so. Whoever gets hold of the keys deletes backups that everybody takes to be locked.',
  fix: 'Make the bucket anew, with object lock, and say `versioned: true`; or do not count on it.',
  example: `const vault = s3Location('vault', {
  endpoint: 'https://s3.example.net',
  bucket: 'home-vault',
  failureDomain: 'offsite',
  keptIn: 'sealed envelope, bank',
  objectLocked: true,
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: vault, keep: { daily: 7 } }) });`,
  check: (context) =>
    distinctBy(context.locations, ({ location }) => location.name).flatMap(({ location, at: origin }) => {
      if (!location.objectLocked) return [];
      const about = { subject: `location '${location.name}'`, at: origin };
      const claim = claimOf(location, context);
      if (claim !== undefined) {
        const because = `${describeObject(objectId(claim))} makes its bucket, and Rook makes none with object lock`;
        return [{ ...about, because, remedies: toFix('objectLocked: false') }];
      }
      if (location.versioned) return [];
      const because = 'it keeps no old versions, and object lock implies them';
      return [{ ...about, because, remedies: toFix('objectLocked: false') }];
    }),
};

/** The claim that makes the bucket of a location. */
function claimOf(location: Location, context: GateContext): KubeObject | undefined {
  return bucketClaims(context).find(({ object }) => isBucketOf(location, object, context))?.object;
}
