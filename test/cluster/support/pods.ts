/** Small pods of tests, which every Pod Security level lets in. */
import type { KubeObject } from '../../../lib/model/kube-object';
import { until } from '../../servers/support/tools';
import { BUSYBOX_IMAGE } from '../../lab/images';
import type { Cluster } from './cluster';

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  /** Claims by the folder below which they are mounted. */
  readonly claims?: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
}

export function pod(namespace: string, name: string, script: string, options: PodOptions = {}): KubeObject {
  const { labels = {}, claims = {}, ports = [] } = options;
  const volumes = Object.values(claims).map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }));
  const volumeMounts = Object.entries(claims).map(([mountPath, claimName]) => ({ name: claimName, mountPath }));
  const container = {
    name: 'main',
    image: BUSYBOX_IMAGE,
    command: ['/bin/sh', '-euc', script],
    ports,
    volumeMounts,
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [container],
      volumes,
    },
  };
}

export interface Finished {
  readonly succeeded: boolean;
  readonly log: string;
}

/** Runs a pod to its end. */
export async function finished(cluster: Cluster, object: KubeObject): Promise<Finished> {
  const { name, namespace = 'default' } = object.metadata;
  await cluster.apply(object);
  let phase = '';
  await until(`the end of pod ${name}`, 120, async () => {
    phase = await cluster.kubectl('-n', namespace, 'get', 'pod', name, '--output=jsonpath={.status.phase}');
    return phase === 'Succeeded' || phase === 'Failed';
  });
  return { succeeded: phase === 'Succeeded', log: await cluster.kubectl('-n', namespace, 'logs', name) };
}
