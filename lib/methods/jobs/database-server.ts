/** The server that a job dumps, as far as the objects show it: a dump comes back by clients of the server's own version. */
import { POSTGRES_IMAGES } from '../../jobs/images';
import type { Peer } from '../../jobs/step';
import { isPostgresImage } from '../../model/database-images';
import { leadingMajor, postgresMajor } from '../../model/image';
import { at, listAt, numberAt, textAt, type KubeObject } from '../../model/kube-object';
import { podsMayCarry, podTemplateOf, WORKLOADS } from '../../model/workloads';
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
    .filter((object) => object.metadata.namespace === namespace && podsMayCarry(object, labels));
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
  const major = postgresMajor(image) ?? (ofCluster === undefined ? undefined : leadingMajor(ofCluster));
  if (major === undefined) return undefined;
  // What others make of the same server may lack tools that the scripts need, or bring those of busybox.
  const hasTools = image === ofCluster || /(^|\/)postgres:(?!.*alpine)/.test(image);
  return { major, image: hasTools ? image : postgresImage(major) };
}

function containerImages(object: KubeObject): readonly string[] {
  return listAt(at(podTemplateOf(object), 'spec'), 'containers').flatMap((each) => textAt(each, 'image') ?? []);
}

function postgresImage(major: number): string {
  return POSTGRES_IMAGES[major] ?? `docker.io/library/postgres:${major}`;
}

/**
 * The image with the clients for a server.
 *
 * @param platform what the platform names: of another version, its repository has that of the server, too.
 */
export function clientImage({ major, image }: ServerVersion, platform: string | undefined): string {
  if (platform === undefined) return image;
  const [, tag] = /:([^/:]*)$/.exec(POSTGRES_IMAGES[major] ?? '') ?? [];
  const [, repository] = /^(.*\/postgres):[^/:@]*$/.exec(platform) ?? [];
  if (postgresMajor(platform) === major || tag === undefined || repository === undefined) return platform;
  return `${repository}:${tag}`;
}
