/** Objects that Kubernetes or Flux would take, and that do something else than they say. */
import {
  annotationsOf,
  at,
  groupOf,
  labelsOf,
  listAt,
  objectId,
  objectKey,
  textAt,
  type KubeObject,
} from '../../model/kube-object';
import { marksOf, METHOD_LABEL, PLAN_LABEL, REASON_ANNOTATION, REVIEW_ANNOTATION } from '../../model/marks';
import { isWritten, type RenderedObject } from '../../model/rendered';
import { counted, enumerated } from '../../model/text';
import { aboutObject, describeOrigin, inWords, type RuleFinding } from '../finding';
import type { Rule } from '../rule';
import { hasSchema, validateStrictly } from '../../schema/objects';

export const invalidConstruct: Rule = {
  id: 'invalid-construct',
  heading: (n) => `${counted(n, 'construct')} ${n === 1 ? 'is' : 'are'} not valid`,
  what: 'A construct says of itself that it was used wrongly.',
  why: 'cdk8s would stop with a stack trace at the first of them.',
  fix: 'Do as the message says.',
  example: `chart.node.addValidation({ validate: () => ['the port is missing'] });`,
  check: ({ input }) =>
    input.invalidConstructs.map(({ path, problem }) => ({
      subject: path === '' ? 'app' : path,
      because: problem,
      remedies: [],
    })),
};

export const sameObjectTwice: Rule = {
  id: 'same-object-twice',
  heading: (n) => `${counted(n, 'object')} ${n === 1 ? 'is' : 'are'} written twice`,
  what: 'Two objects of the output, or one of the output and one in a file that synth reads, are the same object of the cluster.',
  why: 'Flux would apply them in turn, and which of the two is live is a matter of time.',
  fix: 'Delete one of them.',
  example: `new k8s.KubeConfigMap(chart, 'one', { metadata: { name: 'settings' } });
new k8s.KubeConfigMap(chart, 'two', { metadata: { name: 'settings' } });`,
  check: ({ input }) => {
    const first = new Map<string, RenderedObject>();
    return input.objects.flatMap((rendered) => {
      const key = objectKey(objectId(rendered.object));
      const before = first.get(key);
      if (before === undefined) {
        first.set(key, rendered);
        return [];
      }
      // Overlays of files beside may name an object several times: that is between them.
      if (!isWritten(before) && !isWritten(rendered)) return [];
      return [
        {
          ...aboutObject(rendered.object, rendered.origin),
          because: `${describeOrigin(before.origin)} makes it too`,
          remedies: inWords('delete one of the two'),
        },
      ];
    });
  },
};

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
  check: ({ input }) =>
    input.objects
      .filter((rendered) => isWritten(rendered) || isOnBackupPath(rendered.object))
      .filter(({ object }) => hasSchema(object))
      .flatMap(({ object, origin }) =>
        validateStrictly(object).map(({ path, message }) => ({
          ...aboutObject(object, origin),
          because: `${path}: ${message}`,
          remedies: inWords('correct the field'),
        })),
      ),
};

function isOnBackupPath(object: KubeObject): boolean {
  const group = groupOf(object.apiVersion);
  return BACKUP_PATH.has(group) || BACKUP_PATH_KINDS.has(`${group}/${object.kind}`);
}

export const marksMissing: Rule = {
  id: 'marks-missing',
  heading: (n) =>
    `${counted(n, 'claim')} ${n === 1 ? 'does' : 'do'} not say what was decided about ${n === 1 ? 'it' : 'them'}`,
  what: 'A written claim lacks the labels or the annotations of its answer, or carries those of another one.',
  why: 'Velero tells claims apart by labels, and audit and admission policy read the annotations: what they see would not be what was declared.',
  fix: 'Do not remove or replace labels and annotations that begin with `backed-up/`.',
  example: `const volume = new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
ApiObject.of(volume).metadata.addLabel('backed-up/plan', 'weekly');`,
  check: (context) =>
    context.answers.answered.flatMap((dataset) =>
      dataset.claims.flatMap(({ namespace, name }): readonly RuleFinding[] => {
        const rendered = context.object({ group: '', kind: 'PersistentVolumeClaim', namespace, name });
        if (rendered === undefined || !isWritten(rendered)) return [];
        const expected = marksOf(dataset.id, dataset.answer, dataset.method);
        const wrong = [
          ...differences(labelsOf(rendered.object), {
            [METHOD_LABEL]: undefined,
            [PLAN_LABEL]: undefined,
            ...expected.labels,
          }),
          ...differences(annotationsOf(rendered.object), {
            [REASON_ANNOTATION]: undefined,
            [REVIEW_ANNOTATION]: undefined,
            ...expected.annotations,
          }),
        ];
        if (wrong.length === 0) return [];
        return [
          {
            ...aboutObject(rendered.object, rendered.origin),
            because: enumerated(wrong),
            remedies: inWords(`leave labels and annotations that begin with 'backed-up/' alone`),
          },
        ];
      }),
    ),
};

function differences(
  actual: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return Object.entries(expected)
    .filter(([key, value]) => actual[key] !== value)
    .map(([key, value]) => `${key} is ${actual[key] ?? 'missing'} instead of ${value ?? 'absent'}`);
}

export const claimTemplateMarks: Rule = {
  id: 'claim-template-marks',
  heading: (n) => `${counted(n, 'claim template')} that can never be changed again`,
  what: 'A claim template of a StatefulSet carries a label or annotation of this library.',
  why: 'Claim templates are immutable: with the next changed reason Flux stops applying the whole folder.',
  fix: 'Use `BackedUpStatefulSet`, which renders the claims beside the set, or answer for the template with `backUp` or `exclude`.',
  example: `new ApiObject(chart, 'redis', {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'redis' },
  spec: {
    serviceName: 'redis',
    selector: { matchLabels: { app: 'redis' } },
    template: { metadata: { labels: { app: 'redis' } }, spec: { containers: [{ name: 'app', image: 'app:1.0' }] } },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data', annotations: { 'backed-up/reason': 'Only sessions, people log in again.' } },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
  },
});
exclude(chart, { statefulSet: 'redis', template: 'data' }, { reason: 'Only sessions, people log in again.' });`,
  check: (context) =>
    context.ofKind('apps', 'StatefulSet').flatMap(({ object, origin }) =>
      listAt(object, 'spec', 'volumeClaimTemplates').flatMap((template) => {
        const marks = ['labels', 'annotations'].flatMap((field) =>
          Object.keys(at(template, 'metadata', field) ?? {}).filter((key) => key.startsWith('backed-up/')),
        );
        if (marks.length === 0) return [];
        return [
          {
            ...aboutObject(object, origin),
            because: `template '${textAt(template, 'metadata', 'name') ?? ''}' carries ${enumerated(marks)}`,
            remedies: inWords('move it out of volumeClaimTemplates: BackedUpStatefulSet does'),
          },
        ];
      }),
    ),
};

export const unreadableFile: Rule = {
  id: 'unreadable-file',
  heading: (n) => `${counted(n, 'place')} in the files beside that cannot be read`,
  what: 'A file that `alsoRead` names is not YAML, or a pattern names no file.',
  why: 'What cannot be read cannot be proven: the volume in it would go unnoticed.',
  fix: 'Correct the file, or narrow the pattern.',
  example: `const alsoRead = ['nowhere/**/*.yaml'];`,
  check: ({ input }) => [
    ...input.unread
      .filter(({ broken }) => broken)
      .map(({ place, why }) => ({
        subject: place.file,
        at: { type: 'file' as const, ...place },
        because: why,
        remedies: inWords('correct the file, or leave it out of alsoRead'),
      })),
    ...input.emptyPatterns.map((pattern) => ({
      subject: `alsoRead '${pattern}'`,
      because: 'no file matches it',
      remedies: inWords('correct the pattern; it begins in the folder of the project'),
    })),
  ],
};

export const folderCollision: Rule = {
  id: 'folder-collision',
  heading: (n) => `${counted(n, 'chart')} whose folder belongs to something else`,
  what: 'The id of a chart names a folder of the output that another chart or synth itself uses, or is not a name that Flux accepts.',
  why: 'Two Kustomizations of one name are one object: one of them would silently stop being applied.',
  fix: 'Rename the chart.',
  example: `new Chart(app, 'flux', { namespace: 'paperless' });`,
  check: ({ input, platform }) => {
    const { operators = {} } = platform.flux;
    const taken = new Map<string, string>([
      ['flux', 'the Kustomizations of all folders'],
      ['namespaces', 'the namespaces'],
      ['cluster', 'what belongs to the whole cluster'],
    ]);
    for (const [operator, name] of Object.entries(operators))
      taken.set(name, `the Kustomization that installs ${operator}`);
    const findings: RuleFinding[] = [];
    for (const { id, path } of input.charts) {
      const origin = { type: 'construct', path, chart: id } as const;
      if (!/^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$/.test(id)) {
        findings.push({
          subject: `chart ${id}`,
          at: origin,
          because: 'the id is not a DNS label of at most 52 characters',
          remedies: inWords('rename the chart'),
        });
        continue;
      }
      for (const folder of [id, `${id}-backup`]) {
        const other = taken.get(folder);
        if (other !== undefined) {
          findings.push({
            subject: `chart ${id}`,
            at: origin,
            because: `'${folder}' is ${other}`,
            remedies: inWords('rename the chart'),
          });
        }
        taken.set(folder, `chart ${id}`);
      }
    }
    return findings;
  },
};
