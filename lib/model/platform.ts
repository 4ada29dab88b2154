/** What others installed and the generator cannot see: Helm releases, another repository, the machines themselves. */
import type { JobImages } from './job-images';
import { isVersionFrom, parseVersion } from './version';

/**
 * The cluster as the gate takes it: given, not proven. Every statement of it that a proof used is written into the
 * inventory as an assumption.
 */
export interface Platform {
  /** Name of the cluster; part of every store path, so that two clusters never share one. */
  readonly cluster: string;
  /**
   * Zone of all schedules that do not name one: a name of the IANA database in its exact spelling, `Europe/Berlin`. Default
   * `UTC`, which knows no daylight saving.
   */
  readonly timeZone?: string;
  /** The Velero server. Default: there is none, and strategies that need it are refused (`velero-missing`). */
  readonly velero?: VeleroPlatform;
  /** CloudNativePG. Default: there is none, and `continuous` is refused (`cnpg-missing`). */
  readonly cnpg?: CnpgPlatform;
  /** The Rook operator. Default: there is none, and buckets that the backup user is to read are refused (`rook-missing`). */
  readonly rook?: RookPlatform;
  /** Storage classes by name. Those that are objects in the files of the repository need not be named. */
  readonly storageClasses?: Readonly<Record<string, StorageClassPlatform>>;
  /**
   * Address ranges of pods and Services, `10.244.0.0/16`: the API server's `--service-cluster-ip-range`, and
   * `--cluster-cidr` of the controller manager. A job that copies to a store outside may reach nothing in them. Default:
   * none, and such a job may reach every address at the port of its store.
   */
  readonly clusterRanges?: readonly string[];
  /** What the jobs that make dumps run with. */
  readonly jobs?: JobsPlatform;
  /** How Flux reads the output. */
  readonly flux: FluxPlatform;
}

/** Quantities of Kubernetes. */
export interface JobResources {
  /** Requested CPU, `50m`. */
  readonly cpu: string;
  /** Requested memory, `256Mi`. */
  readonly memory: string;
  /** Memory at which a container is ended. A large repository needs more when it is pruned. */
  readonly memoryLimit: string;
  /**
   * CPU that a container may use at most, `1`, where a ResourceQuota of a namespace asks for that (`job-over-limits`). Default:
   * no limit, because a backup that is throttled only takes longer.
   */
  readonly cpuLimit?: string;
}

/** What all jobs of a cluster have in common. */
export interface JobsPlatform {
  /** Images from a registry of your own, or pinned by digest. Default: those of docs/jobs.md. */
  readonly images?: Partial<JobImages>;
  /**
   * StorageClass of the scratch volumes: one that makes volumes, and removes them with their claims. Default: the class of
   * what is dumped, where that makes volumes, or else the cluster's default class.
   */
  readonly scratchClass?: string;
  /** What each container asks for and gets. Default `50m`, `256Mi` and `1Gi`. */
  readonly resources?: Partial<JobResources>;
  /** PriorityClass of the pods. Default: none. */
  readonly priorityClassName?: string;
}

/** The Velero server, as somebody installed it. */
export interface VeleroPlatform {
  /** Installed version, `1.18` or `1.18.3`. Resource policies by claim label and phase need 1.18. */
  readonly version: string;
  /** Namespace of the server. Default `velero`. */
  readonly namespace?: string;
  /** Whether server and node agent run with `--features=EnableCSI`. Without it CSI volumes are left out without a word. */
  readonly enableCSI: boolean;
  /** Whether the node-agent DaemonSet runs; data movement and file-system backup need it. */
  readonly nodeAgent: boolean;
  /**
   * Where the password of Velero's repositories is also kept, in words for the person who rebuilds the cluster. It is the
   * Secret `velero-repo-credentials`, whose key is `repository-password`. Default: nobody chose one, and Velero encrypts
   * with a constant that everybody knows, which is refused (velero v1.18.3, pkg/repository/keys/keys.go).
   */
  readonly repositoryPassword?: { readonly keptIn: string };
}

/** The operator of PostgreSQL, as somebody installed it. */
export interface CnpgPlatform {
  /** Installed version, `1.30` or `1.30.0`. Plugins that archive the log need 1.26. */
  readonly version: string;
  /**
   * Installed version of the Barman Cloud plugin, `0.14` or `0.14.0`, in the namespace of the operator. A Cluster that
   * names the plugin does not start without it.
   */
  readonly barmanPlugin: string;
}

/** The Rook operator and the object store that it runs. */
export interface RookPlatform {
  /** Installed version, `1.20` or `1.20.6`. The backup user is read-only from 1.19 on. */
  readonly version: string;
  /** Namespace of the object store, and of the operator. */
  readonly namespace: string;
  /**
   * The CephObjectStore that serves the buckets. Its `allowUsersInNamespaces` has to name `backed-up`, where the backup
   * user is.
   */
  readonly objectStore: string;
  /**
   * Fields of `additionalConfig` that the operator allows (`ROOK_OBC_ALLOW_ADDITIONAL_CONFIG_FIELDS`, in its Helm chart
   * `obcAllowAdditionalConfigFields`). A grant needs `bucketPolicy`, which lets whoever may write a claim set its policy.
   * Where it is named, the repository that answers for the cluster brings the backup user. Default `maxObjects` and
   * `maxSize`, as Rook's.
   */
  readonly allowedObcFields?: readonly string[];
  /**
   * Addresses of the gateway, where no label of pods leads to it: those of the nodes that it runs on, if it is in their
   * network (Cilium then needs `policyCIDRMatchMode: nodes`), or its own outside of the cluster. Default: it is reached by
   * its pods.
   */
  readonly reachedAt?: { readonly cidrs: readonly string[] };
  /**
   * Whether the Secret `rook-gateway-ca` of the namespace `backed-up` carries a `ca.crt`, the authority that signed the
   * certificate of a gateway that answers with TLS. Default `false`: it answers without TLS, or a public authority did.
   */
  readonly customCa?: boolean;
}

/** What a StorageClass means for backups. */
export interface StorageClassPlatform {
  /** CSI driver, or the provisioner of a class that is not CSI. */
  readonly driver: string;
  /**
   * VolumeSnapshotClass that Velero uses for this driver. Default: the one among the objects that carries Velero's label;
   * without either, claims of this class cannot be snapshotted.
   */
  readonly snapshotClass?: string;
  /** Whether claims that name no class get this one. At most one class says so. Default `false`. */
  readonly isDefault?: boolean;
}

/** Where `flux bootstrap` puts the source, and the Kustomizations beside it. */
export const FLUX_NAMESPACE = 'flux-system';

/** Where Flux reads the output from, and what it must wait for. */
export interface FluxPlatform {
  /** The source that the rendered Kustomizations read from. */
  readonly sourceRef: {
    readonly kind: 'GitRepository' | 'OCIRepository' | 'Bucket';
    readonly name: string;
    /**
     * Where it reads from, if the object that says so is in none of the files that synth reads: a URL, `git@host:path`, or
     * the `host:port` of a Bucket; without a password. Needed where nobody copies the Flux repository, because then that
     * server has to survive the cluster (`flux-source-unknown`). Default: what the object says.
     */
    readonly url?: string;
  };
  /** Path of the output folder inside the source, as a Flux Kustomization names it: `./dist`. */
  readonly path: string;
  /** Namespace of the source and of the rendered Kustomizations. Default `flux-system`. */
  readonly namespace?: string;
  /**
   * Names of the user's own Kustomizations that install the operators, which `-backup` folders wait for. Default: they wait
   * for none, and the summary says so.
   */
  readonly operators?: { readonly velero?: string; readonly cnpg?: string; readonly rook?: string };
}

/** All fields, by the place that they are at: what is misspelt would be taken for absent. */
export const PLATFORM_FIELDS = {
  '': {
    cluster: true,
    timeZone: true,
    velero: true,
    cnpg: true,
    rook: true,
    storageClasses: true,
    clusterRanges: true,
    jobs: true,
    flux: true,
  } satisfies Fields<Platform>,
  velero: {
    version: true,
    namespace: true,
    enableCSI: true,
    nodeAgent: true,
    repositoryPassword: true,
  } satisfies Fields<VeleroPlatform>,
  cnpg: { version: true, barmanPlugin: true } satisfies Fields<CnpgPlatform>,
  rook: {
    version: true,
    namespace: true,
    objectStore: true,
    allowedObcFields: true,
    reachedAt: true,
    customCa: true,
  } satisfies Fields<RookPlatform>,
  jobs: { images: true, scratchClass: true, resources: true, priorityClassName: true } satisfies Fields<JobsPlatform>,
  'jobs.images': {
    restic: true,
    rclone: true,
    postgres: true,
    etcd: true,
    kubectl: true,
    gitea: true,
  } satisfies Fields<JobImages>,
  'jobs.resources': { cpu: true, memory: true, memoryLimit: true, cpuLimit: true } satisfies Fields<JobResources>,
  flux: { sourceRef: true, path: true, namespace: true, operators: true } satisfies Fields<FluxPlatform>,
  'flux.sourceRef': { kind: true, name: true, url: true } satisfies Fields<FluxPlatform['sourceRef']>,
  'flux.operators': { velero: true, cnpg: true, rook: true } satisfies Fields<NonNullable<FluxPlatform['operators']>>,
} as const;

type Fields<T> = Readonly<Record<keyof T, true>>;

/**
 * States what others installed, and returns it as it is. A package of its own can export it, so that the repository of an
 * app takes it from the one of its cluster. What cannot be true is refused (`platform-malformed`).
 *
 * @example
 * const platform = definePlatform({
 *   cluster: 'home',
 *   timeZone: 'Europe/Berlin',
 *   velero: { version: '1.18', enableCSI: true, nodeAgent: true, repositoryPassword: { keptIn: 'sealed envelope, bank' } },
 *   storageClasses: { 'ceph-block': { driver: 'rook-ceph.rbd.csi.ceph.com', snapshotClass: 'ceph-block', isDefault: true } },
 *   flux: { sourceRef: { kind: 'GitRepository', name: 'flux-system' }, path: './dist', operators: { velero: 'velero' } },
 * });
 */
export function definePlatform(platform: Platform): Platform {
  return platform;
}

/** Where Velero reads its objects; its default where nobody says that there is one. */
export function veleroNamespaceOf({ velero }: Platform): string {
  return velero?.namespace ?? 'velero';
}

/** A path inside a Flux source in the one form in which it is compared: `./dist/`, `/dist` and `dist` are one folder. */
export function folderInSource(path: string): string {
  return path.replaceAll(/^(\.?\/)+|^\.$|\/+$/g, '');
}

/** The class of claims that name none, as far as the platform says. */
export function defaultStorageClass({ storageClasses = {} }: Platform): string | undefined {
  return Object.entries(storageClasses).find(([, { isDefault }]) => isDefault === true)?.[0];
}

/** Whether a server knows the resource policies that are rendered. */
export function isSupportedVelero(version: string): boolean {
  return isVersionFrom(version, 1, 18) && parseVersion(version)?.[0] === 1;
}
