/** What Flux would do to the objects between the repository and the cluster. */
import { HEALTH } from '../../model/flux-health';
import { booleanAt, groupOf, listAt, textAt, type KubeObject } from '../../model/kube-object';
import { DISABLED, SUBSTITUTE_ANNOTATION } from '../../model/marks';
import { isWritten, type RenderedObject } from '../../model/rendered';
import { counted, enumerated } from '../../model/text';
import { aboutObject, inWords, toFix } from '../finding';
import { forbidsSubstitution } from '../kustomize';
import type { Rule } from '../rule';
import { textsIn, type Scripts, type Text } from '../scripts';
import { bucketExample, WITH_ROOK } from './bucket-example';

export const substitution: Rule = {
  id: 'substitution',
  heading: (n) => `${counted(n, 'text')} that Flux may rewrite`,
  what: 'A script, a command, a hook, a variable of a container or an object of ours contains `${` or `$$`, and the object does not forbid substitution.',
  why: 'With `postBuild` on the Kustomization Flux replaces `${NAME}` everywhere, comments included: `rm -rf "${DIR:?}/data"` becomes `rm -rf "/data"`, and an unknown name stops the whole folder. No quoting protects.',
  fix: 'Annotate the object.',
  example: `new k8s.KubeConfigMap(chart, 'script', {
  metadata: { name: 'dump' },
  data: { 'dump.sh': '#!/bin/sh\\nrm -rf "\${DIR:?}/data"\\n' },
});`,
  check: ({ input, scripts }) =>
    input.objects
      .filter((rendered) => isWritten(rendered) && !forbidsSubstitution(rendered.object))
      .flatMap((rendered) => {
        const { object, origin } = rendered;
        const [found] = substitutable(rendered, scripts);
        if (found === undefined) return [];
        return [
          {
            ...aboutObject(object, origin),
            because: `${found.path} contains ${found.text}`,
            remedies: toFix(`metadata: { annotations: { '${SUBSTITUTE_ANNOTATION}': '${DISABLED}' } }`),
          },
        ];
      }),
};

/** In what synth makes itself, every text; in what somebody else wrote, what a shell will read. */
function substitutable({ object, generated }: RenderedObject, scripts: Scripts): readonly Text[] {
  const texts = generated === true ? textsIn(object) : scripts.of(object);
  return texts.flatMap(({ path, text }) => {
    const match = /\$\$|\$\{[^}\n]{0,40}\}?/.exec(text);
    return match === null ? [] : [{ path, text: match[0] }];
  });
}

export const healthExpressions: Rule = {
  id: 'health-expressions',
  heading: (n) => `${counted(n, 'Kustomization')} ${n === 1 ? 'is' : 'are'} Ready before anything works`,
  what: 'A Flux Kustomization with `wait: true` applies objects that Flux takes for healthy at once.',
  why: 'A bucket claim, a database or a Schedule is Ready in a cluster where no operator runs, and whatever depends on it goes ahead.',
  fix: 'Add the health expressions.',
  example: `new ApiObject(chart, 'infrastructure', {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name: 'buckets', namespace: 'flux-system' },
  spec: { interval: '10m', path: './dist/example', prune: true, wait: true, sourceRef: { kind: 'GitRepository', name: 'flux-system' } },
});
holds(chart, { kustomization: 'buckets', namespace: 'flux-system' }, {});
new ApiObject(chart, 'media', {
  apiVersion: 'objectbucket.io/v1alpha1',
  kind: 'ObjectBucketClaim',
  metadata: { name: 'media' },
  spec: { bucketName: 'media', storageClassName: 'bucket-retain' },
});
exclude(chart, { bucket: 'media' }, { reason: 'Thumbnails are made again from the originals.' });`,
  check: (context) =>
    context.ofKind('kustomize.toolkit.fluxcd.io', 'Kustomization').flatMap(({ object, origin }) => {
      if (booleanAt(object, 'spec', 'wait') !== true) return [];
      const applied = context.kustomizations.appliedBy(object)?.objects ?? [];
      const covered = new Set(
        listAt(object, 'spec', 'healthCheckExprs').map((each) =>
          healthKey(textAt(each, 'apiVersion') ?? '', textAt(each, 'kind') ?? ''),
        ),
      );
      const silent = [...new Set(applied.map((each) => healthKey(each.object.apiVersion, each.object.kind)))]
        .filter((kind) => kind in HEALTH && !covered.has(kind))
        .toSorted();
      if (silent.length === 0) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `Flux calls ${enumerated(silent)} healthy at once`,
          remedies: toFix(`healthCheckExprs: [${silent.map(healthCheck).join(', ')}]`),
        },
      ];
    }),
};

export const fluxDeadlock: Rule = {
  id: 'flux-deadlock',
  heading: (n) =>
    `${counted(n, 'Kustomization')} ${n === 1 ? 'waits' : 'wait'} for ${n === 1 ? 'itself' : 'themselves'}`,
  what: 'A Flux Kustomization depends on others that in the end depend on it.',
  why: 'Flux applies none of them, and reports nothing but that a dependency is not ready. It may go unnoticed until the cluster is rebuilt: what is there already stays there.',
  fix: 'Move what others wait for into a chart of its own. Claims whose policy names the backup user wait for that user, and the user for the object store: they cannot be in the chart of the store.',
  example: `${WITH_ROOK}
new ApiObject(chart, 'store', {
  apiVersion: 'ceph.rook.io/v1',
  kind: 'CephObjectStore',
  metadata: { name: 'store-a', namespace: 'rook-ceph' },
  spec: { gateway: { port: 80, instances: 1 }, allowUsersInNamespaces: ['backed-up'] },
});
${bucketExample()}`,
  check: (context) => {
    const kustomizations = context.ofKind('kustomize.toolkit.fluxcd.io', 'Kustomization');
    const before = new Map(kustomizations.map(({ object }) => [nameInCluster(object), dependenciesOf(object)]));
    return kustomizations.flatMap(({ object, origin }) => {
      const self = nameInCluster(object);
      const circle = dependenciesOf(object).filter((name) => name === self || reachedFrom(name, before).has(self));
      if (circle.length === 0) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `it waits for ${enumerated(circle)}`,
          remedies: inWords('move what one of them waits for into a chart of its own'),
        },
      ];
    });
  },
};

/** `flux-system/forge`; dependencies are in the namespace of the Kustomization unless they name one. */
function nameInCluster({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function dependenciesOf(kustomization: KubeObject): readonly string[] {
  return listAt(kustomization, 'spec', 'dependsOn').map((dependency) => {
    const namespace = textAt(dependency, 'namespace') ?? kustomization.metadata.namespace ?? '';
    return `${namespace}/${textAt(dependency, 'name') ?? ''}`;
  });
}

function reachedFrom(name: string, before: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  // A set also hands out what is added while it is gone through.
  const reached = new Set(before.get(name));
  for (const each of reached) for (const further of before.get(each) ?? []) reached.add(further);
  return reached;
}

function healthKey(apiVersion: string, kind: string): string {
  return `${groupOf(apiVersion)}/${kind}`;
}

/** As the field takes it: `{ apiVersion: 'velero.io/v1', kind: 'Schedule', current: "status.phase == 'Enabled'" }`. */
function healthCheck(kind: string): string {
  const { apiVersion = '', current = '', failed } = HEALTH[kind] ?? {};
  const failing = failed === undefined ? '' : `, failed: "${failed}"`;
  return `{ apiVersion: '${apiVersion}', kind: '${kind.slice(kind.indexOf('/') + 1)}', current: "${current}"${failing} }`;
}
