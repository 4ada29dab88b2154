/** The host names that the cluster itself serves, as far as its objects say so. */
import { groupBy } from '../model/collections';
import { groupOf, listAt, annotationsOf, textAt, textsAt, type KubeObject } from '../model/kube-object';
import { endpointHost, isClusterHost, type FailureDomain, type Location } from '../model/location';
import type { RenderedObject } from '../model/rendered';
import type { Origin } from '../model/declaration';

export interface ServedHost {
  /** A name, or `*.example.net`. */
  readonly host: string;
  readonly object: KubeObject;
  readonly origin: Origin;
}

export function servedHosts(objects: readonly RenderedObject[]): readonly ServedHost[] {
  return objects.flatMap(({ object, origin }) => hostsOf(object).map((host) => ({ host, object, origin })));
}

function hostsOf(object: KubeObject): readonly string[] {
  const named = (annotationsOf(object)['external-dns.alpha.kubernetes.io/hostname'] ?? '')
    .split(',')
    .map((host) => host.trim());
  return [...named, ...hostsByKind(object)].filter((host) => host !== '');
}

function hostsByKind(object: KubeObject): readonly string[] {
  switch (`${groupOf(object.apiVersion)}/${object.kind}`) {
    case 'networking.k8s.io/Ingress':
      return listAt(object, 'spec', 'rules').map((rule) => textAt(rule, 'host') ?? '');
    case 'gateway.networking.k8s.io/HTTPRoute':
    case 'gateway.networking.k8s.io/GRPCRoute':
    case 'gateway.networking.k8s.io/TLSRoute':
      return textsAt(object, 'spec', 'hostnames');
    case 'gateway.networking.k8s.io/Gateway':
      return listAt(object, 'spec', 'listeners').map((listener) => textAt(listener, 'hostname') ?? '');
    case 'traefik.io/IngressRoute':
      return listAt(object, 'spec', 'routes').flatMap((route) =>
        [...(textAt(route, 'match') ?? '').matchAll(/Host\(([^)]*)\)/g)].flatMap(([, hosts = '']) =>
          hosts.split(',').map((host) => host.trim().replaceAll(/^[`'"]|[`'"]$/g, '')),
        ),
      );
    case 'ceph.rook.io/CephObjectStore':
      return [
        ...textsAt(object, 'spec', 'hosting', 'dnsNames'),
        ...(textAt(object, 'spec', 'hosting', 'advertiseEndpoint', 'dnsName') ?? '').split(','),
      ];
    case '/Service':
      return [...textsAt(object, 'spec', 'externalIPs'), textAt(object, 'spec', 'loadBalancerIP') ?? ''];
    default:
      return [];
  }
}

/** Answers which failure domain something is really in. */
export class ServedHosts {
  private readonly byHost: ReadonlyMap<string, readonly ServedHost[]>;

  constructor(objects: readonly RenderedObject[]) {
    this.byHost = groupBy(servedHosts(objects), ({ host }) => host.toLowerCase());
  }

  /** What serves a host, if the objects show it. */
  servedBy(host: string): ServedHost | undefined {
    const name = host.toLowerCase();
    const wildcard = `*${name.slice(name.indexOf('.'))}`;
    return (this.byHost.get(name) ?? this.byHost.get(wildcard))?.[0];
  }

  isInCluster(host: string): boolean {
    return isClusterHost(host) || this.servedBy(host) !== undefined;
  }

  /** A location that the cluster itself serves is lost with it, whatever it claims. */
  failureDomainOf(location: Location): FailureDomain {
    const host = endpointHost(location);
    return host !== undefined && this.isInCluster(host) ? 'cluster' : location.failureDomain;
  }
}
