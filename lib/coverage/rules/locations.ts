/** Locations are what they claim to be, and no two of them are one. */
import { distinctBy, groupBy } from '../../model/collections';
import { isExcluded } from '../../model/declaration';
import { at, groupOf, textAt } from '../../model/kube-object';
import { endpointHost, isMirror, storeKey, type Location } from '../../model/location';
import { isDnsLabel } from '../../model/names';
import type { RenderedObject } from '../../model/rendered';
import { counted } from '../../model/text';
import type { GateContext, LocationUse } from '../context';
import { aboutDataset, aboutObject, describeOrigin, toFix, type RuleFinding } from '../finding';
import type { Rule } from '../rule';

export const locationMalformed: Rule = {
  id: 'location-malformed',
  heading: (n) => `${counted(n, 'location')} that no client can use`,
  what: 'The endpoint, the bucket or the name of a location is not what servers and objects accept.',
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
      malformed(location).map((because) => ({
        subject: `location '${location.name}'`,
        at: origin,
        because,
        remedies: toFix('correct the field'),
      })),
    ),
};

function malformed({ name, endpoint, bucket, failureDomain, mirror }: Location): readonly string[] {
  const problems: string[] = [];
  if (!isDnsLabel(name, 20)) {
    problems.push(`the name '${name}' is no short DNS label: lower case letters, digits and '-', at most 20`);
  }
  if (!/^https?:\/\/[^/?#\s]+\/?$/.test(endpoint))
    problems.push(`the endpoint '${endpoint}' is no URL of a server: write https://host`);
  // Amazon's rules for bucket names; Ceph RGW refuses names shorter than three characters too.
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    problems.push(`the bucket name '${bucket}' is not one that S3 servers accept`);
  if (!/^(cluster|site|offsite(-[a-z0-9-]+)?)$/.test(failureDomain)) {
    problems.push(`the failure domain '${failureDomain}' is not one of cluster, site, offsite or offsite-<name>`);
  }
  if (mirror !== undefined && !isMirror(mirror))
    problems.push('the mirror is no strategy: write elsewhere(…), or nightly({ to: … })');
  return problems;
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
          remedies: toFix('describe it once and import it'),
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
        because: `'${other.location.name}' is the same place: bucket ${location.bucket} at ${location.endpoint}`,
        remedies: toFix(`give one of them another bucket or prefix`),
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
      const host = endpointHost(location);
      if (host === undefined || location.failureDomain === 'cluster' || !servedHosts.isInCluster(host)) return [];
      const server = servedHosts.servedBy(host);
      const by =
        server === undefined
          ? 'a Service of the cluster'
          : `${server.object.kind} ${server.object.metadata.name} (${describeOrigin(server.origin)})`;
      return [
        {
          subject: `location '${location.name}'`,
          at: origin,
          because: `it claims '${location.failureDomain}', but ${host} is served by ${by}`,
          remedies: toFix(`s3Location('${location.name}', { …, failureDomain: 'cluster' })`),
        },
      ];
    }),
};

export const mirrorUnproven: Rule = {
  id: 'mirror-unproven',
  heading: (n) => `${counted(n, 'mirror')} that nothing carries out`,
  what: 'A location declares a mirror on a schedule, and no object in the output copies it.',
  why: 'The off-site copy would exist only in the code.',
  fix: 'Until the construct for mirrors exists, say who copies the location with `elsewhere`.',
  example: `const local = s3Location('local', {
  endpoint: 'https://nas.example.net',
  bucket: 'backups',
  failureDomain: 'site',
  keptIn: 'sealed envelope, bank',
  mirror: nightly({ to: offsite }),
});
new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: local, keep: { daily: 7 } }) });`,
  check: ({ locations }) =>
    distinctBy(
      locations.filter(({ location }) => location.mirror?.type === 'scheduled'),
      ({ location }) => location.name,
    ).map(({ location, at: origin }) => ({
      subject: `mirror of location '${location.name}'`,
      at: origin,
      remedies: toFix(
        `mirror: elsewhere('Who copies the bucket, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) })`,
      ),
    })),
};

export const fluxSourceInside: Rule = {
  id: 'flux-source-inside',
  heading: () => 'Flux reads its repository from a server that Flux itself deploys',
  what: 'The Git server that Flux reads from runs in the cluster, and the repository has no copy outside.',
  why: 'It works until it is needed: to rebuild the cluster one needs the repository, and to read the repository one needs the cluster.',
  fix: 'Mirror the repository to another Git server and answer `fluxRepository` with it.',
  example: `new ApiObject(chart, 'source', {
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'GitRepository',
  metadata: { name: 'flux-system', namespace: 'flux-system' },
  spec: { interval: '5m', url: 'http://gitea-http.forge.svc:3000/home/cluster.git', ref: { branch: 'main' } },
});
const fluxRepository = excluded('Every administrator has a clone on a laptop.');`,
  check: (context) => {
    const { answers, platform, servedHosts } = context;
    const repository = answers.answered.find(({ ref }) => ref === 'fluxRepository');
    const source = sourceOf(context);
    const url = textAt(source?.object, 'spec', 'url') ?? platform.flux.sourceRef.url;
    const host = url === undefined ? undefined : hostOf(url);
    if (
      repository === undefined ||
      host === undefined ||
      !isExcluded(repository.answer) ||
      !servedHosts.isInCluster(host)
    )
      return [];
    return [
      {
        ...(source === undefined ? aboutDataset(repository) : aboutObject(source.object, source.origin)),
        because: `it reads from ${host}, which the cluster serves`,
        remedies: toFix(
          `fluxRepository: elsewhere('Who mirrors it, and where to.', { failureDomain: 'offsite', rpo: Duration.days(1) })`,
        ),
      },
    ];
  },
};

function sourceOf({ input, platform }: GateContext): RenderedObject | undefined {
  const name = platform.flux.sourceRef.name;
  return input.objects.find(
    ({ object }) =>
      groupOf(object.apiVersion) === 'source.toolkit.fluxcd.io' &&
      object.kind === 'GitRepository' &&
      object.metadata.name === name &&
      at(object, 'spec', 'url') !== undefined,
  );
}

function hostOf(url: string): string | undefined {
  try {
    return new URL(url).hostname;
  } catch {
    return undefined;
  }
}
