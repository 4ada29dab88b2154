import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { DatasetAnswer } from '../model/declaration';
import type { Methods, OneOrMore, VolumeStrategy } from '../model/kinds';
import { isMapping, mappingAt } from '../model/kube-object';
import { datasetIdOf } from '../model/refs';
import { lastingClaimsOfTemplate } from '../model/stateful-sets';
import { excluded } from '../model/statements';
import { given } from '../model/untyped';
import { answerOf } from './answer';
import { demandGate, Ledger, originOf } from './ledger';
import { isMisused, isText, optional, type Expected } from './misuse';
import { claimSpec, STORAGE, type VolumeProps } from './volume';

/**
 * One claim template: backed up, or `scratch` with the reason why losing it is acceptable, and perhaps a day to look at the
 * reason again.
 */
export type StatefulSetVolume = Omit<VolumeProps, 'name'> &
  (
    | { readonly backup: OneOrMore<VolumeStrategy>; readonly scratch?: never }
    | { readonly scratch: string; readonly reviewBy?: string; readonly backup?: never }
  );

/** A StatefulSet, and how its volumes are backed up. */
export interface BackedUpStatefulSetProps {
  /** Name of the set. Default: the construct's id. */
  readonly name?: string;
  /** Number of pods, and so of claims for each template. Default 1. */
  readonly replicas?: number;
  /** The headless Service that names the pods. Default: the name of the set. */
  readonly serviceName?: string;
  /** Labels that select the pods; they are added to the template. Default `{ 'app.kubernetes.io/name': <name> }`. */
  readonly selector?: Readonly<Record<string, string>>;
  /** The pods: containers, their mounts, and everything else of a pod. */
  readonly podTemplate: k8s.PodTemplateSpec;
  /** Claim templates by name; containers mount them under that name. */
  readonly volumes: Readonly<Record<string, StatefulSetVolume>>;
  /** Further fields of the StatefulSet, such as `updateStrategy`. Default: none. */
  readonly spec?: Partial<Omit<k8s.StatefulSetSpec, 'template' | 'selector' | 'replicas' | 'volumeClaimTemplates'>>;
}

/**
 * A StatefulSet whose claim templates say how they are backed up.
 *
 * Claim templates cannot be changed once the set exists, labels and annotations included, and Flux would stop at the
 * attempt. So nothing of ours stands in them: the claim of each replica is rendered beside the set, with its labels, and
 * the set adopts it.
 *
 * @throws Error of cdk8s if the scope is in no Chart.
 * @example
 * new BackedUpStatefulSet(this, 'loki', {
 *   podTemplate: { spec: { containers: [{ name: 'loki', image: 'grafana/loki:3.5.0', volumeMounts: [{ name: 'storage', mountPath: '/loki' }] }] } },
 *   volumes: { storage: { storage: Size.gibibytes(50), backup: nightly({ to: offsite, keep: { daily: 7 } }) } },
 * });
 * // apiVersion: v1
 * // kind: PersistentVolumeClaim
 * // metadata:
 * //   annotations:
 * //     backed-up/dataset: StatefulSet paperless/loki, claim template 'storage'
 * //     kustomize.toolkit.fluxcd.io/prune: disabled
 * //   labels:
 * //     app.kubernetes.io/name: loki
 * //     backed-up/method: velero
 * //     backed-up/plan: nightly
 * //   name: storage-loki-0
 * //   namespace: paperless
 * // and beside it StatefulSet loki, which adopts the claim
 */
export class BackedUpStatefulSet extends Construct {
  /** Name of the set. */
  readonly name: string;
  /** Names of the claims, in the order of the pods, by their templates: `{ storage: ['storage-loki-0'] }`. */
  readonly claims: Readonly<Record<string, readonly string[]>>;

  constructor(scope: Construct, id: string, props: BackedUpStatefulSetProps) {
    super(scope, id);
    this.name = given(props).name ?? id;
    this.claims = isMisused(this, props, statefulSetProps(props)) ? {} : renderStatefulSet(this, this.name, props);
  }
}

/** What the properties have to be: each of the volumes requests something. */
function statefulSetProps(props: unknown): Readonly<Record<string, Expected>> {
  const templates = Object.keys(mappingAt(props, 'volumes'));
  return {
    name: { is: optional(isText), write: `name: 'db'` },
    podTemplate: { is: isMapping, write: 'podTemplate: { spec: { containers: [ … ] } }' },
    volumes: { is: isMapping, write: 'volumes: { data: { storage: Size.gibibytes(20), backup: … } }' },
    ...Object.fromEntries(templates.map((template) => [`volumes.${template}.storage`, STORAGE])),
  };
}

/**
 * Renders the set and the claims of its templates, and declares them.
 *
 * @param methods what carries out the strategies of its templates, where that is not what volumes have.
 * @returns the names of the claims by their templates.
 */
export function renderStatefulSet(
  construct: Construct,
  name: string,
  props: Omit<BackedUpStatefulSetProps, 'name'>,
  methods?: Methods,
): Readonly<Record<string, readonly string[]>> {
  const {
    replicas = 1,
    serviceName = name,
    selector = { 'app.kubernetes.io/name': name },
    podTemplate,
    volumes,
  } = props;
  const spec: k8s.StatefulSetSpec = {
    replicas,
    serviceName,
    selector: { matchLabels: { ...selector } },
    template: {
      ...podTemplate,
      metadata: { ...podTemplate.metadata, labels: { ...podTemplate.metadata?.labels, ...selector } },
    },
    volumeClaimTemplates: Object.entries(volumes).map(([template, volume]) => ({
      metadata: { name: template },
      spec: claimSpec(volume),
    })),
    ...props.spec,
  };
  new k8s.KubeStatefulSet(construct, 'Resource', { metadata: { name }, spec });
  demandGate(construct);
  return Object.fromEntries(
    Object.entries(volumes).map(([template, volume]) => {
      const set = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name }, spec };
      const claims = lastingClaimsOfTemplate(set, { metadata: { name: template } });
      for (const claim of claims) {
        new k8s.KubePersistentVolumeClaim(construct, claim.name, {
          metadata: { name: claim.name, labels: claim.labels },
          spec: claimSpec(volume),
        });
      }
      const { namespace } = Chart.of(construct);
      Ledger.of(construct).declarations.push({
        dataset: datasetIdOf({ statefulSet: name, template }, namespace),
        answer: answerFor(volume),
        at: originOf(construct),
        ...(methods === undefined ? {} : { methods }),
      });
      return [template, claims.map((claim) => claim.name)];
    }),
  );
}

function answerFor(volume: StatefulSetVolume): DatasetAnswer | undefined {
  if (volume.scratch === undefined) return answerOf(volume.backup);
  return excluded(volume.scratch, volume.reviewBy === undefined ? {} : { reviewBy: volume.reviewBy });
}
