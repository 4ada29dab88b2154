/** Which NetworkPolicies keep a job away from the pods that it talks to, as far as the objects show (Kubernetes 1.36, networking/v1). */
import { BlockList, isIP } from 'node:net';
import { CNPG_GROUP } from '../methods/cnpg/archive';
import type { PlannedObject } from '../methods/method';
import { serversOf } from '../methods/jobs/database-server';
import {
  at,
  groupOf,
  labelsOf,
  listAt,
  numberAt,
  objectId,
  objectKey,
  textAt,
  textMapAt,
  textsAt,
  type KubeObject,
} from '../model/kube-object';
import {
  isSelectorProblem,
  NAMESPACE_LABEL,
  parseLabelSelector,
  type Labels,
  type LabelSelector,
} from '../model/label-selector';
import type { RenderedObject } from '../model/rendered';
import { makesServers, podLabels, podTemplateOf } from '../model/workloads';
import type { GateContext } from './context';

/** The pods of a job, whose labels are all known. */
export interface Client {
  /** Of its CronJob. */
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
}

/** Whom a job talks to: pods, and the port on which they listen. */
export interface Talk {
  readonly client: Client;
  readonly namespace: string;
  readonly labels: Labels;
  readonly port: number;
}

/** Pods of one kind that are talked to. Who made them may have put on more labels. */
interface Server {
  readonly labels: Labels;
  /** Of their containers; absent where no object shows them. */
  readonly ports?: readonly unknown[];
}

/** Of all jobs that are rendered: what their own NetworkPolicies let them reach in the cluster. */
export function talksOf({ methods }: GateContext): readonly Talk[] {
  const objects = Object.values(methods)
    .flatMap((method): readonly PlannedObject[] => method.objects)
    .map(({ object }) => object);
  const ofKind = (wanted: string): readonly KubeObject[] => objects.filter(({ kind }) => kind === wanted);
  // A job and its policy have one name.
  const policies = new Map(ofKind('NetworkPolicy').map((policy) => [objectKey(objectId(policy)), policy]));
  return ofKind('CronJob').flatMap((cronJob) => {
    const { name, namespace = '' } = cronJob.metadata;
    const policy = policies.get(objectKey({ group: 'networking.k8s.io', kind: 'NetworkPolicy', namespace, name }));
    const client = { name, namespace, labels: { ...podLabels(cronJob), ...labelsOfJob(name) } };
    return listAt(policy, 'spec', 'egress').flatMap((rule) => {
      const port = numberAt(listAt(rule, 'ports')[0], 'port') ?? 0;
      return listAt(rule, 'to').flatMap((to): readonly Talk[] => {
        const there = textAt(to, 'namespaceSelector', 'matchLabels', NAMESPACE_LABEL);
        const labels = textMapAt(to, 'podSelector', 'matchLabels');
        return there === undefined ? [] : [{ client, namespace: there, labels, port }];
      });
    });
  });
}

/** What the controller of Jobs puts on; the values have the time of the run at their end. */
function labelsOfJob(name: string): Labels {
  return { 'batch.kubernetes.io/job-name': name, 'job-name': name };
}

/**
 * The policies that select the pods that a job talks to, where none of all policies lets the job in to them. Where
 * several workloads may be meant, only if it is let in to none.
 */
export function keptOutBy(talk: Talk, context: GateContext): readonly RenderedObject[] {
  const policies = context
    .ofKind('networking.k8s.io', 'NetworkPolicy')
    .filter(({ object }) => (object.metadata.namespace ?? '') === talk.namespace && restrictsIngress(object));
  if (policies.length === 0) return [];
  const closed = serversBehind(talk, context).map((server): readonly RenderedObject[] => {
    const isOpen = policies.some(
      ({ object }) => selectorOf(object)?.mayMatch(server.labels) === true && letsIn(object, talk, server, context),
    );
    return isOpen ? [] : policies.filter(({ object }) => selectorOf(object)?.mustMatch(server.labels) === true);
  });
  return closed.some((each) => each.length === 0) ? [] : (closed[0] ?? []);
}

function restrictsIngress(policy: KubeObject): boolean {
  const types = textsAt(policy, 'spec', 'policyTypes');
  return types.length === 0 || types.includes('Ingress');
}

function selectorOf(policy: KubeObject): LabelSelector | undefined {
  return selector(at(policy, 'spec', 'podSelector'));
}

/** What the API server refuses selects nothing. */
function selector(value: unknown): LabelSelector | undefined {
  const parsed = parseLabelSelector(value);
  return isSelectorProblem(parsed) ? undefined : parsed;
}

function serversBehind({ namespace, labels, port }: Talk, context: GateContext): readonly Server[] {
  const makers = serversOf([{ namespace, labels, port }], context);
  const servers = makers.flatMap((maker): readonly Server[] => {
    if (groupOf(maker.apiVersion) === CNPG_GROUP) return [{ labels: { ...labelsOfInstances(maker), ...labels } }];
    if (!makesServers(maker)) return [];
    const ports = listAt(podTemplateOf(maker), 'spec', 'containers').flatMap((each) => listAt(each, 'ports'));
    const mayListen = ports.length === 0 || ports.some((each) => numberAt(each, 'containerPort') === port);
    return mayListen ? [{ labels: { ...podLabels(maker), ...labels }, ports }] : [];
  });
  return servers.length === 0 ? [{ labels }] : servers;
}

/** What the operator puts on the pods of a Cluster, besides what tells them apart (CloudNativePG 1.30, pkg/specs/pods.go). */
function labelsOfInstances(cluster: KubeObject): Labels {
  return { ...textMapAt(cluster, 'spec', 'inheritedMetadata', 'labels'), 'cnpg.io/podRole': 'instance' };
}

function letsIn(policy: KubeObject, talk: Talk, server: Server, context: GateContext): boolean {
  return listAt(policy, 'spec', 'ingress').some((rule) => {
    const from = listAt(rule, 'from');
    const ports = listAt(rule, 'ports');
    return (
      (from.length === 0 || from.some((peer) => isMeant(talk.client, peer, talk.namespace, context))) &&
      (ports.length === 0 || ports.some((entry) => hasPort(entry, talk.port, server)))
    );
  });
}

/** @param namespace of the policy. */
function isMeant(client: Client, peer: unknown, namespace: string, context: GateContext): boolean {
  const cidr = textAt(peer, 'ipBlock', 'cidr');
  if (cidr !== undefined) return mayHavePods(cidr, context);
  const namespaces = at(peer, 'namespaceSelector');
  const pods = at(peer, 'podSelector');
  const isThere =
    namespaces === undefined ? client.namespace === namespace : isSelected(client.namespace, namespaces, context);
  return isThere && (pods === undefined || selector(pods)?.matches(client.labels) === true);
}

/** A Namespace that nobody sees may have any further label. */
function isSelected(name: string, namespaces: unknown, context: GateContext): boolean {
  const seen = context.object({ group: '', kind: 'Namespace', name });
  const labels = { ...(seen === undefined ? {} : labelsOf(seen.object)), [NAMESPACE_LABEL]: name };
  const parsed = selector(namespaces);
  return (seen === undefined ? parsed?.mayMatch(labels) : parsed?.matches(labels)) === true;
}

/** Whether pods may have addresses in a range. */
function mayHavePods(cidr: string, { platform: { clusterRanges = [] } }: GateContext): boolean {
  return clusterRanges.length === 0 || clusterRanges.some((range) => contains(range, cidr) || contains(cidr, range));
}

/** Whether the first address of a range is in another one. */
function contains(range: string, other: string): boolean {
  const [network = '', length = ''] = range.split('/');
  const [address = ''] = other.split('/');
  const family = isIP(network);
  const prefix = Number(length);
  if (family === 0 || isIP(address) !== family || !(prefix >= 0 && prefix <= (family === 4 ? 32 : 128))) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(network, prefix, type);
  return block.check(address, type);
}

/** Whether an entry of `ports` has a port of some pods, by its number or by the name that their containers give it. */
function hasPort(entry: unknown, port: number, { ports }: Server): boolean {
  if ((textAt(entry, 'protocol') ?? 'TCP') !== 'TCP') return false;
  const name = textAt(entry, 'port');
  if (name !== undefined) {
    return (
      ports === undefined ||
      ports.some((each) => textAt(each, 'name') === name && numberAt(each, 'containerPort') === port)
    );
  }
  const first = numberAt(entry, 'port');
  return first === undefined || (first <= port && port <= (numberAt(entry, 'endPort') ?? first));
}
