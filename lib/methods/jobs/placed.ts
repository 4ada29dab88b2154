/** The pod of a job that reads the volume of an application: on the node of its pods, and like them. */
import type { ApplicationPod, Source } from '../../jobs/step';
import type { AnsweredDataset } from '../../model/answered';
import { giteaContainer } from '../../model/database-images';
import { at, listAt, numberAt, textsAt, textAt, type KubeObject } from '../../model/kube-object';
import { describeLabels } from '../../model/label-selector';
import { enumerated } from '../../model/text';
import { makesServers, podTemplateOf, tellingLabels } from '../../model/workloads';
import type { ObjectIndex } from '../method';
import type { Unsaid } from '../unsaid';
import { claimsReadBy, type JobDeclaration } from './declaration';
import { describe, makersOf, mountersOf, podsLine, toTellApart } from './makers';

/** What keeps its pod from finding the right node, as far as the output shows who mounts the volume. */
export function misplaced(dataset: AnsweredDataset, job: JobDeclaration, objects: ObjectIndex): Unsaid | undefined {
  const { name, namespace, source } = job;
  const { placement } = source;
  if (placement?.on !== 'same-node') return undefined;
  const { labels } = placement;
  const mounters = mountersOf(job, objects);
  const makers = makersOf(labels, namespace, objects);
  const application = mounters.find((each) => makers.includes(each));
  const [mounter] = mounters;
  if (mounter !== undefined && application === undefined) {
    return {
      because: `'${name}' runs beside pods with ${describeLabels(labels)}, and those of ${describe(mounter)}, which mount its volume, have other labels`,
      line: podsLine(tellingLabels(mounter)),
    };
  }
  // Pods of Jobs end, and the scheduler does not look at those that have.
  const others = makers.filter((each) => makesServers(each) && !mounters.includes(each));
  if (others.length === 0 || isForManyNodes(dataset, job, objects)) return undefined;
  return {
    because: `'${name}' runs on the node of any pod with ${describeLabels(labels)}, and ${enumerated(others.map(describe))} ${others.length === 1 ? 'makes' : 'make'} such pods, too, on whose node its volume may not be`,
    ...toTellApart(dataset, application, others),
  };
}

/** The same source in a pod that is like those of the application: it runs where they do, and reads what they may read. */
export function likeApplication(job: JobDeclaration, objects: ObjectIndex): Source {
  const { source, pod } = job;
  if (source.placement?.on !== 'same-node') return source;
  const [application] = mountersOf(job, objects);
  const { runAsUser, ...fields } = { ...(application === undefined ? {} : podOf(application)), ...pod };
  return { ...source, pod: fields, ...(runAsUser === undefined ? {} : { user: runAsUser }) };
}

function podOf(application: KubeObject): ApplicationPod {
  const spec = at(podTemplateOf(application), 'spec');
  const user =
    numberAt(giteaContainer(application), 'securityContext', 'runAsUser') ??
    numberAt(spec, 'securityContext', 'runAsUser');
  const fields = (['tolerations', 'nodeSelector', 'imagePullSecrets'] as const)
    .map((field) => [field, at(spec, field)] as const)
    .filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(fields),
    // An image that begins as root has its files written by a user of its own.
    ...(user === undefined || user === 0 ? {} : { runAsUser: user }),
  };
}

/** Whether a volume is on every node. */
function isForManyNodes(dataset: AnsweredDataset, job: JobDeclaration, objects: ObjectIndex): boolean {
  return accessModes(dataset, job, objects).some((mode) => mode.endsWith('Many'));
}

/** Of the claims that a job reads, as far as the output shows them. */
export function accessModes(
  { id }: Pick<AnsweredDataset, 'id'>,
  { source }: Pick<JobDeclaration, 'source'>,
  objects: ObjectIndex,
): readonly string[] {
  const { namespace, part } = id;
  const template = listAt(objects.object(id)?.object, 'spec', 'volumeClaimTemplates').find(
    (each) => part !== undefined && textAt(each, 'metadata', 'name') === part.name,
  );
  return claimsReadBy(source).flatMap((name) => {
    const place = namespace === undefined ? {} : { namespace };
    const claim = objects.object({ group: '', kind: 'PersistentVolumeClaim', ...place, name })?.object;
    return textsAt(claim ?? template, 'spec', 'accessModes');
  });
}
