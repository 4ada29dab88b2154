/** etcd, which no object shows: what `BackedUpApp` is given as `etcd`. */
import { posix } from 'node:path';
import { Duration, Size, type App } from 'cdk8s';
import { etcdSnapshot } from '../jobs/etcd';
import type { JobDeclaration } from '../methods/jobs/declaration';
import type { DatasetId } from '../model/dataset';
import type { Origin } from '../model/declaration';
import type { OneOrMore } from '../model/kinds';
import { isMapping } from '../model/kube-object';
import type { Elsewhere, Scheduled } from '../model/strategy';
import { jobSettings, type JobProps } from './jobs';
import { isFlag, isMisused, isText, optional, type Expected } from './misuse';

/** How etcd is copied that kubeadm runs. */
export interface KubeadmEtcdProps extends Omit<JobProps, 'scratchClass'> {
  /** `nightly`, `every` …, or `elsewhere`. */
  readonly backup: OneOrMore<Scheduled | Elsewhere>;
  /** One member, `https://<host>:<port>`. Default `https://127.0.0.1:2379`: the member of the node on which the job runs. */
  readonly endpoint?: string;
  /**
   * Folder on the nodes, without a slash at its end, with kubeadm's `pki` and `manifests`. The encryption configuration has to be in it, too. Default
   * `/etc/kubernetes`.
   */
  readonly folder?: string;
  /** Whether the keys of the authorities are kept elsewhere, so that the nodes have none. Default `false`. */
  readonly externalCa?: boolean;
  /**
   * Where the key is kept, outside the cluster, of a KMS that encrypts Secrets, and who can unseal it, in words for the
   * person who rebuilds the cluster: that key is in no file, and in no copy. Default: no provider of the encryption
   * configuration is `kms`, and the job fails where it finds one.
   */
  readonly kmsKeptIn?: string;
}

/** What `kubeadmEtcd` returns. */
export interface KubeadmEtcd extends KubeadmEtcdProps {
  readonly type: 'kubeadmEtcd';
}

/** Where the job runs: in no namespace of an application may pods have the network and the files of the node. */
const NAMESPACE = 'kube-system';
/** Space of the node: etcd holds at most 8 GiB, and its snapshot is restored beside it. */
const SCRATCH = Size.gibibytes(20);
const DEADLINE = Duration.hours(1);

/**
 * etcd as kubeadm runs it: a CronJob on a node of the control plane takes a snapshot, restores it into scratch space,
 * which checks its hash, and stores it together with the cluster's authorities, keys and encryption configuration, in a
 * restic repository. Its copies cannot be read without the `RESTIC_PASSWORD` of the location, which therefore is kept
 * outside. The pod is root in the network of its node, in namespace `kube-system`; no NetworkPolicy applies to it.
 *
 * @example
 * // new BackedUpApp({ platform, etcd, … })
 * const etcd = kubeadmEtcd({ backup: every('15 0,6,12,18 * * *', { to: offsite, keep: { hourly: 28, daily: 30 } }) });
 * // apiVersion: batch/v1
 * // kind: CronJob
 * // metadata:
 * //   annotations:
 * //     backed-up/dataset: etcd of cluster home
 * //   name: etcd-offsite
 * //   namespace: kube-system
 * // spec:
 * //   schedule: 15 0,6,12,18 * * *
 * //   concurrencyPolicy: Forbid
 */
export function kubeadmEtcd(props: KubeadmEtcdProps): KubeadmEtcd {
  return { type: 'kubeadmEtcd', ...props };
}

const ETCD: Readonly<Record<string, Expected>> = {
  'etcd.endpoint': {
    is: optional((value) => isText(value) && /^https:\/\/([\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/i.test(value)),
    write: `endpoint: 'https://127.0.0.1:2379', of one member: etcdctl takes no snapshot of several`,
  },
  'etcd.folder': {
    // The configuration of the API server names files below it, and this is the beginning of their paths.
    is: optional((value) => isText(value) && /^(\/[\w.-]+)+$/.test(value) && posix.normalize(value) === value),
    write: `folder: '/etc/kubernetes', from the root of the node and without a slash at its end`,
  },
  'etcd.externalCa': { is: optional(isFlag), write: 'externalCa: true' },
};

export function isKubeadmEtcd(answer: unknown): answer is KubeadmEtcd {
  return isMapping(answer) && answer['type'] === 'kubeadmEtcd';
}

export function etcdJob(
  app: App,
  etcd: KubeadmEtcd,
  dataset: DatasetId,
  at: Origin & { type: 'construct' },
): JobDeclaration {
  const { kmsKeptIn } = etcd;
  const { endpoint, folder, externalCa } = isMisused(app, { etcd }, ETCD) ? {} : etcd;
  const source = etcdSnapshot({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(folder === undefined ? {} : { folder }),
    ...(externalCa === undefined ? {} : { externalCa }),
    isKmsKept: kmsKeptIn !== undefined,
  });
  const settings = jobSettings(app, 'etcd', etcd, { scratch: SCRATCH, deadline: DEADLINE });
  return {
    dataset,
    name: 'etcd',
    namespace: NAMESPACE,
    source,
    settings,
    ...(kmsKeptIn === undefined ? {} : { kmsKeptIn }),
    at,
  };
}
