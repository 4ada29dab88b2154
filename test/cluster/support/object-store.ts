/** What Rook makes of its users and claims, by the Secrets that it writes. */
import { mappingAt, textAt, type KubeObject } from '../../../lib/model/kube-object';
import { bucketOf, type Bucket } from '../../servers/support/bucket';
import { endpoint } from '../../servers/support/rgw';
import type { S3User } from '../../servers/support/s3';
import type { Cluster } from './cluster';

/** @returns a user that is there or about to be, with the keys that Rook has given it. */
export async function rookUser(cluster: Cluster, namespace: string, name: string): Promise<S3User> {
  await reached(cluster, namespace, `cephobjectstoreuser/${name}`, 'Ready');
  const data = await dataOf(cluster, namespace, `rook-ceph-object-user-store-a-${name}`);
  return { endpoint: endpoint(), accessKey: data['AccessKey'] ?? '', secretKey: data['SecretKey'] ?? '' };
}

/** @returns the bucket that Rook makes of a claim, as its owner sees it. */
export async function applyClaim(cluster: Cluster, claim: KubeObject): Promise<Bucket> {
  await cluster.apply(claim);
  return boundBucket(cluster, claim);
}

export async function boundBucket(cluster: Cluster, { metadata, spec }: KubeObject): Promise<Bucket> {
  const { name, namespace = '' } = metadata;
  await reached(cluster, namespace, `objectbucketclaim/${name}`, 'Bound');
  const data = await dataOf(cluster, namespace, name);
  const accessKey = data['AWS_ACCESS_KEY_ID'] ?? '';
  const secretKey = data['AWS_SECRET_ACCESS_KEY'] ?? '';
  return bucketOf({ endpoint: endpoint(), accessKey, secretKey }, textAt(spec, 'bucketName') ?? '');
}

async function reached(cluster: Cluster, namespace: string, object: string, phase: string): Promise<void> {
  await cluster.kubectl('-n', namespace, 'wait', object, `--for=jsonpath={.status.phase}=${phase}`, '--timeout=60s');
}

async function dataOf(cluster: Cluster, namespace: string, name: string): Promise<Readonly<Record<string, string>>> {
  const object: unknown = JSON.parse(await cluster.kubectl('-n', namespace, 'get', 'secret', name, '--output=json'));
  const data = Object.entries(mappingAt(object, 'data'));
  return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString('utf8')]));
}
