/** What the values of a HelmRelease say of the pods that the charts of Gitea and Forgejo make (helm-gitea 12, values.yaml). */
import type { PlannedJob } from '../methods/jobs/plan';
import { at, booleanAt, textAt, type KubeObject } from '../model/kube-object';
import type { GateContext } from './context';
import { releaseOf } from './gitea-settings';
import { programOf } from './held-servers';
import { chartOf, valuesOf } from './helm-values';

/** The pods of such a release. */
export interface ReleasedGitea {
  readonly release: KubeObject;
  /** Where they have the whole of the volume; absent where they have a part of it. */
  readonly mountPath?: string;
  /** Absent where no value says it, and it is the chart's. */
  readonly image?: string;
  /** Name of their claim; absent as above. */
  readonly claim?: string;
  /** The value by which the chart makes no claim. */
  readonly withoutClaim?: string;
}

/** @returns `undefined` where the pods are seen, and of other charts. */
export function releasedGitea(job: PlannedJob, context: GateContext): ReleasedGitea | undefined {
  const release = releaseOf(job, context);
  if (release === undefined || programOf(release, context) !== 'Gitea') return undefined;
  const persistence = at(valuesOf(release, context), 'persistence');
  const image = imageOf(release, context);
  const claim = textAt(persistence, 'claimName');
  const off = ['enabled', 'create'].find((name) => booleanAt(persistence, name) === false);
  return {
    release,
    ...((textAt(persistence, 'subPath') ?? '') === '' ? { mountPath: '/data' } : {}),
    ...(image === undefined ? {} : { image }),
    ...(claim === undefined || claim.includes('$') ? {} : { claim }),
    ...(off === undefined ? {} : { withoutClaim: `persistence.${off}` }),
  };
}

function imageOf(release: KubeObject, context: GateContext): string | undefined {
  const image = at(valuesOf(release, context), 'image');
  const whole = textAt(image, 'fullOverride') ?? '';
  if (whole !== '') return whole;
  const tag = textAt(image, 'tag') ?? '';
  if (tag === '') return undefined;
  const usual =
    chartOf(release, context) === 'forgejo'
      ? { registry: 'code.forgejo.org', repository: 'forgejo/forgejo' }
      : { registry: 'docker.gitea.com', repository: 'gitea' };
  const registry = textAt(image, 'registry') ?? usual.registry;
  const name = [registry, textAt(image, 'repository') ?? usual.repository].filter((part) => part !== '').join('/');
  return `${name}:${tag}${booleanAt(image, 'rootless') === false ? '' : '-rootless'}`;
}
