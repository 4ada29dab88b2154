/** What Flux would do to the objects between the repository and the cluster. */
import { HEALTH } from '../../model/flux-health';
import { roleOf, WORKLOADS } from '../../model/kinds';
import {
  annotationsOf,
  at,
  booleanAt,
  groupOf,
  isMapping,
  labelsOf,
  listAt,
  textAt,
  textMapAt,
  type KubeObject,
} from '../../model/kube-object';
import { DISABLED, PRUNE_ANNOTATION, SUBSTITUTE_ANNOTATION } from '../../model/marks';
import { groupBy } from '../../model/collections';
import { isWritten, type RenderedObject } from '../../model/rendered';
import { counted, enumerated } from '../../model/text';
import type { GateContext } from '../context';
import { aboutObject, toFix, type RuleFinding } from '../finding';
import type { Rule } from '../rule';

export const substitution: Rule = {
  id: 'substitution',
  heading: (n) => `${counted(n, 'text')} that Flux may rewrite`,
  what: 'A script, a command or an object of ours contains `${` or `$$`, and the object does not forbid substitution.',
  why: 'With `postBuild` on the Kustomization Flux replaces `${NAME}` everywhere, comments included: `rm -rf "${DIR:?}/data"` becomes `rm -rf "/data"`, and an unknown name stops the whole folder. No quoting protects.',
  fix: 'Annotate the object.',
  example: `new k8s.KubeConfigMap(chart, 'script', {
  metadata: { name: 'dump' },
  data: { 'dump.sh': '#!/bin/sh\\nrm -rf "\${DIR:?}/data"\\n' },
});`,
  check: ({ input }) =>
    input.objects
      .filter((rendered) => isWritten(rendered) && !forbidsSubstitution(rendered.object))
      .flatMap((rendered) => {
        const { object, origin } = rendered;
        const [found] = substitutable(rendered);
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

function forbidsSubstitution(object: KubeObject): boolean {
  return (
    annotationsOf(object)[SUBSTITUTE_ANNOTATION] === DISABLED || labelsOf(object)[SUBSTITUTE_ANNOTATION] === DISABLED
  );
}

interface Text {
  readonly path: string;
  readonly text: string;
}

/** In what synth makes itself, every text; in what somebody else wrote, what a shell will read. */
function substitutable(rendered: RenderedObject): readonly Text[] {
  const { object } = rendered;
  const texts = rendered.generated === true ? textsIn(object, '') : scriptsIn(object);
  return texts.flatMap(({ path, text }) => {
    const match = /\$\$|\$\{[^}\n]{0,40}\}?/.exec(text);
    return match === null ? [] : [{ path, text: match[0] }];
  });
}

function textsIn(value: unknown, path: string): readonly Text[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, `${path}[${index}]`));
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => textsIn(member, path === '' ? key : `${path}.${key}`));
}

function scriptsIn(object: KubeObject): readonly Text[] {
  const workload = WORKLOADS.find((row) => row.kind === object.kind && row.group === groupOf(object.apiVersion));
  const template = workload === undefined ? undefined : at(object, ...workload.template);
  const containers = ['initContainers', 'containers'].flatMap((field) => listAt(template, 'spec', field));
  const commands = containers.flatMap((container) =>
    ['command', 'args'].flatMap((field) =>
      textsIn(at(container, field), `${textAt(container, 'name') ?? 'container'}.${field}`),
    ),
  );
  const files = object.kind === 'ConfigMap' ? Object.entries(textMapAt(object, 'data')) : [];
  const scripts = files.filter(([name, text]) => /\.(sh|bash|py|rb|pl)$/.test(name) || text.startsWith('#!'));
  return [...commands, ...scripts.map(([name, text]) => ({ path: `data.${name}`, text }))];
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
  check: (context) => {
    const kindsBelow = kindsByPath(context);
    return context.ofKind('kustomize.toolkit.fluxcd.io', 'Kustomization').flatMap(({ object, origin }) => {
      if (booleanAt(object, 'spec', 'wait') !== true) return [];
      const covered = new Set(
        listAt(object, 'spec', 'healthCheckExprs').map((each) =>
          healthKey(textAt(each, 'apiVersion') ?? '', textAt(each, 'kind') ?? ''),
        ),
      );
      const silent = [...kindsBelow(textAt(object, 'spec', 'path') ?? '')]
        .filter((kind) => kind in HEALTH && !covered.has(kind))
        .toSorted();
      if (silent.length === 0) return [];
      return [
        {
          ...aboutObject(object, origin),
          because: `Flux calls ${enumerated(silent)} healthy at once`,
          remedies: silent.map((kind) => ({ label: 'to fix', text: healthLine(kind) })),
        },
      ];
    });
  },
};

function healthKey(apiVersion: string, kind: string): string {
  return `${groupOf(apiVersion)}/${kind}`;
}

function healthLine(kind: string): string {
  const health = HEALTH[kind];
  const name = kind.slice(kind.indexOf('/') + 1);
  return `healthCheckExprs: [{ apiVersion: '${health?.apiVersion ?? ''}', kind: '${name}', current: "${health?.current ?? ''}" }]`;
}

/** The kinds of the objects below a path of the repository, as far as they are known. */
function kindsByPath({ input, platform }: GateContext): (path: string) => ReadonlySet<string> {
  const output = normalize(platform.flux.path);
  const byFile = groupBy(input.objects, (rendered) => fileOf(rendered, output));
  const kindsOf = (objects: readonly RenderedObject[]): readonly string[] =>
    objects.map(({ object }) => healthKey(object.apiVersion, object.kind));
  const kindsByFolder = new Map<string, Set<string>>();
  for (const [file, objects] of byFile) {
    for (const folder of foldersAbove(file)) {
      const kinds = kindsByFolder.get(folder) ?? new Set();
      kindsByFolder.set(folder, kinds);
      for (const kind of kindsOf(objects)) kinds.add(kind);
    }
  }
  return (path) => kindsByFolder.get(normalize(path)) ?? new Set();
}

/** Where an object stands in the repository; of what is written, the folder is enough. */
function fileOf({ origin, object }: RenderedObject, output: string): string {
  if (origin.type === 'file') return normalize(origin.file);
  const isVelero = groupOf(object.apiVersion) === 'velero.io';
  return `${output}/${origin.chart}${isVelero ? '-backup' : ''}/`;
}

/** `a/b/c.yaml` → '', `a`, `a/b`. */
function foldersAbove(file: string): readonly string[] {
  const parts = file.split('/').slice(0, -1);
  return ['', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))];
}

function normalize(path: string): string {
  return path.replaceAll(/^(\.\.?\/)+|^\.$|\/+$/g, '');
}

export const prunedData: Rule = {
  id: 'pruned-data',
  heading: (n) => `${counted(n, 'object')} with data that Flux would delete`,
  what: 'An object that holds data may be deleted by Flux when it leaves the repository.',
  why: 'A moved file, a renamed chart or a removed namespace is enough, and the volume is gone with its claim. A claim that a restore brought back carries the labels of Flux and is deleted too.',
  fix: 'Annotate it.',
  example: `const volume = new BackedUpVolume(chart, 'data', { storage: Size.gibibytes(20), backup: nightly({ to: offsite, keep: { daily: 7 } }) });
ApiObject.of(volume).metadata.addAnnotation('kustomize.toolkit.fluxcd.io/prune', 'enabled');`,
  check: (context) => {
    const withData = new Set(context.data.datasets.map(({ id }) => id.namespace));
    return context.input.objects.flatMap(({ object, origin }) => {
      const reason = whyLost(object, withData, context);
      return reason === undefined ? [] : [{ ...aboutObject(object, origin), ...reason }];
    });
  },
};

function whyLost(
  object: KubeObject,
  namespacesWithData: ReadonlySet<string | undefined>,
  { input }: GateContext,
): Pick<RuleFinding, 'because' | 'remedies'> | undefined {
  const kept = [annotationsOf(object), labelsOf(object)].some((texts) => texts[PRUNE_ANNOTATION] === DISABLED);
  const remedies = toFix(`metadata: { annotations: { '${PRUNE_ANNOTATION}': '${DISABLED}' } }`);
  if (object.kind === 'Namespace' && object.apiVersion === 'v1') {
    const lost = !kept && namespacesWithData.has(object.metadata.name);
    return lost ? { because: 'with a namespace go all claims in it', remedies } : undefined;
  }
  const role = roleOf(groupOf(object.apiVersion), object.kind, input.ownKinds);
  if (role.role !== 'data') return undefined;
  if (role.template === undefined)
    return kept ? undefined : { because: `it lacks ${PRUNE_ANNOTATION}: ${DISABLED}`, remedies };
  const policy = textAt(object, 'spec', 'persistentVolumeClaimRetentionPolicy', 'whenDeleted');
  if (policy !== 'Delete' || kept) return undefined;
  return {
    because: 'it takes its claims along when it is deleted (persistentVolumeClaimRetentionPolicy)',
    remedies: toFix(`whenDeleted: 'Retain'`),
  };
}
