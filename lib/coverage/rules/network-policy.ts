/** NetworkPolicies that block what they were written to allow. */
import { distinctBy, groupBy } from '../../model/collections';
import { at, labelsOf, listAt, numberAt, textAt, textMapAt, type KubeObject } from '../../model/kube-object';
import {
  isSelectorProblem,
  NAMESPACE_LABEL,
  parseLabelSelector,
  type Labels,
  type LabelSelector,
} from '../../model/label-selector';
import { counted } from '../../model/text';
import { podContainers, podTemplateOf } from '../../model/workloads';
import type { GateContext } from '../context';
import { aboutObject, toFix } from '../finding';
import type { Rule } from '../rule';

export const networkPolicyPort: Rule = {
  id: 'network-policy-port',
  heading: (n) =>
    `${counted(n, 'NetworkPolicy', 'NetworkPolicies')} that block${n === 1 ? 's' : ''} what ${n === 1 ? 'it' : 'they'} should allow`,
  what: 'A NetworkPolicy allows the port of a Service, by number or by name, where the pods listen on another one.',
  why: 'Policies see packets after the Service was resolved: a backup job that may talk to port 80 does not reach a pod on 8080.',
  fix: 'Name the port of the pods.',
  example: `const labels = { app: 'web' };
new k8s.KubeDeployment(chart, 'web', {
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1.0', ports: [{ containerPort: 8080 }] }] } },
  },
});
new k8s.KubeService(chart, 'service', {
  metadata: { name: 'web' },
  spec: { selector: labels, ports: [{ port: 80, targetPort: k8s.IntOrString.fromNumber(8080) }] },
});
new k8s.KubeNetworkPolicy(chart, 'policy', {
  metadata: { name: 'web' },
  spec: { podSelector: { matchLabels: labels }, ingress: [{ ports: [{ port: k8s.IntOrString.fromNumber(80) }] }], policyTypes: ['Ingress'] },
});`,
  check: (context) => {
    const policies = context.ofKind('networking.k8s.io', 'NetworkPolicy');
    if (policies.length === 0) return [];
    const network = new Network(context);
    return policies.flatMap(({ object, origin }) =>
      distinctBy(blockedPorts(object, network), ({ port }) => String(port)).map(({ port, target }) => ({
        ...aboutObject(object, origin),
        because:
          typeof port === 'number'
            ? `${port} is the port of the Service; the pods listen on ${target}`
            : `'${port}' is what the Service calls its port; the pods listen on ${target}`,
        remedies: toFix(`port: ${target}`),
      })),
    );
  },
};

/** Pods of one template. */
interface Pods {
  readonly namespace: string;
  readonly labels: Labels;
  readonly ports: readonly { readonly number: number; readonly name: string | undefined }[];
}

interface Service {
  readonly namespace: string;
  readonly selector: LabelSelector;
  readonly ports: readonly unknown[];
}

/** A port of a Service, and the port of the pods behind it. */
interface ServicePort {
  readonly port: number;
  readonly name: string | undefined;
  readonly target: number;
}

/** The pods and Services of a cluster as policies see them. */
class Network {
  private readonly podsByNamespace: ReadonlyMap<string, readonly Pods[]>;
  private readonly servicesByNamespace: ReadonlyMap<string, readonly Service[]>;
  private readonly portsBefore = new Map<Pods, readonly ServicePort[]>();

  constructor(private readonly context: GateContext) {
    const pods = context.input.objects.flatMap(({ object }): readonly Pods[] => podsOf(object));
    this.podsByNamespace = groupBy(pods, ({ namespace }) => namespace);
    const services = context.ofKind('', 'Service').flatMap(({ object }) => serviceOf(object));
    this.servicesByNamespace = groupBy(services, ({ namespace }) => namespace);
  }

  pods(namespace: string, selector: unknown): readonly Pods[] {
    const parsed = parseLabelSelector(selector);
    if (isSelectorProblem(parsed)) return [];
    return (this.podsByNamespace.get(namespace) ?? []).filter((pod) => parsed.matches(pod.labels));
  }

  podsOfPeer(peer: unknown, namespace: string): readonly Pods[] {
    const podSelector = at(peer, 'podSelector');
    const namespaceSelector = at(peer, 'namespaceSelector');
    if (podSelector === undefined && namespaceSelector === undefined) return [];
    if (namespaceSelector === undefined) return this.pods(namespace, podSelector);
    const parsed = parseLabelSelector(namespaceSelector);
    if (isSelectorProblem(parsed)) return [];
    return [...this.podsByNamespace.keys()]
      .filter((name) => parsed.matches(this.labelsOfNamespace(name)))
      .flatMap((name) => this.pods(name, podSelector));
  }

  /** The ports of all Services in front of some pods. */
  servicePorts(pods: Pods): readonly ServicePort[] {
    const known = this.portsBefore.get(pods);
    if (known !== undefined) return known;
    const services = this.servicesByNamespace.get(pods.namespace) ?? [];
    const before = services.filter(({ selector }) => selector.matches(pods.labels));
    const ports = before.flatMap((service) => servicePortsOf(service, pods));
    this.portsBefore.set(pods, ports);
    return ports;
  }

  private labelsOfNamespace(name: string): Labels {
    const namespace = this.context.object({ group: '', kind: 'Namespace', name });
    const labels = namespace === undefined ? {} : labelsOf(namespace.object);
    return { [NAMESPACE_LABEL]: name, ...labels };
  }
}

function podsOf(object: KubeObject): readonly Pods[] {
  const template = podTemplateOf(object);
  if (template === undefined) return [];
  const ports = podContainers(object).flatMap((container) =>
    listAt(container, 'ports').map((port) => ({
      number: numberAt(port, 'containerPort') ?? 0,
      name: textAt(port, 'name'),
    })),
  );
  return [{ namespace: object.metadata.namespace ?? '', labels: textMapAt(template, 'metadata', 'labels'), ports }];
}

function serviceOf(object: KubeObject): readonly Service[] {
  const selector = parseLabelSelector({ matchLabels: at(object, 'spec', 'selector') });
  if (isSelectorProblem(selector) || selector.isEmpty) return [];
  return [{ namespace: object.metadata.namespace ?? '', selector, ports: listAt(object, 'spec', 'ports') }];
}

function servicePortsOf(service: Service, { ports }: Pods): readonly ServicePort[] {
  return service.ports.flatMap((entry) => {
    const port = numberAt(entry, 'port');
    if (port === undefined) return [];
    const targetName = textAt(entry, 'targetPort');
    const target =
      targetName === undefined
        ? (numberAt(entry, 'targetPort') ?? port)
        : ports.find(({ name }) => name === targetName)?.number;
    return target === undefined ? [] : [{ port, name: textAt(entry, 'name'), target }];
  });
}

interface BlockedPort {
  readonly port: number | string;
  /** What the pods listen on. */
  readonly target: number;
}

function blockedPorts(policy: KubeObject, network: Network): readonly BlockedPort[] {
  const namespace = policy.metadata.namespace ?? '';
  const own = network.pods(namespace, at(policy, 'spec', 'podSelector'));
  const ingress = listAt(policy, 'spec', 'ingress').flatMap((rule) => blockedOf(rule, own, network));
  const egress = listAt(policy, 'spec', 'egress').flatMap((rule) => {
    const peers = listAt(rule, 'to').flatMap((peer) => network.podsOfPeer(peer, namespace));
    return blockedOf(rule, peers, network);
  });
  return [...ingress, ...egress];
}

function blockedOf(rule: unknown, pods: readonly Pods[], network: Network): readonly BlockedPort[] {
  return listAt(rule, 'ports').flatMap((entry): readonly BlockedPort[] => {
    const port = numberAt(entry, 'port') ?? textAt(entry, 'port');
    if (port === undefined || pods.some((each) => mayListen(each, port, numberAt(entry, 'endPort')))) return [];
    for (const each of pods) {
      const before: ServicePort | undefined = network
        .servicePorts(each)
        .find((one) => (typeof port === 'number' ? one.port : one.name) === port);
      if (before !== undefined && isBlocked(each, port, before.target)) return [{ port, target: before.target }];
    }
    return [];
  });
}

/** A policy that names a port which no container names allows nothing. */
function isBlocked({ ports }: Pods, port: number | string, target: number): boolean {
  return typeof port === 'string' || (port !== target && ports.some(({ number }) => number === target));
}

/** Whether pods listen on a port, as far as they say: a number need not be listed, but a name means only what is. */
function mayListen({ ports }: Pods, port: number | string, endPort: number | undefined): boolean {
  if (typeof port === 'string') return ports.some(({ name }) => name === port);
  return ports.length === 0 || ports.some(({ number }) => number >= port && number <= (endPort ?? port));
}
