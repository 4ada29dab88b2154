/**
 * kube-state-metrics and prometheus-operator, as upstream deploys them, on images made here, with the image of the
 * Prometheus that the operator runs; and what that knows.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { listAt, textMapAt, type KubeObject } from '../../../lib/model/kube-object';
import { binary, manifests } from '../../lab/binaries';
import { importImage, layerOf } from '../../lab/images';
import type { Layout } from '../../lab/layout';
import { until } from '../../servers/support/tools';
import type { Cluster } from './cluster';
import { upstream } from './upstream';

const KUBE_STATE_METRICS_NAMESPACE = 'kube-system';
const OPERATOR_NAMESPACE = 'default';

const IMAGES = [
  ['registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.20.0', 'kube-state-metrics', '/kube-state-metrics'],
  ['quay.io/prometheus-operator/prometheus-operator:v0.93.0', 'prometheus-operator', '/bin/operator'],
  [
    'quay.io/prometheus-operator/prometheus-config-reloader:v0.93.0',
    'prometheus-config-reloader',
    '/bin/prometheus-config-reloader',
  ],
  // What this operator takes where a Prometheus names no version.
  ['quay.io/prometheus/prometheus:v3.13.1', 'prometheus', '/bin/prometheus'],
] as const;

export async function startMonitoring(lab: Layout, cluster: Cluster): Promise<void> {
  for (const [image, name, path] of IMAGES) {
    const layer = layerOf(lab, image, { [path.slice(1)]: binary(name) });
    await importImage(lab, image, [layer], { Entrypoint: [path], User: '65534:65534' });
  }
  // The operator waits for all kinds of monitors, also for this one, which dist/ has none of.
  await cluster.apply(...upstream('prometheus-operator', 'monitoring.coreos.com_probes.yaml'));
  await cluster.apply(...prometheusOperator(), ...kubeStateMetrics(), monitorOfKubeStateMetrics());
  for (const [namespace, name] of [
    [OPERATOR_NAMESPACE, 'prometheus-operator'],
    [KUBE_STATE_METRICS_NAMESPACE, 'kube-state-metrics'],
  ] as const)
    await cluster.kubectl('-n', namespace, 'rollout', 'status', `deployment/${name}`, '--timeout=120s');
}

function prometheusOperator(): readonly KubeObject[] {
  const deployment: readonly [string, string][] = [
    // Two cores have nothing left to give away, and a tenth of one takes long to start anything.
    [
      '        - --kubelet-endpoints=true\n',
      '        - --config-reloader-cpu-request=0\n        - --config-reloader-cpu-limit=0\n        - --kubelet-endpoints=true\n',
    ],
    ['            cpu: 200m\n', ''],
    ['            cpu: 100m\n', ''],
  ];
  return filesOf('prometheus-operator', 'prometheus-operator').flatMap((file) =>
    upstream('prometheus-operator', file, file.endsWith('deployment.yaml') ? deployment : []),
  );
}

function kubeStateMetrics(): readonly KubeObject[] {
  return filesOf('kube-state-metrics', 'standard').flatMap((file) =>
    upstream(
      'kube-state-metrics',
      file,
      file.endsWith('/deployment.yaml')
        ? [['            initialDelaySeconds: 5\n', '            periodSeconds: 1\n']]
        : [],
    ),
  );
}

/** Without what is for kustomize. */
function filesOf(name: 'kube-state-metrics' | 'prometheus-operator', folder: string): readonly string[] {
  return readdirSync(join(manifests(name), folder))
    .filter((file) => file !== 'kustomization.yaml')
    .map((file) => join(folder, file));
}

/** As the charts that bring both have it: a metric keeps the namespace of what it speaks of. */
function monitorOfKubeStateMetrics(): KubeObject {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: 'kube-state-metrics', namespace: KUBE_STATE_METRICS_NAMESPACE },
    spec: {
      selector: { matchLabels: { 'app.kubernetes.io/name': 'kube-state-metrics' } },
      endpoints: [{ port: 'http-metrics', honorLabels: true, interval: '5s' }],
    },
  };
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  /** @returns what it answers now. */
  readonly ask: (query: string) => Promise<readonly Sample[]>;
  /** @returns its first answer that is not empty: it may not have asked those who know it yet. */
  readonly learns: (query: string) => Promise<readonly Sample[]>;
}

/** The one of dist/, when it is there. */
export async function prometheusOf(cluster: Cluster): Promise<Prometheus> {
  const kubectl = async (...words: readonly string[]): Promise<string> => cluster.kubectl('-n', 'monitoring', ...words);
  await kubectl('wait', 'prometheuses.monitoring.coreos.com/main', '--for=condition=Available', '--timeout=150s');
  const address = await kubectl('get', 'pod', 'prometheus-main-0', '--output=jsonpath={.status.podIP}');
  const ask = async (query: string): Promise<readonly Sample[]> => {
    const answer = await fetch(`http://${address}:9090/api/v1/query?${String(new URLSearchParams({ query }))}`);
    if (!answer.ok) throw new Error(`Prometheus does not answer ${query}: ${await answer.text()}`);
    return listAt(await answer.json(), 'data', 'result').map((each) => ({
      labels: textMapAt(each, 'metric'),
      value: Number(listAt(each, 'value')[1]),
    }));
  };
  const learns = async (query: string): Promise<readonly Sample[]> => {
    let samples: readonly Sample[] = [];
    await until(`an answer of Prometheus to ${query}`, 150, async () => {
      samples = await ask(query);
      return samples.length > 0;
    });
    return samples;
  };
  return { ask, learns };
}
