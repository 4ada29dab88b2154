import { ApiObject, Duration, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { describe } from 'vitest';
import { BackedUpVolume, excluded, nightly, s3Location, weekly, type Location, type S3LocationProps } from '../../lib';
import { refuses } from '../support/rule-test';
import { clusterAnswers, offsite, platform } from '../support/scenario';

const keep = { daily: 7 };
const storage = Size.gibibytes(20);
const away: S3LocationProps = {
  endpoint: 'https://s3.example.org',
  bucket: 'copies',
  failureDomain: 'offsite',
  keptIn: 'sealed envelope, bank',
};
const inCluster: S3LocationProps = { ...away, endpoint: 'http://rgw.rook-ceph.svc', failureDomain: 'cluster' };

type Manifest = Readonly<Record<string, unknown>>;

function service(spec: Manifest): Manifest {
  const ports = [{ port: 9000 }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'minio' }, spec: { ports, ...spec } };
}

function balanced(annotation: string, value = 'HOST'): Manifest {
  const metadata = { name: 'minio', annotations: { [annotation]: value } };
  return { ...service({ type: 'LoadBalancer' }), metadata };
}

function ingress(spec: Manifest): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'minio' }, spec };
}

function gateway(spec: Manifest): Manifest {
  const metadata = { name: 'minio' };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata,
    spec: { gatewayClassName: 'any', ...spec },
  };
}

function traefik(kind: string, match: string): Manifest {
  const spec = { routes: [{ match, services: [{ name: 'minio', port: 9000 }] }] };
  return { apiVersion: 'traefik.io/v1alpha1', kind, metadata: { name: 'minio' }, spec };
}

function inNamespace(namespace: string): Manifest {
  return { ...service({}), metadata: { name: 'minio', namespace } };
}

/** A copy to a location that claims to be off-site, and one that really is. */
function claims(scope: Construct, props: Partial<S3LocationProps>): void {
  const to = s3Location('far', { ...away, ...props });
  new BackedUpVolume(scope, 'data', {
    storage,
    backup: [nightly({ to, keep }), weekly({ to: offsite, keep: { weekly: 8 } })],
  });
}

/** @param host stands in the place of `HOST`. */
function manifest(scope: Construct, text: Manifest, host: string): void {
  new ApiObject(scope, 'server', JSON.parse(JSON.stringify(text).replaceAll('HOST', host)));
}

function gitRepository(scope: Construct, url: string): void {
  new ApiObject(scope, 'source', {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { name: 'flux-system', namespace: 'flux-system' },
    spec: { interval: '5m', url, ref: { branch: 'main' } },
  });
}

/** Nobody copies the repository that Flux reads. */
const leftOut = { ...clusterAnswers, fluxRepository: excluded('Every administrator has a clone on a laptop.') };

describe('locations are what they claim to be', () => {
  refuses('false-failure-domain', ['W01'], 'a Service name that claims to be off-site', {
    build: ({ chart }, changed) => {
      const rgw = s3Location('rgw', { ...inCluster, failureDomain: changed ? 'offsite' : 'cluster' });
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: [nightly({ to: rgw, keep }), weekly({ to: offsite, keep: { weekly: 8 } })],
      });
    },
    says: `
      1 location is in the cluster and claims not to be: [false-failure-domain]

        ✖ location 'rgw'
            made by          example/data
            because          it claims 'offsite', but is reached at rgw.rook-ceph.svc, which only the cluster itself answers to
            to fix           failureDomain: 'cluster'
    `,
  });

  refuses('false-failure-domain', ['W01'], 'a public name that the cluster’s own gateway serves', {
    build: ({ chart }, changed) => {
      new ApiObject(chart, 'store', {
        apiVersion: 'ceph.rook.io/v1',
        kind: 'CephObjectStore',
        metadata: { name: 'store-a' },
        spec: {
          gateway: { port: 80, instances: 1 },
          hosting: { dnsNames: [changed ? 's3.example.org' : 's3.internal.example.org'] },
        },
      });
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: [nightly({ to: s3Location('public', away), keep }), weekly({ to: offsite, keep: { weekly: 8 } })],
      });
    },
    says: `
      1 location is in the cluster and claims not to be: [false-failure-domain]

        ✖ location 'public'
            made by          example/data
            because          it claims 'offsite', but is reached at s3.example.org, which CephObjectStore store-a (example/store) serves
            to fix           failureDomain: 'cluster'
    `,
  });

  /** In the manifest `HOST` stands for the host. The endpoint is `https://` and the host, where it says nothing else. */
  const SERVED: readonly {
    readonly situation: string;
    readonly host: string;
    readonly server: Manifest;
    readonly endpoint?: string;
    /** As the finding names it, where it is not the host. */
    readonly reached?: string;
  }[] = [
    {
      situation: 'a Service by its namespace',
      host: 'media',
      server: inNamespace('HOST'),
      endpoint: 'http://minio.media:9000',
      reached: 'minio.media',
    },
    {
      situation: 'a Service in a cluster with a domain of its own',
      host: 'media',
      server: inNamespace('HOST'),
      endpoint: 'http://minio.media.svc.home.lan',
      reached: 'minio.media.svc.home.lan',
    },
    {
      situation: 'the address of a Service',
      host: '10.96.1.5',
      server: service({ clusterIP: 'HOST' }),
      endpoint: 'http://10.96.1.5:9000',
    },
    {
      situation: 'the IPv6 address of a Service',
      host: 'fd00:0::5',
      server: service({ clusterIPs: ['10.96.1.7', 'HOST'] }),
      endpoint: 'http://[fd00::5]:9000',
      reached: 'fd00::5',
    },
    {
      situation: 'an address that MetalLB gives',
      host: '192.168.1.50',
      server: balanced('metallb.io/loadBalancerIPs', '192.168.1.51, HOST'),
    },
    {
      situation: 'an address that an older MetalLB gives',
      host: '192.168.1.50',
      server: balanced('metallb.universe.tf/loadBalancerIPs'),
    },
    { situation: 'an address that Cilium gives', host: '192.168.1.50', server: balanced('lbipam.cilium.io/ips') },
    {
      situation: 'an address that an older Cilium gives',
      host: '192.168.1.50',
      server: balanced('io.cilium/lb-ipam-ips'),
    },
    {
      situation: 'an address that kube-vip gives',
      host: '192.168.1.50',
      server: balanced('kube-vip.io/loadbalancerIPs'),
    },
    {
      situation: 'an address in the spec of a Service',
      host: '192.168.1.50',
      server: service({ type: 'LoadBalancer', loadBalancerIP: 'HOST' }),
    },
    {
      situation: 'a name that external-dns publishes inside',
      host: 's3.example.org',
      server: balanced('external-dns.alpha.kubernetes.io/internal-hostname'),
    },
    {
      situation: 'a name in capitals and with a dot at its end',
      host: 's3.example.org',
      server: ingress({ rules: [{ host: 'HOST' }] }),
      endpoint: 'https://S3.example.org.',
    },
    {
      situation: 'a name in the certificate of an Ingress',
      host: 's3.example.org',
      server: ingress({
        tls: [{ hosts: ['HOST'] }],
        defaultBackend: { service: { name: 'minio', port: { number: 80 } } },
      }),
    },
    {
      situation: 'a bucket that has a name of its own',
      host: 'copies.example.org',
      server: ingress({ rules: [{ host: 'HOST' }] }),
      endpoint: 'https://example.org',
    },
    {
      situation: 'a second name of an Ingress',
      host: 's3.example.org',
      server: {
        ...ingress({}),
        metadata: { name: 'minio', annotations: { 'nginx.ingress.kubernetes.io/server-alias': 'HOST' } },
      },
    },
    {
      situation: 'a wildcard of an Ingress',
      host: '*.example.org',
      server: ingress({ rules: [{ host: 'HOST' }] }),
      endpoint: 'https://s3.example.org',
      reached: 's3.example.org',
    },
    {
      situation: 'a wildcard of a Gateway',
      host: '*.example.org',
      server: gateway({ listeners: [{ name: 'tls', port: 443, protocol: 'TLS', hostname: 'HOST' }] }),
      endpoint: 'https://a.s3.example.org',
      reached: 'a.s3.example.org',
    },
    {
      situation: 'the address of a Gateway',
      host: '192.168.1.50',
      server: gateway({ listeners: [], addresses: [{ value: 'HOST' }] }),
    },
    {
      situation: 'a name of Traefik',
      host: 's3.example.org',
      server: traefik('IngressRoute', 'Host(`HOST`) && PathPrefix(`/`)'),
    },
    {
      situation: 'a name that Traefik passes on as TCP',
      host: 's3.example.org',
      server: traefik('IngressRouteTCP', 'HostSNI(`HOST`)'),
    },
  ];
  /** The name of a namespace has no dots. */
  const NOT_SERVED: Readonly<Record<string, string>> = { media: 'other' };
  for (const { situation, host, server, endpoint = `https://${host}`, reached = host } of SERVED) {
    const outside = host.startsWith('*')
      ? `
            what to do       if it is outside, use its address, or a name that ${host} does not cover`
      : '';
    refuses('false-failure-domain', ['W01'], situation, {
      build: ({ chart }, changed) => {
        manifest(chart, server, changed ? host : (NOT_SERVED[host] ?? 'other.example.com'));
        claims(chart, { endpoint, pathStyle: false });
      },
      says: `
      1 location is in the cluster and claims not to be: [false-failure-domain]

        ✖ location 'far'
            made by          example/data
            because          it claims 'offsite', but is reached at ${reached}, which ${String(server['kind'])} minio (example/server) serves
            to fix           failureDomain: 'cluster'${outside}
    `,
    });
  }

  const LOCAL = [
    ['this very machine', 'localhost', 'localhost.example.net'],
    ['this very machine by its address', '127.0.0.1', '128.0.0.1'],
    ['this very machine by its IPv6 address', '[::1]', '[::2]'],
    ['a Service by its full name', 'rgw.rook-ceph.svc.cluster.local', 'rgw.svc.example.net'],
  ] as const;
  for (const [situation, inside, outside] of LOCAL) {
    refuses('false-failure-domain', ['W01'], situation, {
      build: ({ chart }, changed) => claims(chart, { endpoint: `http://${changed ? inside : outside}:9000` }),
      says: `
      1 location is in the cluster and claims not to be: [false-failure-domain]

        ✖ location 'far'
            made by          example/data
            because          it claims 'offsite', but is reached at ${inside.replaceAll(/[[\]]/g, '')}, which only the cluster itself answers to
            to fix           failureDomain: 'cluster'
    `,
    });
  }

  refuses('false-failure-domain', ['W01'], 'a name without a domain, which is a Service beside the pod', {
    build: ({ chart }, changed) => claims(chart, { endpoint: changed ? 'http://nas:9000' : 'http://nas.lan:9000' }),
    says: `
      1 location is in the cluster and claims not to be: [false-failure-domain]

        ✖ location 'far'
            made by          example/data
            because          it claims 'offsite', but is reached at nas, which only the cluster itself answers to
            to fix           failureDomain: 'cluster'
            what to do       if it is outside, name its domain too, such as nas.lan: pods look for a Service of that name first
    `,
  });

  refuses('location-malformed', [], 'an endpoint without a scheme', {
    build: ({ chart }, changed) => {
      const to = s3Location('far', { ...away, endpoint: changed ? 's3.example.org' : 'https://s3.example.org' });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
    },
    says: `
      1 location that no client can use: [location-malformed]

        ✖ location 'far'
            made by          example/data
            because          the endpoint 's3.example.org' is not the URL of a server
            to fix           endpoint: 'https://s3.example.org'
    `,
  });

  refuses('location-malformed', [], 'keys in the endpoint, which would be committed', {
    build: ({ chart }, changed) => {
      const to = s3Location('far', { ...away, endpoint: `https://${changed ? 'KEY:SECRET@' : ''}s3.example.org` });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
    },
    says: `
      1 location that no client can use: [location-malformed]

        ✖ location 'far'
            made by          example/data
            because          the endpoint carries keys, which would stand in the repository: they belong in the Secret backed-up-far
            to fix           endpoint: 'https://s3.example.org'
    `,
  });

  refuses('location-malformed', [], 'a bucket, a name and a failure domain that do not exist', {
    build: ({ chart }, changed) => {
      const odd = { ...away, bucket: 'My_Backups', failureDomain: 'cellar' as never };
      const to = changed ? s3Location('Far away', odd) : s3Location('far', away);
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
    },
    says: `
      3 locations that no client can use: [location-malformed]

        ✖ location 'Far away'
            made by          example/data
            because          the bucket name 'My_Backups' is not one that S3 servers accept
            to fix           bucket: 'my-backups'
        ✖ location 'Far away'
            made by          example/data
            because          the failure domain 'cellar' is not one of cluster, site, offsite or offsite-<name>
            what to do       say what is lost together with the copy: the cluster, its site, or neither
        ✖ location 'Far away'
            made by          example/data
            because          the name 'Far away' is not a short DNS label: lower case letters, digits and '-', at most 20
            what to do       call it 'far-away'
    `,
  });

  refuses('location-malformed', [], 'pods that nobody has named yet', {
    build: ({ chart }, changed) => {
      const reachedAt = { namespace: 'minio', labels: { app: changed ? '…' : 'minio' }, port: 9000 };
      const to = s3Location('far', { ...away, reachedAt });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
    },
    says: `
      1 location that no client can use: [location-malformed]

        ✖ location 'far'
            made by          example/data
            because          reachedAt {"namespace":"minio","labels":{"app":"…"},"port":9000} names no pods: a namespace, labels and a port
            what to do       write what the cluster has: kubectl get pods -A --show-labels
    `,
  });

  refuses('location-malformed', ['K09'], 'ranges of addresses that the API server refuses', {
    build: ({ chart }, changed) => {
      const cidrs = ['192.168.1.0/24', ...(changed ? ['10.1.2.3/8', 'minio'] : ['0.0.0.0/0'])];
      const to = s3Location('far', { ...away, reachedAt: { cidrs } });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
    },
    says: `
      1 location that no client can use: [location-malformed]

        ✖ location 'far'
            made by          example/data
            because          reachedAt names '10.1.2.3/8' and 'minio', which the API server does not take for ranges of addresses
            to fix           reachedAt: { cidrs: ['192.168.1.0/24', '10.0.0.0/8', '10.244.0.0/16'] }
    `,
  });

  refuses('location-malformed', [], 'a mirror whose guard would always refuse, and whose runs would have no time', {
    build: ({ chart }, changed) => {
      const odd = changed ? { smallestPercent: 150, deadline: Duration.seconds(0) } : { smallestPercent: 100 };
      const to = s3Location('far', { ...away, mirror: nightly({ to: offsite, ...odd }) });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to, keep }) });
    },
    says: `
      2 locations that no client can use: [location-malformed]

        ✖ location 'far'
            made by          example/data
            because          the deadline of the mirror is not a Duration of whole seconds, from 1
            to fix           deadline: Duration.hours(4)
        ✖ location 'far'
            made by          example/data
            because          the smallestPercent of the mirror is not a whole number from 0 to 100
            to fix           smallestPercent: 50
    `,
  });

  refuses('location-malformed', [], 'a mirror that is to keep something else than what its source has', {
    build: ({ chart }, changed) => {
      const ofDatasets = { keep, plan: 'far', rpo: Duration.days(1), crashConsistent: 'It is an append-only log.' };
      const mirror = nightly({ to: offsite, ...(changed ? ofDatasets : {}) } as never) as never;
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: nightly({ to: s3Location('far', { ...away, mirror }), keep }),
      });
    },
    says: `
      4 locations that no client can use: [location-malformed]

        ✖ location 'far'
            made by          example/data
            because          the mirror has crashConsistent, which nothing carries out: it has what its source has
            what to do       leave crashConsistent to the strategies that copy to the location
        ✖ location 'far'
            made by          example/data
            because          the mirror has keep, which nothing carries out: it has what its source has
            what to do       leave keep to the strategies that copy to the location
        ✖ location 'far'
            made by          example/data
            because          the mirror has plan, which nothing carries out: it has what its source has
            what to do       leave plan to the strategies that copy to the location
        ✖ location 'far'
            made by          example/data
            because          the mirror has rpo, which nothing carries out: it has what its source has
            what to do       leave rpo to the strategies that copy to the location
    `,
  });

  refuses('location-malformed', [], 'mirrors that are null, or that come at no time', {
    build: ({ chart }, changed) => {
      const mirrored = (name: string, mirror: unknown) =>
        s3Location(name, { ...away, bucket: name, ...(changed ? { mirror: mirror as never } : {}) });
      const backup = (to: Location) => nightly({ to, keep });
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: [backup(mirrored('null', null)), backup(mirrored('never', { type: 'scheduled', to: offsite }))],
      });
    },
    says: `
      2 locations that no client can use: [location-malformed]

        ✖ location 'never'
            made by          example/data
            because          the mirror is not a strategy
            to fix           mirror: elsewhere('Who copies the bucket, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) })
        ✖ location 'null'
            made by          example/data
            because          the mirror is not a strategy
            to fix           mirror: elsewhere('Who copies the bucket, and how.', { failureDomain: 'offsite', rpo: Duration.days(1) })
    `,
  });

  refuses('location-ambiguous', [], 'one name for two places', {
    build: ({ chart }, changed) => {
      const one = s3Location('far', away);
      const two = s3Location(changed ? 'far' : 'farther', { ...away, bucket: 'others' });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: one, keep }) });
      new BackedUpVolume(chart, 'media', { storage, backup: weekly({ to: two, keep: { weekly: 8 } }) });
    },
    says: `
      1 location is described twice: [location-ambiguous]

        ✖ location 'far'
            made by          example/media
            because          example/data uses the name for another place
            what to do       describe it once and import it
    `,
  });

  refuses('location-ambiguous', ['S20', 'V39'], 'two names for one place', {
    build: ({ chart }, changed) => {
      const one = s3Location('near', { ...away, prefix: 'backups' });
      const two = s3Location('far', { ...away, prefix: changed ? 'backups/2027' : 'others' });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: one, keep }) });
      new BackedUpVolume(chart, 'media', { storage, backup: weekly({ to: two, keep: { weekly: 8 } }) });
    },
    says: `
      1 location is described twice: [location-ambiguous]

        ✖ location 'far'
            made by          example/media
            because          'near' is the same place: bucket copies of s3.example.org
            to fix           prefix: 'far'
    `,
  });

  refuses('location-ambiguous', ['S20', 'V39'], 'two names for one bucket, in other words', {
    build: ({ chart }, changed) => {
      const one = s3Location('near', away);
      const two = s3Location('far', {
        ...away,
        endpoint: `https://S3.example.org.:${changed ? 443 : 9443}`,
        prefix: 'far',
      });
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: one, keep }) });
      new BackedUpVolume(chart, 'media', { storage, backup: weekly({ to: two, keep: { weekly: 8 } }) });
    },
    says: `
      1 location is described twice: [location-ambiguous]

        ✖ location 'far'
            made by          example/media
            because          'near' is the same place: bucket copies of s3.example.org
            to fix           bucket: 'copies-far'
    `,
  });
});

describe('the repository that Flux reads', () => {
  refuses('flux-source-inside', ['W02', 'R06'], 'Flux reads from the Gitea that Flux deploys', {
    build: ({ chart }, changed) => {
      const host = changed ? 'gitea-http.forge.svc:3000' : 'git.example.org';
      gitRepository(chart, `http://${host}/home/cluster.git`);
    },
    options: () => ({ props: leftOut }),
    says: `
      Flux reads its repository from a server that Flux itself deploys: [flux-source-inside]

        ✖ GitRepository flux-system/flux-system
            made by          example/source
            because          it reads from gitea-http.forge.svc, which only the cluster itself answers to
            to fix           fluxRepository: elsewhere('Who mirrors it, and where to.', { failureDomain: 'offsite', rpo: Duration.days(1) })
    `,
  });

  refuses('flux-source-inside', ['W02', 'R06'], 'Flux reads from a host name that an Ingress of the cluster serves', {
    build: ({ chart }, changed) => {
      gitRepository(chart, 'ssh://git@git.example.net/home/cluster.git');
      new ApiObject(chart, 'ingress', {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'gitea' },
        spec: { rules: [{ host: changed ? 'git.example.net' : 'wiki.example.net' }] },
      });
    },
    options: () => ({ props: leftOut }),
    says: `
      Flux reads its repository from a server that Flux itself deploys: [flux-source-inside]

        ✖ GitRepository flux-system/flux-system
            made by          example/source
            because          it reads from git.example.net, which Ingress gitea (example/ingress) serves
            to fix           fluxRepository: elsewhere('Who mirrors it, and where to.', { failureDomain: 'offsite', rpo: Duration.days(1) })
    `,
  });

  const SOURCES = [
    ['OCIRepository', 'zot.registry.svc.cluster.local', (host: string) => ({ url: `oci://${host}/manifests` })],
    ['Bucket', 'minio.minio.svc', (host: string) => ({ endpoint: `${host}:9000`, bucketName: 'flux' })],
  ] as const;
  for (const [kind, host, specOf] of SOURCES) {
    refuses('flux-source-inside', ['W02', 'R06'], `Flux reads from a ${kind} in the cluster`, {
      build: ({ chart }, changed) => {
        new ApiObject(chart, 'source', {
          apiVersion: 'source.toolkit.fluxcd.io/v1',
          kind,
          metadata: { name: 'flux-system', namespace: 'flux-system' },
          spec: { interval: '5m', ...specOf(changed ? host : 'flux.example.net') },
        });
      },
      options: () => ({
        platform: { flux: { ...platform.flux, sourceRef: { kind, name: 'flux-system' } } },
        props: leftOut,
      }),
      says: `
      Flux reads its repository from a server that Flux itself deploys: [flux-source-inside]

        ✖ ${kind} flux-system/flux-system
            made by          example/source
            because          it reads from ${host}, which only the cluster itself answers to
            to fix           fluxRepository: elsewhere('Who mirrors it, and where to.', { failureDomain: 'offsite', rpo: Duration.days(1) })
    `,
    });
  }

  const OWN = 'which only the cluster itself answers to';
  const URLS = [
    [
      'as Git takes it',
      'git@gitea-ssh.forge.svc:home/cluster.git',
      'git@git.example.net:home/cluster.git',
      `gitea-ssh.forge.svc, ${OWN}`,
    ],
    [
      'by a Service and its namespace',
      'http://minio.forge:3000/cluster.git',
      'http://minio.cellar:3000/cluster.git',
      'minio.forge, which Service minio (example/server) serves',
    ],
    [
      'over SSH',
      'ssh://git@gitea-ssh.forge.svc:2222/cluster.git',
      'ssh://git@git.example.net/cluster.git',
      `gitea-ssh.forge.svc, ${OWN}`,
    ],
  ] as const;
  for (const [how, inside, outside, server] of URLS) {
    refuses('flux-source-inside', ['W02', 'R06'], `the platform names a server in the cluster, ${how}`, {
      build: ({ chart }) => {
        manifest(chart, inNamespace('HOST'), 'forge');
      },
      options: (changed) => {
        const sourceRef = { ...platform.flux.sourceRef, url: changed ? inside : outside };
        return { platform: { flux: { ...platform.flux, sourceRef } }, props: leftOut };
      },
      says: `
      Flux reads its repository from a server that Flux itself deploys: [flux-source-inside]

        ✖ Flux repository of cluster home
            made by          app
            because          it reads from ${server}
            to fix           fluxRepository: elsewhere('Who mirrors it, and where to.', { failureDomain: 'offsite', rpo: Duration.days(1) })
    `,
    });
  }

  refuses('flux-source-unknown', ['W02', 'R06'], 'nobody copies it, and nobody says where it is', {
    build: ({ chart }, changed) => {
      if (!changed) gitRepository(chart, 'https://git.example.net/home/cluster.git');
    },
    options: () => ({ props: leftOut }),
    says: `
      Nobody knows where Flux reads its repository from: [flux-source-unknown]

        ✖ Flux repository of cluster home
            made by          app
            because          it is left out, and no object shows the URL of GitRepository flux-system
            to fix           sourceRef: { kind: 'GitRepository', name: 'flux-system', url: '…' }
            what to do       name its URL there, or let alsoRead read the file that has it
    `,
  });
});
