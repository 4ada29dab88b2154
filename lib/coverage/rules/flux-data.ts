/** What Flux would do to data: delete it, make it anew, or leave it without the labels by which it is copied. */
import { makersOf } from '../../model/answered';
import { roleOf } from '../../model/kinds';
import {
  annotationsOf,
  booleanAt,
  describeObject,
  groupOf,
  objectId,
  objectKey,
  textAt,
  type KubeObject,
} from '../../model/kube-object';
import { DISABLED, PRUNE_ANNOTATION, tellsFlux } from '../../model/marks';
import { isWritten } from '../../model/rendered';
import { counted, enumerated } from '../../model/text';
import type { GateContext } from '../context';
import { aboutObject, inWords, toFix, type RuleFinding } from '../finding';
import type { Rule } from '../rule';

type Reason = Pick<RuleFinding, 'because' | 'remedies'>;

export const prunedData: Rule = {
  id: 'pruned-data',
  heading: (n) => `${counted(n, 'object')} with data that Flux would delete`,
  what: 'An object that holds data, or makes objects that do, may be deleted by Flux when it leaves the repository, or takes its claims along.',
  why: 'A moved file, a renamed chart or a removed namespace is enough, and the volume is gone with its claim; Helm uninstalls a release with the claims of its chart. A claim that a restore brought back carries the labels of Flux and is deleted too.',
  fix: 'Annotate it. Synth does so for what it writes. What is no longer wanted is then deleted by hand.',
  example: `const volume = new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
ApiObject.of(volume).metadata.addAnnotation('kustomize.toolkit.fluxcd.io/prune', 'enabled');`,
  check: (context) => {
    const namespacesWithData = new Set(context.data.datasets.map(({ id }) => id.namespace));
    const makers = makersOf(context.copied);
    const isCopied = copiedObjects(context);
    return context.input.objects.flatMap(({ object, origin }) => {
      const reason =
        whyPruned(object, namespacesWithData, makers, context) ??
        (isCopied(object) ? whyTakenAlong(object) : undefined);
      return reason === undefined ? [] : [{ ...aboutObject(object, origin), ...reason }];
    });
  },
};

function isKept(object: KubeObject): boolean {
  return tellsFlux(object, 'prune', DISABLED);
}

function whyPruned(
  object: KubeObject,
  namespacesWithData: ReadonlySet<string | undefined>,
  makers: ReadonlySet<string>,
  context: GateContext,
): Reason | undefined {
  const because = whatGoesWith(object, namespacesWithData, makers, context);
  if (because === undefined || isKept(object)) return undefined;
  return { because, remedies: toFix(`metadata: { annotations: { '${PRUNE_ANNOTATION}': '${DISABLED}' } }`) };
}

/** The data that would be lost with an object, if any. */
function whatGoesWith(
  object: KubeObject,
  namespacesWithData: ReadonlySet<string | undefined>,
  makers: ReadonlySet<string>,
  { input }: GateContext,
): string | undefined {
  if (object.kind === 'Namespace' && object.apiVersion === 'v1') {
    return namespacesWithData.has(object.metadata.name) ? 'with a namespace go all claims in it' : undefined;
  }
  if (makers.has(objectKey(objectId(object)))) {
    return leavesObjects(object) ? undefined : 'with it go the claims that it makes';
  }
  const role = roleOf(groupOf(object.apiVersion), object.kind, input.ownKinds);
  // Deleting a StatefulSet leaves its claims.
  return role.role !== 'data' || role.leavesClaims ? undefined : `it lacks ${PRUNE_ANNOTATION}: ${DISABLED}`;
}

/** Whether a Kustomization leaves what it applied when it is deleted itself (kustomize-controller v1.9.4). */
function leavesObjects(object: KubeObject): boolean {
  const policy = textAt(object, 'spec', 'deletionPolicy') ?? 'MirrorPrune';
  return policy === 'Orphan' || (policy === 'MirrorPrune' && booleanAt(object, 'spec', 'prune') === false);
}

/** A StatefulSet leaves its claims unless it is told otherwise. */
function whyTakenAlong(object: KubeObject): Reason | undefined {
  const policy = (when: string) => textAt(object, 'spec', 'persistentVolumeClaimRetentionPolicy', when) === 'Delete';
  const remedies = toFix(`persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' }`);
  if (policy('whenScaled')) return { because: 'it deletes the claims of replicas that it no longer has', remedies };
  if (!policy('whenDeleted') || isKept(object)) return undefined;
  return { because: 'it takes its claims along when it is deleted', remedies };
}

/** Whether somebody copies the data of an object: of what is left out on purpose, losing it is acceptable. */
function copiedObjects({ copied }: GateContext): (object: KubeObject) => boolean {
  const keys = new Set(
    copied.flatMap(({ id, claims }) => [
      keyOf(id.kind, id),
      ...claims.map((claim) => keyOf('PersistentVolumeClaim', claim)),
    ]),
  );
  return (object) => keys.has(keyOf(object.kind, object.metadata));
}

function keyOf(kind: string, { namespace, name }: { readonly namespace?: string; readonly name: string }): string {
  return JSON.stringify([kind, namespace ?? null, name]);
}

export const recreatedData: Rule = {
  id: 'recreated-data',
  heading: (n) => `${counted(n, 'object')} that Flux would rather replace than fail`,
  what: 'Flux may delete an object that holds data and create it anew, because it or its Kustomization says so.',
  why: 'Most fields of a claim cannot be changed. Told to force, Flux answers a changed class or mode with a new and empty volume, and reports Ready.',
  fix: 'Force only objects without data, each by its annotation.',
  example: `const volume = new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
ApiObject.of(volume).metadata.addAnnotation('kustomize.toolkit.fluxcd.io/force', 'enabled');`,
  check: (context) => {
    const isCopied = copiedObjects(context);
    const loses = (object: KubeObject): boolean => {
      const role = roleOf(groupOf(object.apiVersion), object.kind, context.input.ownKinds);
      return role.role === 'data' && !role.leavesClaims && isCopied(object);
    };
    return context.input.objects.flatMap(({ object, origin }): readonly RuleFinding[] => {
      if (loses(object) && tellsFlux(object, 'force', 'enabled')) {
        const remedies = inWords('remove kustomize.toolkit.fluxcd.io/force from it');
        return [{ ...aboutObject(object, origin), remedies }];
      }
      if (booleanAt(object, 'spec', 'force') !== true) return [];
      const applied = context.kustomizations.appliedBy(object)?.objects ?? [];
      const lost = applied.filter((each) => loses(each.object)).map((each) => describeObject(objectId(each.object)));
      if (lost.length === 0) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `it applies ${enumerated(lost.toSorted())}`,
          remedies: [
            ...toFix('force: false'),
            ...inWords(`annotate the objects that need it with kustomize.toolkit.fluxcd.io/force: 'enabled'`),
          ],
        },
      ];
    });
  },
};

export const unappliedClaim: Rule = {
  id: 'unapplied-claim',
  heading: (n) => `${counted(n, 'claim')} that Flux does not apply as ${n === 1 ? 'it is' : 'they are'} written`,
  what: 'A written claim tells Flux not to apply it, or only once.',
  why: 'Velero tells claims apart by their labels. A claim that Flux ignores is never created; one that it leaves alone keeps the labels of its first day, and is copied by the plan of that day or by none.',
  fix: 'Remove the annotation. `ssa: Merge` is for what others add to an object.',
  example: `const volume = new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
ApiObject.of(volume).metadata.addAnnotation('kustomize.toolkit.fluxcd.io/ssa', 'IfNotPresent');`,
  check: ({ input }) =>
    input.objects.flatMap((rendered) => {
      const { object, origin } = rendered;
      if (!isWritten(rendered) || object.kind !== 'PersistentVolumeClaim') return [];
      const because = whyUnapplied(object);
      if (because === undefined) return [];
      return [{ ...aboutObject(object, origin), because, remedies: inWords('remove what tells Flux so') }];
    }),
};

/** Kustomize drops objects that have it (kustomize v5.7, api/internal/target/kusttarget.go). */
const LOCAL_CONFIG = 'config.kubernetes.io/local-config';

function whyUnapplied(object: KubeObject): string | undefined {
  if (LOCAL_CONFIG in annotationsOf(object)) return `${LOCAL_CONFIG} keeps kustomize from passing it on`;
  if (tellsFlux(object, 'reconcile', DISABLED)) return 'kustomize.toolkit.fluxcd.io/reconcile is disabled';
  if (tellsFlux(object, 'ssa', 'Ignore')) return 'kustomize.toolkit.fluxcd.io/ssa is Ignore: Flux never creates it';
  return tellsFlux(object, 'ssa', 'IfNotPresent')
    ? 'kustomize.toolkit.fluxcd.io/ssa is IfNotPresent: changed labels never reach the claim'
    : undefined;
}
