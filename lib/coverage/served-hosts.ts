/** The host names that the cluster itself serves, as far as its objects say so. */
import { groupBy } from '../model/collections';
import type { Origin } from '../model/declaration';
import { annotationsOf, groupOf, listAt, textAt, textsAt, type KubeObject } from '../model/kube-object';
import { clientHosts, comparableHost, isClusterHost, type FailureDomain, type Location } from '../model/location';
import type { RenderedObject } from '../model/rendered';
import { describeOrigin } from './finding';

export interface ServedHost {
  /** A name or an address, or `*.example.net`. */
  readonly host: string;
  readonly object: KubeObject;
  readonly origin: Origin;
}

/** What serves a host. */
export interface Server {
  readonly host: string;
  /** Absent where the name alone says that it is in the cluster. */
  readonly by?: ServedHost;
}

/** For people: `s3.example.net, which Ingress minio (forge/minio) serves`. */
export function describeServer({ host, by }: Server): string {
  if (by === undefined) return `${host}, which only the cluster itself answers to`;
  return `${host}, which ${by.object.kind} ${by.object.metadata.name} (${describeOrigin(by.origin)}) serves`;
}

/**
 * Annotations whose value is a list of host names: external-dns v0.19.0 (source/annotations/annotations.go), and
 * ingress-nginx (docs/user-guide/nginx-configuration/annotations.md).
 */
const HOST_ANNOTATIONS = [
  'external-dns.alpha.kubernetes.io/hostname',
  'external-dns.alpha.kubernetes.io/internal-hostname',
  'nginx.ingress.kubernetes.io/server-alias',
];

/**
 * Annotations by which a load balancer is asked for addresses: MetalLB v0.16.2 (controller/service.go), Cilium v1.18.0
 * (pkg/annotation/k8s.go), both with their older names, and kube-vip.
 */
const ADDRESS_ANNOTATIONS = [
  'metallb.io/loadBalancerIPs',
  'metallb.universe.tf/loadBalancerIPs',
  'lbipam.cilium.io/ips',
  'io.cilium/lb-ipam-ips',
  'kube-vip.io/loadbalancerIPs',
];

function hostsOf(object: KubeObject): readonly string[] {
  const annotations = annotationsOf(object);
  const annotated = [...HOST_ANNOTATIONS, ...ADDRESS_ANNOTATIONS].flatMap((key) => annotations[key]?.split(',') ?? []);
  return [...annotated, ...hostsByKind(object)].filter((host) => host.trim() !== '').map(comparableHost);
}

function hostsByKind(object: KubeObject): readonly string[] {
  switch (`${groupOf(object.apiVersion)}/${object.kind}`) {
    case 'networking.k8s.io/Ingress':
      return [
        ...listAt(object, 'spec', 'rules').map((rule) => textAt(rule, 'host') ?? ''),
        ...listAt(object, 'spec', 'tls').flatMap((tls) => textsAt(tls, 'hosts')),
      ];
    case 'gateway.networking.k8s.io/HTTPRoute':
    case 'gateway.networking.k8s.io/GRPCRoute':
    case 'gateway.networking.k8s.io/TLSRoute':
      return textsAt(object, 'spec', 'hostnames');
    case 'gateway.networking.k8s.io/Gateway':
      return [
        ...listAt(object, 'spec', 'listeners').map((listener) => textAt(listener, 'hostname') ?? ''),
        ...listAt(object, 'spec', 'addresses').map((address) => textAt(address, 'value') ?? ''),
      ];
    case 'traefik.io/IngressRoute':
    case 'traefik.io/IngressRouteTCP':
      return listAt(object, 'spec', 'routes').flatMap((route) => traefikHosts(textAt(route, 'match') ?? ''));
    case 'ceph.rook.io/CephObjectStore':
      return [
        ...textsAt(object, 'spec', 'hosting', 'dnsNames'),
        ...(textAt(object, 'spec', 'hosting', 'advertiseEndpoint', 'dnsName') ?? '').split(','),
        // The Service that Rook makes for it.
        serviceHost(`rook-ceph-rgw-${object.metadata.name}`, object),
      ];
    case '/Service':
      return [
        ...textsAt(object, 'spec', 'clusterIPs'),
        ...textsAt(object, 'spec', 'externalIPs'),
        ...['clusterIP', 'loadBalancerIP'].map((field) => textAt(object, 'spec', field) ?? ''),
        serviceHost(object.metadata.name, object),
      ];
    default:
      return [];
  }
}

/** `minio.storage`, which pods of all namespaces resolve; what may follow, `.svc` and the cluster's domain, says no more. */
function serviceHost(service: string, { metadata }: KubeObject): string {
  return `${service}.${metadata.namespace ?? ''}`;
}

/** The hosts of a rule such as `Host(`a.example.net`) && PathPrefix(`/s3`)`; of TCP the names that TLS asks for. */
function traefikHosts(rule: string): readonly string[] {
  return [...rule.matchAll(/Host(?:SNI)?\(([^)]*)\)/g)].flatMap(([, hosts = '']) =>
    hosts.split(',').map((host) => host.trim().replaceAll(/^[`'"]|[`'"]$/g, '')),
  );
}

/** Answers which failure domain something is really in. */
export class ServedHosts {
  private readonly byHost: ReadonlyMap<string, readonly ServedHost[]>;
  private readonly namespaces: ReadonlySet<string>;
  /** Most datasets go to one of a few places. */
  private readonly servers = new Map<Location, Server | undefined>();

  constructor(objects: readonly RenderedObject[]) {
    const served = objects.flatMap(({ object, origin }) => hostsOf(object).map((host) => ({ host, object, origin })));
    this.byHost = groupBy(served, ({ host }) => host);
    this.namespaces = new Set(objects.flatMap(({ object }) => object.metadata.namespace ?? []));
  }

  /** What of the cluster answers to a host name, if it does. */
  serverOf(text: string): Server | undefined {
    const host = comparableHost(text);
    // A cluster may have a domain of its own: `minio.storage.svc.home.lan`.
    const [, service = '', namespace = ''] = /^([^.]+\.([^.]+))\.svc(?:\.|$)/.exec(host) ?? [];
    const by = (this.byHost.get(host) ?? this.byHost.get(service))?.[0] ?? this.wildcardOver(host);
    if (by !== undefined) return { host, by };
    return isClusterHost(host) || this.namespaces.has(namespace) ? { host } : undefined;
  }

  /** The first of a location's hosts that the cluster serves. */
  serverOfLocation(location: Location): Server | undefined {
    if (!this.servers.has(location)) {
      const servers = clientHosts(location).map((host) => this.serverOf(host));
      this.servers.set(
        location,
        servers.find((server) => server !== undefined),
      );
    }
    return this.servers.get(location);
  }

  /** A location that the cluster itself serves is lost with it, whatever it claims. */
  failureDomainOf(location: Location): FailureDomain {
    return this.serverOfLocation(location) === undefined ? location.failureDomain : 'cluster';
  }

  /** `*` stands for one label in an Ingress, and for any number of them in the Gateway API, in DNS and elsewhere. */
  private wildcardOver(name: string): ServedHost | undefined {
    const labels = name.split('.');
    for (let depth = 1; depth < labels.length; depth += 1) {
      const wildcards = this.byHost.get(`*.${labels.slice(depth).join('.')}`) ?? [];
      const found = wildcards.find(({ object }) => depth === 1 || object.kind !== 'Ingress');
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
