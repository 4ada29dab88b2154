/** Buckets of Ceph, and the right of the backup user to read them. */
import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { policyWithGrant } from '../model/bucket-grant';
import type { PolicyStatement } from '../model/bucket-policy';
import type { Declarer } from '../model/declaration';
import type { BucketStrategy, DataRef, OneOrMore } from '../model/kinds';
import { isMapping } from '../model/kube-object';
import { datasetIdOf } from '../model/refs';
import { mirrored, type MirroredOptions } from '../model/strategies';
import type { Excluded } from '../model/strategy';
import { given } from '../model/untyped';
import { answerOf } from './answer';
import { demandGate, Ledger, originOf } from './ledger';
import { isMisused, isText, isTextMap, optional, type Expected } from './misuse';

/** Names a bucket by its claim: `{ bucket: 'attachments' }`. `namespace` is the chart's unless it is given. */
export type BucketRef = Extract<DataRef, { readonly bucket: string }>;

/** A bucket, what it is for, and how it is backed up. */
export interface CephBucketWithBackupGrantProps {
  /**
   * Name of the bucket, which is one for the whole object store. Always given: a name that Rook makes up is another one
   * after the cluster was rebuilt, and no policy could name it.
   */
  readonly bucketName: string;
  /** A StorageClass of Rook for buckets, whose `reclaimPolicy` is `Retain`: else the bucket goes with its claim (`bucket-class`). */
  readonly storageClass: string;
  /** How it is backed up: `mirrored` copies it as the backup user; or why it need not be, `excluded`. There is no default. */
  readonly backup: OneOrMore<BucketStrategy> | Excluded;
  /** Name of the claim, and so of the ConfigMap and the Secret in which Rook tells the application of it. Default: the construct's id. */
  readonly name?: string;
  /**
   * What the bucket's policy says besides the grant, in the words of S3. Default: nothing; the application owns the
   * bucket, and may do all.
   */
  readonly statements?: readonly PolicyStatement[];
  /** Further fields for Rook, such as `maxSize`; the operator has to allow them (`bucket-config`). Default: none. */
  readonly additionalConfig?: Readonly<Record<string, string>> & { readonly bucketPolicy?: never };
}

/**
 * A bucket of Ceph that the backup user may read: an ObjectBucketClaim whose policy grants it listing, reading, old
 * versions and tags. The user itself is rendered once, by the repository that answers for the cluster, and the folder
 * with the claim waits for it.
 *
 * The policy stands in the claim because Rook removes any that comes another way (rook v1.20.6, bucket/provisioner.go).
 * Rook has to be 1.19 or later, with `bucketPolicy` among the `allowedObcFields` of the platform.
 *
 * @throws Error of cdk8s if the scope is in no Chart.
 * @example
 * new CephBucketWithBackupGrant(this, 'attachments', {
 *   bucketName: 'paperless-attachments',
 *   storageClass: 'bucket-retain',
 *   backup: mirrored({ to: offsite, keep: { daily: 30 } }),
 * });
 * // apiVersion: objectbucket.io/v1alpha1
 * // kind: ObjectBucketClaim
 * // metadata:
 * //   annotations:
 * //     kustomize.toolkit.fluxcd.io/prune: disabled
 * //   name: attachments
 * //   namespace: paperless
 * // spec:
 * //   additionalConfig:
 * //     bucketPolicy: |-
 * //       {
 * //         "Version": "2012-10-17",
 * //         "Statement": [
 * //           {
 * //             "Sid": "BackupListsBucket",
 * //             "Effect": "Allow",
 * //             "Principal": {
 * //               "AWS": [
 * //                 "arn:aws:iam:::user/backed-up"
 * //               ]
 * //             },
 * //             "Action": [
 * //               "s3:ListBucket",
 * //               "s3:ListBucketVersions",
 * //               "s3:GetBucketLocation",
 * //               "s3:GetBucketVersioning"
 * //             ],
 * //             "Resource": [
 * //               "arn:aws:s3:::paperless-attachments"
 * //             ]
 * //           },
 * //           {
 * //             "Sid": "BackupReadsObjects",
 * //             "Effect": "Allow",
 * //             "Principal": {
 * //               "AWS": [
 * //                 "arn:aws:iam:::user/backed-up"
 * //               ]
 * //             },
 * //             "Action": [
 * //               "s3:GetObject",
 * //               "s3:GetObjectVersion",
 * //               "s3:GetObjectTagging",
 * //               "s3:GetObjectVersionTagging"
 * //             ],
 * //             "Resource": [
 * //               "arn:aws:s3:::paperless-attachments/*"
 * //             ]
 * //           }
 * //         ]
 * //       }
 * //   bucketName: paperless-attachments
 * //   storageClassName: bucket-retain
 */
export class CephBucketWithBackupGrant extends Construct {
  /** Name of the claim; the ConfigMap with `BUCKET_HOST`, `BUCKET_PORT` and `BUCKET_NAME` is called the same, and so is the Secret with the keys. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: CephBucketWithBackupGrantProps) {
    super(scope, id);
    const { name = id } = given(props);
    this.name = name;
    if (isMisused(this, props, BUCKET)) return;
    const { bucketName, storageClass, statements = [], additionalConfig, backup } = props;
    new ApiObject(this, 'Resource', {
      apiVersion: 'objectbucket.io/v1alpha1',
      kind: 'ObjectBucketClaim',
      metadata: { name },
      spec: {
        bucketName,
        storageClassName: storageClass,
        // A policy that untyped code gives here is not thrown away: the gate refuses it.
        additionalConfig: { bucketPolicy: policyWithGrant(bucketName, statements), ...additionalConfig },
      },
    });
    declareGrant(this, { bucket: name }, backup, { statements });
  }
}

/** That it has no name is a finding of its own. */
const BUCKET: Readonly<Record<string, Expected>> = {
  name: { is: optional(isText), write: `name: 'attachments'` },
  bucketName: { is: optional(isText), write: `bucketName: 'paperless-attachments'` },
  storageClass: { is: isText, write: `storageClass: 'bucket-retain'` },
  statements: {
    is: optional((value) => Array.isArray(value) && value.every(isMapping)),
    write: `statements: [{ Effect: 'Allow', … }]`,
  },
  additionalConfig: { is: optional(isTextMap), write: `additionalConfig: { maxSize: '100G' }` },
};

/**
 * Backs up a bucket whose claim somebody else wrote, as {@link CephBucketWithBackupGrant} does: synth proves that the grant
 * stands in the claim, and otherwise refuses and prints the `bucketPolicy` to paste there (`bucket-grant`). It changes no
 * claim: whoever renders it would change it back.
 *
 * @param scope a construct in the chart that answers for it; usually `this`.
 * @param ref names the claim; what names none that exists is refused (`idle-declaration`).
 * @throws Error if untyped code passes a reference that names no data, or the scope is in no Chart.
 * @example
 * new ApiObject(this, 'media', {
 *   apiVersion: 'objectbucket.io/v1alpha1',
 *   kind: 'ObjectBucketClaim',
 *   metadata: { name: 'media' },
 *   spec: {
 *     bucketName: 'paperless-media',
 *     storageClassName: 'bucket-retain',
 *     additionalConfig: { bucketPolicy: readFileSync('media-policy.json', 'utf8') },
 *   },
 * });
 * grantBackup(this, { bucket: 'media' }, mirrored({ to: offsite, keep: { daily: 30 } }));
 */
export function grantBackup(scope: Construct, ref: BucketRef, strategy: OneOrMore<BucketStrategy>): void {
  declareGrant(scope, ref, strategy, { by: { name: 'grantBackup', takesBackup: false } });
}

/** Which bucket is mirrored where. */
export interface CephBucketMirrorProps extends MirroredOptions {
  /** Name of the claim. */
  readonly claim: string;
  /** Namespace of the claim. Default: the chart's. */
  readonly namespace?: string;
}

/**
 * The mirror of a bucket whose claim somebody else wrote: `grantBackup` with `mirrored`, as a construct.
 *
 * @throws Error if the scope is in no Chart.
 * @example
 * new ApiObject(this, 'media', {
 *   apiVersion: 'objectbucket.io/v1alpha1',
 *   kind: 'ObjectBucketClaim',
 *   metadata: { name: 'media' },
 *   spec: {
 *     bucketName: 'paperless-media',
 *     storageClassName: 'bucket-retain',
 *     additionalConfig: { bucketPolicy: readFileSync('media-policy.json', 'utf8') },
 *   },
 * });
 * new CephBucketMirror(this, 'media-mirror', { claim: 'media', to: offsite, keep: { daily: 30 } });
 */
export class CephBucketMirror extends Construct {
  constructor(scope: Construct, id: string, props: CephBucketMirrorProps) {
    super(scope, id);
    if (isMisused(this, props, MIRROR)) return;
    const { claim, namespace, ...options } = props;
    const ref = { bucket: claim, ...(namespace === undefined ? {} : { namespace }) };
    declareGrant(this, ref, mirrored(options), { by: { name: 'CephBucketMirror', takesBackup: false } });
  }
}

const MIRROR: Readonly<Record<string, Expected>> = {
  claim: { is: isText, write: `claim: 'media'` },
  namespace: { is: optional(isText), write: `namespace: 'wiki'` },
};

/** @param said statements that the policy has to have besides the grant, or what was written for a claim of somebody else. */
function declareGrant(
  scope: Construct,
  ref: BucketRef,
  answer: OneOrMore<BucketStrategy> | Excluded,
  {
    by,
    statements,
  }:
    | { readonly by: Declarer; readonly statements?: never }
    | { readonly by?: never; readonly statements: readonly PolicyStatement[] },
): void {
  const ledger = Ledger.of(scope);
  const bucket = datasetIdOf(ref, Chart.of(scope).namespace);
  const at = originOf(scope);
  demandGate(scope);
  ledger.declarations.push({
    dataset: bucket,
    answer: answerOf(answer),
    at,
    ...(by === undefined ? {} : { by }),
  });
  ledger.grants.push({ bucket, at, ...(statements === undefined ? {} : { statements }) });
}
