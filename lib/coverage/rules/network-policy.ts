/** NetworkPolicies that block what they were written to allow. */
import { distinctBy } from '../../model/collections';
import { WORKLOADS } from '../../model/kinds';
import { at, groupOf, labelsOf, listAt, numberAt, textMapAt, type KubeObject } from '../../model/kube-object';
import { isSelectorProblem, parseLabelSelector } from '../../model/label-selector';
import { counted } from '../../model/text';
import type { GateContext } from '../context';
import { aboutObject, toFix } from '../finding';
import type { Rule } from '../rule';

export const networkPolicyPort: Rule = {
  id: 'network-policy-port',
  heading: (n) =>
    `${counted(n, 'NetworkPolicy', 'NetworkPolicies')} that block${n === 1 ? 's' : ''} what ${n === 1 ? 'it' : 'they'} should allow`,
  what: 'A NetworkPolicy allows the port of a Service where the pods listen on another one.',
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
  check: (context) =>
    context.ofKind('networking.k8s.io', 'NetworkPolicy').flatMap(({ object, origin }) => {
      const pods = podsOf(context);
      return distinctBy(blockedPorts(object, pods, context), ({ port }) => String(port)).map(({ port, target }) => ({
        ...aboutObject(object, origin),
        because: `${port} is the port of the Service; the pods listen on ${target}`,
        remedies: toFix(`port: ${target}`),
      }));
    }),
};

interface Pods {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
}

function podsOf({ input }: GateContext): readonly Pods[] {
  return input.objects.flatMap(({ object }): readonly Pods[] => {
    const workload = WORKLOADS.find((row) => row.kind === object.kind && row.group === groupOf(object.apiVersion));
    if (workload === undefined) return [];
    const template = at(object, ...workload.template);
    const containers = listAt(template, 'spec', 'containers');
    const ports = containers.flatMap((container) =>
      listAt(container, 'ports').map((port) => numberAt(port, 'containerPort') ?? 0),
    );
    return [{ namespace: object.metadata.namespace ?? '', labels: textMapAt(template, 'metadata', 'labels'), ports }];
  });
}

function blockedPorts(
  policy: KubeObject,
  pods: readonly Pods[],
  context: GateContext,
): readonly { readonly port: number; readonly target: number }[] {
  const namespace = policy.metadata.namespace ?? '';
  const ingress = listAt(policy, 'spec', 'ingress').map((rule) => ({
    rule,
    targets: selected(pods, namespace, at(policy, 'spec', 'podSelector')),
  }));
  const egress = listAt(policy, 'spec', 'egress').map((rule) => ({
    rule,
    targets: listAt(rule, 'to').flatMap((peer) => selectedByPeer(pods, namespace, peer, context)),
  }));
  return [...ingress, ...egress].flatMap(({ rule, targets }) =>
    listAt(rule, 'ports').flatMap((entry) => {
      const port = numberAt(entry, 'port');
      if (port === undefined || targets.some(({ ports }) => ports.includes(port) || ports.length === 0)) return [];
      const target = targets.map((pod) => servicePort(pod, port, context)).find((found) => found !== undefined);
      return target === undefined ? [] : [{ port, target }];
    }),
  );
}

function selected(pods: readonly Pods[], namespace: string, selector: unknown): readonly Pods[] {
  const parsed = parseLabelSelector(selector);
  return isSelectorProblem(parsed)
    ? []
    : pods.filter((pod) => pod.namespace === namespace && parsed.matches(pod.labels));
}

function selectedByPeer(
  pods: readonly Pods[],
  namespace: string,
  peer: unknown,
  context: GateContext,
): readonly Pods[] {
  const podSelector = at(peer, 'podSelector');
  const namespaceSelector = at(peer, 'namespaceSelector');
  if (podSelector === undefined && namespaceSelector === undefined) return [];
  if (namespaceSelector === undefined) return selected(pods, namespace, podSelector);
  const parsed = parseLabelSelector(namespaceSelector);
  if (isSelectorProblem(parsed)) return [];
  const names = new Set(pods.map((pod) => pod.namespace));
  return [...names]
    .filter((name) => parsed.matches({ 'kubernetes.io/metadata.name': name, ...labelsOfNamespace(name, context) }))
    .flatMap((name) => selected(pods, name, podSelector));
}

function labelsOfNamespace(name: string, context: GateContext): Readonly<Record<string, string>> {
  const namespace = context.object({ group: '', kind: 'Namespace', name });
  return namespace === undefined ? {} : labelsOf(namespace.object);
}

/** The port of the pod behind a port of a Service that selects it, where the two differ. */
function servicePort(pod: Pods, port: number, context: GateContext): number | undefined {
  for (const { object } of context.ofKind('', 'Service')) {
    const selector = at(object, 'spec', 'selector');
    const parsed = parseLabelSelector({ matchLabels: selector });
    if (
      object.metadata.namespace !== pod.namespace ||
      isSelectorProblem(parsed) ||
      parsed.isEmpty ||
      !parsed.matches(pod.labels)
    )
      continue;
    for (const entry of listAt(object, 'spec', 'ports')) {
      const target = numberAt(entry, 'targetPort');
      if (numberAt(entry, 'port') === port && target !== undefined && target !== port && pod.ports.includes(target))
        return target;
    }
  }
  return undefined;
}
