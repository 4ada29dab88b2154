/** What the pods of a job may reach: the dataset, the store and DNS; and nobody reaches them. */
import { distinctBy } from '../model/collections';
import type { KubeObject } from '../model/kube-object';
import { NAMESPACE_LABEL } from '../model/label-selector';
import { MANAGED_BY } from '../model/marks';
import type { Peer } from './step';

export function networkPolicy(
  name: string,
  namespace: string,
  podLabels: Readonly<Record<string, string>>,
  peers: readonly Peer[],
): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: MANAGED_BY },
    spec: {
      podSelector: { matchLabels: podLabels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [],
      // What a job copies may lie in the store that it copies to.
      egress: [DNS, ...distinctBy(peers.map(egressTo), JSON.stringify)],
    },
  };
}

/** To anyone: where a cluster answers DNS, by pods or on the node (NodeLocal DNSCache), is not known here. */
const DNS = {
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

/**
 * What all addresses may be the peer of has no `to`: to Cilium, those of nodes, and so the API server's as a rule, are in
 * no range, not even in the whole (main, Documentation/security/policy/layer3.rst; pkg/k8s/network_policy.go).
 */
function egressTo(peer: Peer): object {
  const isAnybody = 'outsideOf' in peer && peer.outsideOf.length === 0;
  return { ...(isAnybody ? {} : { to: destinationsOf(peer) }), ports: [{ protocol: 'TCP', port: peer.port }] };
}

function destinationsOf(peer: Peer): readonly object[] {
  if ('labels' in peer) {
    return [
      {
        namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: peer.namespace } },
        podSelector: { matchLabels: peer.labels },
      },
    ];
  }
  if ('cidrs' in peer) return peer.cidrs.map((cidr) => ({ ipBlock: { cidr } }));
  // Exceptions have to lie in the block, so each family has its own (Kubernetes 1.36, validation of NetworkPolicyPeer).
  return ['0.0.0.0/0', '::/0'].map((cidr) => {
    const except = peer.outsideOf.filter((range) => range.includes(':') === cidr.includes(':'));
    return { ipBlock: { cidr, ...(except.length === 0 ? {} : { except }) } };
  });
}
