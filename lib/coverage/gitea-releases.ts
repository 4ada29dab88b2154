/** What the values of a HelmRelease say of the pods that the charts of Gitea and Forgejo make (helm-gitea 12, values.yaml). */
import type { PlannedJob } from '../methods/jobs/plan';
import { at, booleanAt, textAt, type KubeObject } from '../model/kube-object';
import type { Labels } from '../model/label-selector';
import type { GateContext } from './context';
import { releaseOf } from './gitea-settings';
import { trimmed, type MountedVolume } from './gitea-volumes';
import { programOf } from './held-servers';
import { chartOf, releaseNameOf, valuesOf } from './helm-values';

/** The pods of such a release. */
export interface ReleasedGitea {
  readonly release: KubeObject;
  /** Where they have the volume, or a folder of it. */
  readonly mount: MountedVolume;
  /** Absent where no value says it, and it is the chart's. */
  readonly image?: string;
  /** Name of their claim; absent as above. */
  readonly claim?: string;
  /** The value by which the chart makes no claim. */
  readonly withoutClaim?: string;
  /** The server that the chart brings; absent where no value says so. */
  readonly server?: BundledServer;
}

/** A PostgreSQL of the chart itself, which its Gitea uses unless the settings name another host. */
export interface BundledServer {
  /** The value that brings it. */
  readonly value: string;
  readonly release: string;
  /** Of its Service, which others begin with that lead to the same pods. */
  readonly service: string;
  readonly pods: Labels;
}

/** @returns `undefined` where the pods are seen, and of other charts. */
export function releasedGitea(job: PlannedJob, context: GateContext): ReleasedGitea | undefined {
  const release = releaseOf(job, context);
  if (release === undefined || programOf(release, context) !== 'Gitea') return undefined;
  const persistence = at(valuesOf(release, context), 'persistence');
  const image = imageOf(release, context);
  const claim = textAt(persistence, 'claimName');
  const server = serverOf(release, context);
  const off = ['enabled', 'create'].find((name) => booleanAt(persistence, name) === false);
  return {
    release,
    mount: { mountPath: '/data', subPath: trimmed(textAt(persistence, 'subPath') ?? '') },
    ...(image === undefined ? {} : { image }),
    ...(claim === undefined || claim.includes('$') ? {} : { claim }),
    ...(off === undefined ? {} : { withoutClaim: `persistence.${off}` }),
    ...(server === undefined ? {} : { server }),
  };
}

/** Which of the two is on, as a value says itself: their defaults differ between versions of the chart. */
function serverOf(release: KubeObject, context: GateContext): BundledServer | undefined {
  const values = valuesOf(release, context);
  const chart = ['postgresql-ha', 'postgresql'].find((name) => booleanAt(values, name, 'enabled') === true);
  if (chart === undefined) return undefined;
  const name = releaseNameOf(release);
  return {
    value: `${chart}.enabled`,
    release: name,
    service: `${name}-${chart}${chart === 'postgresql' ? '' : '-pgpool'}`,
    pods: { 'app.kubernetes.io/instance': name, 'app.kubernetes.io/name': chart },
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
