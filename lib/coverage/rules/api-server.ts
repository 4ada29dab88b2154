/** Objects that the API server refuses, or takes for something else than they say. */
import { groupOf, type KubeObject } from '../../model/kube-object';
import { isWritten, type RenderedObject } from '../../model/rendered';
import { counted } from '../../model/text';
import { nameProblem } from '../../schema/names';
import { validateStrictly } from '../../schema/objects';
import { refusals } from '../../schema/refusals';
import { servedInstead } from '../../schema/served';
import type { GateContext } from '../context';
import { aboutObject, inWords, toFix } from '../finding';
import { forbidsSubstitution } from '../kustomize';
import type { Rule } from '../rule';
import { isEncryptedSecret } from './secrets';

/** Kinds on the path of a backup: what is wrong with them is looked at in files that synth only reads, too. */
const BACKUP_PATH = new Set([
  'velero.io',
  'postgresql.cnpg.io',
  'barmancloud.cnpg.io',
  'snapshot.storage.k8s.io',
  'objectbucket.io',
]);
const BACKUP_PATH_KINDS = new Set([
  '/PersistentVolumeClaim',
  '/PersistentVolume',
  'apps/StatefulSet',
  'batch/CronJob',
  'batch/Job',
  'storage.k8s.io/StorageClass',
]);

/** What is written, and what is only read where a backup depends on it; not what SOPS put in the place of values. */
function judged({ input }: GateContext): readonly RenderedObject[] {
  return input.objects.filter(
    (rendered) =>
      (isWritten(rendered) && !isEncryptedSecret(rendered.object)) ||
      (isOnBackupPath(rendered.object) && !hasVariables(rendered.object)),
  );
}

/** Whether Flux may put values into it before anybody else sees it. */
function hasVariables(object: KubeObject): boolean {
  return !forbidsSubstitution(object) && JSON.stringify(object).includes('${');
}

function isOnBackupPath(object: KubeObject): boolean {
  const group = groupOf(object.apiVersion);
  return BACKUP_PATH.has(group) || BACKUP_PATH_KINDS.has(`${group}/${object.kind}`);
}

export const invalidObject: Rule = {
  id: 'invalid-object',
  heading: (n) => `${counted(n, 'field')} that Kubernetes does not know, or takes otherwise`,
  what: 'An object has a field that its kind does not have, or a value of another type.',
  why: 'Flux drops an unknown field of a built-in kind and reports Ready: a CronJob with `concurencyPolicy` runs twice at once. In other kinds it stops the whole folder.',
  fix: 'Correct the field.',
  example: `new ApiObject(chart, 'data', {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], storageClass: 'ceph-block', resources: { requests: { storage: '20Gi' } } },
});
backUp(chart, { claim: 'data' }, nightly({ to: offsite, keep: { daily: 7 } }));`,
  check: (context) =>
    judged(context).flatMap(({ object, origin }) =>
      validateStrictly(object).map(({ path, message }) => ({
        ...aboutObject(object, origin),
        because: `${path}: ${message}`,
        remedies: inWords('correct the field'),
      })),
    ),
};

export const refusedObject: Rule = {
  id: 'refused-object',
  heading: (n) => `${counted(n, 'field')} that Kubernetes refuses`,
  what: 'An object has a value that the API server refuses although its type is right: a label with spaces, a selector that does not select its own pods, a mount of a volume that does not exist.',
  why: 'Flux stops at it, and all other objects of the folder stay as they were: one bad label keeps a corrected backup from being applied.',
  fix: 'Correct the field.',
  example: `const volume = new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
ApiObject.of(volume).metadata.addLabel('app', 'paper less');`,
  check: (context) =>
    judged(context).flatMap(({ object, origin }) =>
      refusals(object).map(({ path, message }) => ({
        ...aboutObject(object, origin),
        because: `${path}: ${message}`,
        remedies: inWords('correct the field'),
      })),
    ),
};

export const objectName: Rule = {
  id: 'object-name',
  heading: (n) => `${counted(n, 'object')} with a name that Kubernetes refuses`,
  what: 'The name of an object has letters that its kind does not allow, or is so long that the objects which are named after it are refused.',
  why: 'Flux stops at it, and all other objects of the folder stay as they were. A StatefulSet with too long a name is taken, and never has a pod.',
  fix: 'Change the name.',
  example: `new BackedUpVolume(chart, 'My_Data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });`,
  check: (context) =>
    judged(context).flatMap(({ object, origin, generated }) => {
      const found = nameProblem(object);
      // What synth makes is named after plans, locations and charts, which other rules judge; jobs after what they copy.
      if (found === undefined || (generated === true && !['Namespace', 'CronJob'].includes(object.kind))) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `the name ${found.problem}`,
          remedies: toFix(`name: '${found.instead}'`),
        },
      ];
    }),
};

export const unservedVersion: Rule = {
  id: 'unserved-version',
  heading: (n) => `${counted(n, 'object')} in a version that Kubernetes does not serve`,
  what: 'An object of a kind of Kubernetes’ own is in an API version that no Kubernetes from 1.28 on serves.',
  why: 'Flux stops at it, and all other objects of the folder stay as they were. Nothing else about it can be checked either.',
  fix: 'Write the version that is served.',
  example: `new ApiObject(chart, 'dump', {
  apiVersion: 'batch/v1beta1',
  kind: 'CronJob',
  metadata: { name: 'dump' },
  spec: {
    schedule: '0 3 * * *',
    timeZone: 'Etc/UTC',
    jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'dump', image: 'postgres:17.2' }] } } } },
  },
});`,
  check: (context) =>
    judged(context).flatMap(({ object, origin }) => {
      const instead = servedInstead(object);
      if (instead === undefined) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `Kubernetes has no ${object.kind} in ${object.apiVersion}`,
          remedies: toFix(`apiVersion: '${instead}'`),
        },
      ];
    }),
};
