/** What a job is made of: steps, which are containers that share one scratch volume, and what they may reach. */
import type { JobImages } from '../model/job-images';
import type { ScriptName } from './scripts';

/** One container. Steps run one after another, and none after one that has failed. */
export interface Step {
  readonly name: string;
  readonly image: keyof JobImages;
  /** A script of this library with its arguments, or, in an image without a shell, a program with its arguments. */
  readonly run:
    { readonly script: ScriptName; readonly args?: readonly string[] } | { readonly program: readonly string[] };
  readonly env?: Readonly<Record<string, EnvValue>>;
  readonly mounts?: readonly Mount[];
  /** Whether it goes on beside the steps after it, which it serves, until the last one has ended (Kubernetes 1.29). */
  readonly isServer?: boolean;
  /** Whether it reads what the application writes, so that an application that is stopped for that is stopped for it. */
  readonly reads?: boolean;
}

/** A text as it is, or a key of a Secret or a ConfigMap in the namespace of the job. */
export type EnvValue = string | SecretKey | ConfigMapKey;

export interface ConfigMapKey {
  readonly configMap: string;
  readonly key: string;
}

export interface SecretKey {
  readonly secret: string;
  readonly key: string;
  /** Whether the step does without it. */
  readonly optional?: boolean;
}

/** A volume besides the scratch volume. All are read only: a backup changes nothing. */
export interface Mount {
  readonly path: string;
  readonly volume:
    | { readonly claim: string }
    | { readonly hostPath: string }
    | { readonly secret: string; readonly items?: Readonly<Record<string, string>> }
    /** What the API server knows the pod by. */
    | { readonly token: 'api-server' };
}

/** What the pods may do with objects: a rule of their Role. */
export interface Access {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** Whom a job talks to, for its NetworkPolicy. */
export type Peer =
  /** Pods, by their labels and the port on which they listen; the port of their Service is another thing (K12). */
  | { readonly namespace: string; readonly labels: Readonly<Record<string, string>>; readonly port: number }
  | { readonly cidrs: readonly string[]; readonly port: number }
  /** Everything but the cluster's own ranges of pods and Services, or everything: a store whose addresses change. */
  | { readonly outsideOf: readonly string[]; readonly port: number };

/**
 * Where the pod runs. `same-node`: on the node of the pods with these labels, whose ReadWriteOnce claim it reads.
 * `control-plane`: on a node of the control plane, with its network and as its root, because keys of the host are
 * readable by root only; no NetworkPolicy applies there.
 */
export type Placement =
  | { readonly on: 'any-node' }
  | { readonly on: 'control-plane' }
  | {
      readonly on: 'same-node';
      readonly labels: Readonly<Record<string, string>>;
      /** Whether another node will do when no such pod is there. */
      readonly preferred?: boolean;
    };

/** What a pod has to have of those of an application to run on their node, with their image, and read their files. */
export interface ApplicationPod {
  /** Each field as Kubernetes has it. */
  readonly tolerations?: unknown;
  readonly nodeSelector?: unknown;
  readonly imagePullSecrets?: unknown;
  readonly runAsUser?: number;
}

/**
 * How one kind of data is produced and verified: what a backup method gives to the job builder. Its steps write what is
 * copied to `/scratch/data`, and say in `/scratch/parts` what was counted.
 */
export interface Source {
  readonly steps: readonly Step[];
  /** What has looked at all of the data, for the receipt: `etcdutl snapshot restore`. */
  readonly verifiedBy: string;
  /** Whether fewer bytes than before mean nothing, because its own steps compare what they count. */
  readonly mayShrink?: boolean;
  readonly peers: readonly Peer[];
  readonly placement?: Placement;
  /** User and group of all steps, where they read the volume of an application: its own. Default: one that is nobody's. */
  readonly user?: number;
  /** Fields of its pod besides. */
  readonly pod?: Omit<ApplicationPod, 'runAsUser'>;
  /** Of its pods, besides those that all jobs have. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What its steps may ask of the API server. Default: nothing, and no step has a token. */
  readonly access?: readonly Access[];
}
