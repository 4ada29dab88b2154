/** Objects that Kubernetes or Flux would take, and that do something else than they say. */
import { isDeepStrictEqual } from 'node:util';
import { annotationsOf, at, labelsOf, listAt, objectId, objectKey, textAt } from '../../model/kube-object';
import { marksOf, METHOD_LABEL, PLAN_LABEL, REASON_ANNOTATION, REVIEW_ANNOTATION } from '../../model/marks';
import {
  BACKUP_METRICS_FOLDER,
  BACKUP_USER_FOLDER,
  backupFolderOf,
  CLUSTER_CHART,
  FLUX_FOLDER,
  NAMESPACES_FOLDER,
} from '../../model/folders';
import { isDnsLabel } from '../../model/names';
import { FLUX_NAMESPACE } from '../../model/platform';
import { isWritten, type RenderedObject } from '../../model/rendered';
import { counted, enumerated } from '../../model/text';
import type { GateContext, UnreadInclude } from '../context';
import { aboutObject, describeOrigin, inWords, type RuleFinding } from '../finding';
import type { Rule } from '../rule';

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
  what: 'Two objects of the output, or of the output and the files beside, are the same object of the cluster, or two of those files differ about one.',
  why: 'Flux would apply them in turn, and which of the two is live is a matter of time. What is proven of one may not be true of the other.',
  fix: "Delete one of them, or leave its file out: `alsoRead: [..., '!staging/**']`. Patches that a kustomization names are no objects, and never meant.",
  example: `new k8s.KubeConfigMap(chart, 'one', { metadata: { name: 'settings' } });
new k8s.KubeConfigMap(chart, 'two', { metadata: { name: 'settings' } });`,
  check: (context) => {
    const first = new Map<string, RenderedObject>();
    return context.input.objects.flatMap((rendered) => {
      const key = objectKey(objectId(rendered.object));
      const before = first.get(key);
      if (before === undefined) {
        first.set(key, rendered);
        return [];
      }
      const onlyRead = !isWritten(before) && !isWritten(rendered);
      if (onlyRead && isDeepStrictEqual(before.object, rendered.object)) return [];
      // Of what follows from declarations, the names in those are wrong (plan-name).
      if (before.generated === true && rendered.generated === true) return [];
      // Of a folder's Kustomization, the name of the chart is (folder-collision).
      if ([before, rendered].some((each) => appliesChart(each, context))) return [];
      const remedy = 'delete one of the two';
      return [
        {
          ...aboutObject(rendered.object, rendered.origin),
          because: `${describeOrigin(before.origin)} makes it too${onlyRead ? ', and not the same' : ''}`,
          remedies: inWords(onlyRead ? `${remedy}, or leave its file out of alsoRead` : remedy),
        },
      ];
    });
  },
};

function appliesChart({ object, generated }: RenderedObject, { input, namePrefix }: GateContext): boolean {
  if (generated !== true || object.kind !== 'Kustomization') return false;
  const folders = input.charts.flatMap(({ id }) => [id, backupFolderOf(id)]);
  return folders.some((folder) => object.metadata.name === `${namePrefix}${folder}`);
}

export const marksMissing: Rule = {
  id: 'marks-missing',
  heading: (n) =>
    `${counted(n, 'claim')} ${n === 1 ? 'does' : 'do'} not say what was decided about ${n === 1 ? 'it' : 'them'}`,
  what: 'A written claim lacks the labels or the annotations of its answer, or carries those of another one.',
  why: 'Velero tells claims apart by labels, and people read the annotations: what they see would not be what was declared.',
  fix: 'Do not remove or replace labels and annotations that begin with `backed-up/`.',
  example: `const volume = new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
ApiObject.of(volume).metadata.addLabel('backed-up/plan', 'weekly');`,
  check: (context) =>
    context.answers.answered.flatMap((dataset) =>
      dataset.claims.flatMap(({ namespace, name }): readonly RuleFinding[] => {
        const rendered = context.object({ group: '', kind: 'PersistentVolumeClaim', namespace, name });
        if (rendered === undefined || !isWritten(rendered)) return [];
        const expected = marksOf(dataset);
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
  heading: (n) => `${counted(n, 'place')} in files that cannot be read`,
  what: 'A file that a chart includes is not there, or is not YAML. Or one is not that `alsoRead` names, or a pattern names no file.',
  why: 'What cannot be read cannot be proven: the volume in it would go unnoticed.',
  fix: 'Correct the file or its name, or narrow the pattern.',
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
    ...input.unreadIncludes.map(aboutInclude),
    ...input.emptyPatterns.map((pattern) => ({
      subject: `alsoRead '${pattern}'`,
      because: 'no file matches it',
      remedies: inWords('correct the pattern; it begins in the folder of the project'),
    })),
  ],
};

function aboutInclude({ place, why, isMissing, by }: UnreadInclude): RuleFinding {
  const include = by === undefined ? 'what includes it' : describeOrigin(by);
  const subject = place.file;
  return isMissing
    ? {
        subject,
        at: by ?? { type: 'file', ...place },
        because: `${include} includes it: ${why}`,
        remedies: inWords(
          `correct the url of ${include}; a path begins in the folder that synth runs in, or in that of the code with join(__dirname, …)`,
        ),
      }
    : {
        subject,
        at: { type: 'file', ...place },
        because: why,
        remedies: inWords(`correct the file, which ${include} includes`),
      };
}

export const folderCollision: Rule = {
  id: 'folder-collision',
  heading: (n) => `${counted(n, 'chart')} whose folder belongs to something else`,
  what: 'The id of a chart names a folder of the output that another chart or synth itself uses, or a Kustomization that somebody else wrote, or is not a name that Flux accepts.',
  why: 'Two Kustomizations of one name are one object: one of them would silently stop being applied.',
  fix: 'Rename the chart.',
  example: `new Chart(app, 'flux', { namespace: 'paperless' });`,
  check: (context) => {
    const { input, namePrefix } = context;
    const taken = new Map<string, string>([
      [FLUX_FOLDER, 'the Kustomizations of all folders'],
      [NAMESPACES_FOLDER, 'the namespaces'],
      [BACKUP_USER_FOLDER, 'the user that reads buckets'],
      [BACKUP_METRICS_FOLDER, 'what Prometheus is told of backups'],
      [CLUSTER_CHART, 'what belongs to the whole cluster'],
    ]);
    const others = otherKustomizations(context);
    const findings: RuleFinding[] = [];
    for (const { id, path } of input.charts) {
      const refuse = (because: string) =>
        findings.push({
          subject: `chart ${id}`,
          at: { type: 'construct', path, chart: id },
          because,
          remedies: inWords('rename the chart'),
        });
      // Flux puts the name of its Kustomization on every object, as the value of a label.
      const longest = 63 - namePrefix.length - backupFolderOf('').length;
      if (!isDnsLabel(id, Math.min(52, longest))) {
        refuse(`the id is not a DNS label of at most ${Math.min(52, longest)} characters`);
        continue;
      }
      for (const folder of [id, backupFolderOf(id)]) {
        const other = taken.get(folder);
        const kustomization = others.get(`${namePrefix}${folder}`);
        if (other !== undefined) refuse(`'${folder}' is ${other}`);
        if (kustomization !== undefined) {
          refuse(`'${namePrefix}${folder}' is the Kustomization ${kustomization}`);
        }
        taken.set(folder, `chart ${id}`);
      }
    }
    return findings;
  },
};

/** Kustomizations beside those that synth writes, by name, with what ends a sentence about each. */
function otherKustomizations(context: GateContext): ReadonlyMap<string, string> {
  const { operators = {}, sourceRef, namespace = FLUX_NAMESPACE } = context.platform.flux;
  const read = context
    .ofKind('kustomize.toolkit.fluxcd.io', 'Kustomization')
    .filter(({ object, generated }) => generated !== true && object.metadata.namespace === namespace);
  return new Map([
    // The one that the README has for whoever does not let `flux bootstrap` apply the output.
    ['backed-up', 'that applies the output'],
    // `flux bootstrap` gives source and Kustomization one name (flux2, pkg/manifestgen/sync/sync.go).
    [sourceRef.name, `that applies the source '${sourceRef.name}'`],
    ...read.map(({ object, origin }) => [object.metadata.name, `of ${describeOrigin(origin)}`] as const),
    ...Object.entries(operators).map(([operator, name]) => [name, `that installs ${operator}`] as const),
  ]);
}
