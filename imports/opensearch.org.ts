// Written by hand, not generated: the kinds of the OpenSearch operator (3.0.2) that are used, and of them the fields that
// matter for backups. All others pass through as they are; schemas/opensearch.org.json knows their names.
import { ApiObject, type ApiObjectMetadata, type GroupVersionKind } from 'cdk8s';
import type { Construct } from 'constructs';

/** A cluster of OpenSearch nodes. */
export class OpenSearchCluster extends ApiObject {
  public static readonly GVK: GroupVersionKind = { apiVersion: 'opensearch.org/v1', kind: 'OpenSearchCluster' };

  public constructor(scope: Construct, id: string, props: OpenSearchClusterProps) {
    super(scope, id, { ...OpenSearchCluster.GVK, ...props });
  }
}

export interface OpenSearchClusterProps {
  readonly metadata?: ApiObjectMetadata;
  readonly spec: OpenSearchClusterSpec;
}

export interface OpenSearchClusterSpec {
  readonly general: OpenSearchClusterGeneral;
  readonly nodePools: readonly OpenSearchNodePool[];
  readonly [field: string]: unknown;
}

export interface OpenSearchClusterGeneral {
  readonly serviceName: string;
  readonly version?: string;
  /** `repository-s3` for snapshots in a bucket. */
  readonly pluginsList?: readonly string[];
  /** Secrets whose keys become settings of the nodes' keystore. */
  readonly keystore?: readonly OpenSearchKeystoreEntry[];
  /** Lines of `opensearch.yml`. */
  readonly additionalConfig?: Readonly<Record<string, string>>;
  readonly snapshotRepositories?: readonly OpenSearchSnapshotRepository[];
  readonly [field: string]: unknown;
}

export interface OpenSearchKeystoreEntry {
  readonly secret: { readonly name: string };
  readonly keyMappings?: Readonly<Record<string, string>>;
}

export interface OpenSearchSnapshotRepository {
  readonly name: string;
  readonly type: string;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface OpenSearchNodePool {
  readonly component: string;
  readonly replicas: number;
  readonly roles: readonly string[];
  readonly diskSize?: string;
  readonly persistence?: {
    readonly pvc?: {
      readonly storageClass?: string;
      readonly accessModes?: readonly string[];
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** When a cluster takes snapshots, and when it deletes them. */
export class OpensearchSnapshotPolicy extends ApiObject {
  public static readonly GVK: GroupVersionKind = { apiVersion: 'opensearch.org/v1', kind: 'OpensearchSnapshotPolicy' };

  public constructor(scope: Construct, id: string, props: OpensearchSnapshotPolicyProps) {
    super(scope, id, { ...OpensearchSnapshotPolicy.GVK, ...props });
  }
}

export interface OpensearchSnapshotPolicyProps {
  readonly metadata?: ApiObjectMetadata;
  readonly spec: OpensearchSnapshotPolicySpec;
}

export interface OpensearchSnapshotPolicySpec {
  readonly policyName: string;
  /** In the same namespace. */
  readonly opensearchCluster: { readonly name: string };
  readonly enabled?: boolean;
  readonly creation: { readonly schedule: OpensearchSchedule; readonly timeLimit?: string };
  readonly deletion?: {
    readonly schedule?: OpensearchSchedule;
    readonly timeLimit?: string;
    readonly deleteCondition?: { readonly maxAge?: string; readonly maxCount?: number; readonly minCount?: number };
  };
  readonly snapshotConfig: {
    readonly repository: string;
    readonly indices?: string;
    readonly includeGlobalState?: boolean;
    readonly ignoreUnavailable?: boolean;
    readonly partial?: boolean;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface OpensearchSchedule {
  readonly cron: { readonly expression: string; readonly timezone: string };
}
