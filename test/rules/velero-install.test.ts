/** The Helm release of Velero, compared with what the platform says of it. */
import { describe, expect, it } from 'vitest';
import { holds } from '../../lib';
import { refuses } from '../support/rule-test';
import { explain, platform, synthesizeScenario, type Scenario, type ScenarioOptions } from '../support/scenario';

interface Release {
  readonly values: unknown;
  readonly spec?: object;
}

const GOOD = { image: { tag: 'v1.18.3' }, configuration: { features: 'Other,EnableCSI' }, deployNodeAgent: true };

function withRelease({ values, spec = {} }: Release): ScenarioOptions {
  const chart = { spec: { chart: 'velero', sourceRef: { kind: 'HelmRepository', name: 'velero' } } };
  const release = {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'velero', namespace: 'velero' },
    spec: { interval: '1h', chart, values, ...spec },
  };
  return { files: { 'infrastructure/velero.yaml': JSON.stringify(release) } };
}

function build({ chart }: Scenario): void {
  holds(chart, { helmRelease: 'velero', namespace: 'velero' }, {});
}

describe('the Helm release of Velero', () => {
  refuses('velero-contradicted', ['V17'], 'that says less than the platform, or something else', {
    build,
    options: (changed) =>
      withRelease({
        values: changed
          ? {
              image: { tag: 'v1.17.1' },
              // Where the chart does not look for it.
              features: 'EnableCSI',
              configuration: { restoreOnlyMode: true, disableControllers: 'gc,schedule' },
            }
          : GOOD,
      }),
    says: `
      4 statements about Velero that its Helm release contradicts: [velero-contradicted]

        ✖ HelmRelease velero/velero
            written in       infrastructure/velero.yaml:1
            because          its image is v1.17.1, and platform.velero.version is '1.18'
            what to do       name a release of 1.18 in image.tag, or say what is installed
            if it is meant   version: '1.17.1'
        ✖ HelmRelease velero/velero
            written in       infrastructure/velero.yaml:1
            because          its values do not deploy the node agent (deployNodeAgent), and platform.velero.nodeAgent is true
            to fix           deployNodeAgent: true
            if it is meant   nodeAgent: false
        ✖ HelmRelease velero/velero
            written in       infrastructure/velero.yaml:1
            because          its values do not name EnableCSI in configuration.features, and platform.velero.enableCSI is true
            to fix           configuration: { features: 'EnableCSI' }
            if it is meant   enableCSI: false
        ✖ HelmRelease velero/velero
            written in       infrastructure/velero.yaml:1
            because          its values switch off what makes backups: restoreOnlyMode and the controller 'schedule'
            to fix           configuration: { restoreOnlyMode: false, disableControllers: '' }
    `,
  });

  const velero = platform.velero ?? { version: '1.18', enableCSI: true, nodeAgent: true };
  refuses('velero-contradicted', [], 'that says more than the platform', {
    build,
    options: (changed) => ({
      files: {
        ...withRelease({
          values: changed ? GOOD : { image: { tag: 'v1.18.3' } },
          spec: { chart: undefined, chartRef: { kind: 'HelmChart', name: 'velero' } },
        }).files,
        'infrastructure/chart.yaml': `
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmChart
metadata: { name: velero, namespace: velero }
spec: { interval: 1h, chart: velero, sourceRef: { kind: HelmRepository, name: velero } }
`,
      },
      platform: { velero: { ...velero, enableCSI: false, nodeAgent: false } },
    }),
    says: `
      2 statements about Velero that its Helm release contradicts: [velero-contradicted]

        ✖ HelmRelease velero/velero
            written in       infrastructure/velero.yaml:1
            because          its values deploy the node agent (deployNodeAgent), and platform.velero.nodeAgent is false
            to fix           deployNodeAgent: false
            if it is meant   nodeAgent: true
        ✖ HelmRelease velero/velero
            written in       infrastructure/velero.yaml:1
            because          its values switch EnableCSI on, and platform.velero.enableCSI is false
            to fix           configuration: { features: '' }
            if it is meant   enableCSI: true
    `,
  });

  it.each<[string, Release]>([
    ['another chart', { values: {}, spec: { chart: { spec: { chart: 'velero-ui' } } } }],
    ['another namespace', { values: {}, spec: { targetNamespace: 'velero-old' } }],
    ['values of somewhere else', { values: {}, spec: { valuesFrom: [{ kind: 'ConfigMap', name: 'values' }] } }],
    ['variables', { values: { ...GOOD, deployNodeAgent: '${AGENT}' } }],
    ['a digest in place of a tag', { values: { ...GOOD, image: { tag: 'v1.17.0', digest: 'sha256:0' } } }],
    ['a tag that is not a version', { values: { ...GOOD, image: { tag: 'main' } } }],
    ['further arguments', { values: { ...GOOD, configuration: { extraArgs: ['--features=EnableCSI'] } } }],
  ])('says nothing of the platform with %s', (_, release) => {
    expect(explain(synthesizeScenario(build, withRelease(release)).findings)).toBe('');
  });
});
