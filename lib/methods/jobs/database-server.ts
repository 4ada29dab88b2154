/** The server that a job dumps, as far as the objects show it: a dump comes back by clients of the server's own version. */
import { POSTGRES_IMAGES } from '../../jobs/images';
import type { Peer } from '../../jobs/step';
import { isPostgresImage } from '../../model/database-images';
import { at, listAt, numberAt, textAt, type KubeObject } from '../../model/kube-object';
import { makesPods, podTemplateOf, WORKLOADS } from '../../model/workloads';
import { CNPG_GROUP } from '../cnpg/archive';
import type { ObjectIndex } from '../method';

/** What makes the pods that a job asks. */
export function serversOf(peers: readonly Peer[], objects: ObjectIndex): readonly KubeObject[] {
  return peers.flatMap((peer) => ('labels' in peer ? makersOf(peer.namespace, peer.labels, objects) : []));
}

function makersOf(
  namespace: string,
  labels: Readonly<Record<string, string>>,
  objects: ObjectIndex,
): readonly KubeObject[] {
  const cluster = { group: CNPG_GROUP, kind: 'Cluster', namespace, name: labels['cnpg.io/cluster'] ?? '' };
  const found = objects.object(cluster);
  if (found !== undefined) return [found.object];
  return WORKLOADS.flatMap(({ group, kind }) => objects.ofKind(group, kind))
    .map(({ object }) => object)
    .filter((object) => makesPods(object, namespace, labels));
}

/** A version of PostgreSQL, and an image that has its clients. */
export interface ServerVersion {
  readonly major: number;
  readonly image: string;
}

/** As far as an object says: a digest, and the operator's own default, say nothing. */
export function serverVersion(object: KubeObject): ServerVersion | undefined {
  const catalogue = numberAt(object, 'spec', 'imageCatalogRef', 'major');
  if (catalogue !== undefined) return { major: catalogue, image: postgresImage(catalogue) };
  const ofCluster = textAt(object, 'spec', 'imageName');
  const image = ofCluster ?? containerImages(object).find(isPostgresImage) ?? '';
  const major = majorOf(image);
  if (major === undefined) return undefined;
  // What others make of the same server may lack tools that the scripts need.
  const hasTools = image === ofCluster || /(^|\/)postgres:/.test(image);
  return { major, image: hasTools ? image : postgresImage(major) };
}

function containerImages(object: KubeObject): readonly string[] {
  return listAt(at(podTemplateOf(object), 'spec'), 'containers').flatMap((each) => textAt(each, 'image') ?? []);
}

function postgresImage(major: number): string {
  return POSTGRES_IMAGES[major] ?? `docker.io/library/postgres:${major}`;
}

/** The major version that an image names. */
export function majorOf(image: string): number | undefined {
  const major = /:v?(\d+)(?:[.-][^/]*)?$/.exec(image.replace(/@.*$/, ''))?.[1];
  return major === undefined ? undefined : Number(major);
}
