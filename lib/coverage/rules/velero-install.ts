/** The platform's word about Velero, and the Helm release that installs it. */
import { at, booleanAt, listAt, mappingAt, textAt, textsAt, type KubeObject } from '../../model/kube-object';
import type { VeleroPlatform } from '../../model/platform';
import { counted, enumerated } from '../../model/text';
import { aboutObject, inWords, toFix, type Remedy } from '../finding';
import { shownChartOf } from '../helm-values';
import type { Rule } from '../rule';

export const veleroContradicted: Rule = {
  id: 'velero-contradicted',
  heading: (n) => `${counted(n, 'statement')} about Velero that its Helm release contradicts`,
  what: 'The platform says something about Velero, and the values of the HelmRelease that installs it say something else.',
  why: 'All proofs take the platform as given. A server without EnableCSI leaves all CSI volumes out and reports Completed; without node agents nothing leaves the cluster.',
  fix: 'Correct whichever of the two is wrong.',
  example: `new ApiObject(chart, 'velero', {
  apiVersion: 'helm.toolkit.fluxcd.io/v2',
  kind: 'HelmRelease',
  metadata: { name: 'velero', namespace: 'velero' },
  spec: {
    interval: '1h',
    chart: { spec: { chart: 'velero', sourceRef: { kind: 'HelmRepository', name: 'velero' } } },
    values: { configuration: { features: 'EnableCSI' }, deployNodeAgent: false },
  },
});
holds(chart, { helmRelease: 'velero', namespace: 'velero' }, {});`,
  check: (context) => {
    const { velero } = context.platform;
    if (velero === undefined) return [];
    return context
      .ofKind('helm.toolkit.fluxcd.io', 'HelmRelease')
      .flatMap(({ object, origin }) =>
        installsInto(object) === context.veleroNamespace &&
        shownChartOf(object, context) === 'velero' &&
        showsItsValues(object)
          ? contradictions(object, velero).map((found) => ({ ...aboutObject(object, origin), ...found }))
          : [],
      );
  },
};

function installsInto(release: KubeObject): string | undefined {
  return textAt(release, 'spec', 'targetNamespace') ?? release.metadata.namespace;
}

/** Whether nothing that no file shows comes between the values and the Deployment. */
function showsItsValues(release: KubeObject): boolean {
  const hidden = ['valuesFrom', 'postRenderers'].some((field) => listAt(release, 'spec', field).length > 0);
  return !hidden && !JSON.stringify(at(release, 'spec', 'values') ?? null).includes('${');
}

interface Contradiction {
  readonly because: string;
  readonly remedies: readonly Remedy[];
}

/** Names of values as in chart 12 (vmware-tanzu/helm-charts, charts/velero/values.yaml). */
function contradictions(release: KubeObject, platform: VeleroPlatform): readonly Contradiction[] {
  const values = mappingAt(release, 'spec', 'values');
  const found: Contradiction[] = [];
  const enableCSI = featuresOf(values).includes('EnableCSI');
  if (enableCSI !== platform.enableCSI) {
    found.push({
      because: enableCSI
        ? 'its values switch EnableCSI on, and platform.velero.enableCSI is false'
        : 'its values do not name EnableCSI in configuration.features, and platform.velero.enableCSI is true',
      remedies: either(
        `configuration: { features: '${platform.enableCSI ? 'EnableCSI' : ''}' }`,
        `enableCSI: ${String(enableCSI)}`,
      ),
    });
  }
  const nodeAgent = booleanAt(values, 'deployNodeAgent') ?? false;
  if (nodeAgent !== platform.nodeAgent) {
    found.push({
      because: `its values ${nodeAgent ? 'deploy' : 'do not deploy'} the node agent (deployNodeAgent), and platform.velero.nodeAgent is ${String(platform.nodeAgent)}`,
      remedies: either(`deployNodeAgent: ${String(platform.nodeAgent)}`, `nodeAgent: ${String(nodeAgent)}`),
    });
  }
  const tag = at(values, 'image', 'digest') === undefined ? textAt(values, 'image', 'tag') : undefined;
  if (tag !== undefined && isOtherVersion(tag, platform.version)) {
    found.push({
      because: `its image is ${tag}, and platform.velero.version is '${platform.version}'`,
      remedies: [
        ...inWords(`name a release of ${platform.version} in image.tag, or say what is installed`),
        ...meant(`version: '${tag.replace(/^v/, '')}'`),
      ],
    });
  }
  const disabled = disabledOf(values);
  if (disabled.length > 0) {
    found.push({
      because: `its values switch off what makes backups: ${enumerated(disabled)}`,
      remedies: toFix(`configuration: { restoreOnlyMode: false, disableControllers: '' }`),
    });
  }
  return found;
}

function either(value: string, statement: string): readonly Remedy[] {
  return [...toFix(value), ...meant(statement)];
}

function meant(statement: string): readonly Remedy[] {
  return [{ label: 'if it is meant', text: statement }];
}

function featuresOf(values: unknown): readonly string[] {
  const configuration = at(values, 'configuration');
  const flags = textsAt(configuration, 'extraArgs').flatMap((word) => /^--features=(.*)$/.exec(word)?.[1] ?? []);
  // Of a flag that is given twice, the last one counts, and the further arguments come last.
  return (flags.at(-1) ?? textAt(configuration, 'features') ?? '').split(',');
}

/** Controllers without which no Backup comes about or ends (v1.18.3, pkg/constant/constant.go). */
const MAKE_BACKUPS = new Set(['schedule', 'backup', 'backup-queue', 'backup-operations', 'backup-finalizer']);

function disabledOf(values: unknown): readonly string[] {
  const configuration = at(values, 'configuration');
  const controllers = (textAt(configuration, 'disableControllers') ?? '').split(',');
  return [
    ...(booleanAt(configuration, 'restoreOnlyMode') === true ? ['restoreOnlyMode'] : []),
    ...controllers.filter((name) => MAKE_BACKUPS.has(name)).map((name) => `the controller '${name}'`),
  ];
}

/** Whether one names another release; `1.18` is all of 1.18. Tags that are not versions say nothing. */
function isOtherVersion(tag: string, version: string): boolean {
  const parts = (text: string): readonly string[] =>
    /^v?(\d+\.\d+(?:\.\d+)?)(?:[-+].*)?$/.exec(text)?.[1]?.split('.') ?? [];
  const [installed, stated] = [parts(tag), parts(version)];
  return installed.some((part, index) => stated[index] !== undefined && stated[index] !== part) && stated.length > 0;
}
