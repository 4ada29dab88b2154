/** What Backups and Schedules that somebody wrote by hand take along. */
import { ApiObject, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { BackedUpVolume, excluded, holds, nightly } from '../../lib';
import { refuses } from '../support/rule-test';
import { explain, offsite, synthesizeScenario, type Scenario } from '../support/scenario';

type Fields = Readonly<Record<string, unknown>>;

const SKIP_UNBOUND = `version: v1
volumePolicies:
  - conditions: { pvcPhase: [Pending, Lost] }
    action: { type: skip }
`;

/** A namespace with one volume that our own Schedule copies. */
function volume(chart: Construct): void {
  new BackedUpVolume(chart, 'data', {
    storage: Size.gibibytes(20),
    backup: nightly({ to: offsite, keep: { daily: 7 } }),
  });
}

/** Beside it, a complete Backup or Schedule of somebody else, but for what a test changes. */
function own(chart: Construct, spec: Fields, rules = '', kind: 'Backup' | 'Schedule' = 'Schedule'): void {
  volume(chart);
  new k8s.KubeConfigMap(chart, 'policy', {
    metadata: { name: 'own', namespace: 'velero' },
    data: { 'policy.yaml': `${SKIP_UNBOUND}${rules}` },
  });
  const whole = {
    includedNamespaces: ['paperless'],
    excludedResources: ['secrets'],
    storageLocation: 'offsite',
    resourcePolicy: { kind: 'configmap', name: 'own' },
    ...spec,
  };
  const template = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
  new ApiObject(chart, 'own', {
    apiVersion: 'velero.io/v1',
    kind,
    metadata: { name: 'own', namespace: 'velero' },
    spec: kind === 'Backup' ? template : { schedule: '0 4 * * *', template },
  });
}

function rule(action: string, conditions = '{}'): string {
  return `  - conditions: ${conditions}\n    action: { type: ${action} }\n`;
}

/** A Deployment whose pods mount the claim. */
function pods(chart: Construct): void {
  const labels = { app: 'paperless' };
  new k8s.KubeDeployment(chart, 'app', {
    metadata: { name: 'app' },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [{ name: 'app', image: 'app:1.0', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
        },
      },
    },
  });
}

function says(heading: string, id: string, because: string, fix: string, kind = 'Schedule'): string {
  return `
    ${heading}: [${id}]

      ✖ ${kind} velero/own
          made by          example/own
          because          ${because}
          what to do       ${fix}
  `;
}

describe('a resource that nobody knows', () => {
  const heading = '1 Backup or Schedule that selects nothing';
  const id = 'velero-selects-nothing';
  const unknown = 'correct the name, or read the file of its CustomResourceDefinition with alsoRead';

  for (const name of ['foobarbaz', 'volumes', 'widgets.example.com']) {
    refuses(id, ['V11'], `only '${name}'`, {
      build: ({ chart }, changed) =>
        own(chart, { excludedResources: undefined, includedResources: changed ? [name] : ['deployments', name] }),
      says: says(heading, id, `it includes only what nobody knows: '${name}'`, unknown),
    });
  }

  refuses(id, ['V11'], 'of a group that does not have it', {
    build: ({ chart }, changed) => {
      const name = changed ? 'persistentvolumeclaims.apps' : 'deployments.apps';
      own(chart, { excludedResources: undefined, includedResources: ['configmaps', name] });
    },
    says: says(
      heading,
      id,
      "includedResources names 'persistentvolumeclaims.apps', which no server knows; did you mean 'persistentvolumeclaims'?",
      "write 'persistentvolumeclaims' in includedResources",
    ),
  });

  it('is not one where an object of its group is in the repository, or where others are known', () => {
    const certificate = ({ chart }: Scenario): void => {
      new ApiObject(chart, 'issuer', {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Issuer',
        metadata: { name: 'ca' },
        spec: { selfSigned: {} },
      });
      own(chart, { excludedResources: undefined, includedResources: ['certificates.cert-manager.io'] });
    };
    expect(explain(synthesizeScenario(certificate).findings)).toBe('');
    const others = ({ chart }: Scenario): void =>
      own(chart, { excludedResources: undefined, includedResources: ['services.serving.knative.dev', 'configmaps'] });
    expect(explain(synthesizeScenario(others).findings)).toBe('');
  });

  refuses(id, ['V09', 'V10'], 'a selector of a Backup that matches nothing', {
    build: ({ chart }, changed) => {
      pods(chart);
      own(chart, { labelSelector: { matchLabels: { app: changed ? 'wiki' : 'paperless' } } }, '', 'Backup');
    },
    says: says(heading, id, 'its selector matches no claim and no pod', 'correct the name or the selector', 'Backup'),
  });

  it('a selector of manifests needs no claim and no pod', () => {
    const labelled = ({ chart }: Scenario): void =>
      own(chart, {
        excludedResources: undefined,
        includedResources: ['configmaps'],
        labelSelector: { matchLabels: { app: 'paperless' } },
      });
    expect(explain(synthesizeScenario(labelled).findings)).toBe('');
  });
});

describe('Backups of one’s own', () => {
  refuses('velero-refuses', ['V06'], 'to a location that does not exist', {
    build: ({ chart }, changed) => own(chart, { storageLocation: changed ? 'nowhere' : 'offsite' }, '', 'Backup'),
    says: says(
      '1 Backup or Schedule that fails',
      'velero-refuses',
      "FailedValidation: There is no BackupStorageLocation 'nowhere' in the namespace velero.",
      'correct what the reason names',
      'Backup',
    ),
  });

  refuses('velero-secrets-in-clear', [], 'with the Secrets of the namespace', {
    build: ({ chart }, changed) => own(chart, { excludedResources: [changed ? 'events' : 'secrets'] }, '', 'Backup'),
    says: `
      1 Backup or Schedule that writes Secrets in the clear: [velero-secrets-in-clear]

        ✖ Backup velero/own
            made by          example/own
            because          'offsite' is not declared as trusted
            to fix           excludedResources: ['secrets']
            if it is trusted trusted: true
    `,
  });
});

describe('a backup of volumes that copies none', () => {
  const id = 'velero-copies-nothing';
  const copiesNone = (because: string, kind = 'Schedule'): string =>
    says(
      '1 Backup or Schedule that looks like a backup of volumes',
      id,
      `it copies none of 1 claim; paperless/data: ${because}`,
      'correct what the reason names; for manifests only, snapshotVolumes: false and nothing else that asks for data',
      kind,
    );
  const withoutVolume =
    'A CSI snapshot is taken, which stays in the storage cluster, but Velero does not record it: its volume is not in the Backup, because the resource filters leave out persistentvolumes.';

  const filters: readonly { readonly situation: string; readonly good: Fields; readonly bad: Fields }[] = [
    {
      situation: 'claims without their volumes',
      good: { excludedResources: undefined, includedResources: ['persistentvolumeclaims', 'persistentvolumes'] },
      bad: { excludedResources: undefined, includedResources: ['persistentvolumeclaims'] },
    },
    {
      situation: 'no cluster resources',
      good: { includeClusterResources: true },
      bad: { includeClusterResources: false },
    },
    {
      situation: 'volumes excluded',
      good: { excludedResources: ['secrets', 'events'] },
      bad: { excludedResources: ['secrets', 'persistentvolumes'] },
    },
  ];
  for (const { situation, good, bad } of filters) {
    refuses(id, ['V12'], situation, {
      build: ({ chart }, changed) => own(chart, changed ? bad : good),
      says: copiesNone(withoutVolume),
    });
  }

  for (const [action, because] of [
    ['skip', 'Rule 2 of the policy says skip.'],
    ['custom', 'Rule 2 of the policy says custom, which Velero leaves to plugins.'],
  ] as const) {
    refuses(id, ['V15'], `a first rule that says ${action}`, {
      build: ({ chart }, changed) =>
        own(chart, {}, `${rule(changed ? action : 'snapshot')}${rule('snapshot', '{ csi: {} }')}`),
      says: copiesNone(because),
    });
  }

  refuses(id, ['V18'], 'data movement without snapshots', {
    build: ({ chart }, changed) => own(chart, { snapshotMoveData: true, snapshotVolumes: !changed }),
    says: copiesNone('The Backup says snapshotVolumes: false, and file-system backup is not chosen for it.'),
  });

  refuses(id, ['V19', 'V23'], 'file-system backup of a claim that no pod mounts', {
    build: ({ chart }, changed) => {
      own(chart, {}, rule('fs-backup'));
      if (!changed) pods(chart);
    },
    says: copiesNone('Rule 2 of the policy says fs-backup; nothing reads its files: no running pod mounts the claim.'),
  });

  refuses(id, ['V16', 'V18'], 'a Backup, whose snapshots are switched off', {
    build: ({ chart }, changed) =>
      own(chart, { snapshotVolumes: false, defaultVolumesToFsBackup: changed }, '', 'Backup'),
    says: copiesNone(
      'The Backup says snapshotVolumes: false; nothing reads its files: no running pod mounts the claim.',
      'Backup',
    ),
  });

  const accepted: readonly { readonly what: string; readonly build: (scenario: Scenario) => void }[] = [
    { what: 'one of manifests, which says so', build: ({ chart }) => own(chart, { snapshotVolumes: false }) },
    {
      what: 'one of kinds without data',
      build: ({ chart }) => own(chart, { excludedResources: undefined, includedResources: ['configmaps'] }),
    },
    {
      what: 'one in a namespace where nobody wants a copy',
      build: ({ chart }) => {
        own(chart, { includedNamespaces: ['wiki'] }, rule('skip'));
        new ApiObject(chart, 'wiki', {
          apiVersion: 'helm.toolkit.fluxcd.io/v2',
          kind: 'HelmRelease',
          metadata: { name: 'wiki', namespace: 'wiki' },
          spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'wiki' } },
        });
        holds(
          chart,
          { helmRelease: 'wiki', namespace: 'wiki' },
          { cache: excluded('Filled again on demand, by the wiki.') },
        );
      },
    },
    {
      what: 'file-system backup where a chart makes the pods',
      build: ({ chart }) => {
        own(chart, {}, rule('fs-backup'));
        new ApiObject(chart, 'app', {
          apiVersion: 'helm.toolkit.fluxcd.io/v2',
          kind: 'HelmRelease',
          metadata: { name: 'app' },
          spec: { interval: '1h', chartRef: { kind: 'HelmChart', name: 'app' }, values: { existingClaim: 'data' } },
        });
        holds(chart, { helmRelease: 'app' }, {});
      },
    },
    { what: 'snapshots that stay in the storage', build: ({ chart }) => own(chart, { snapshotMoveData: false }) },
  ];
  it.each(accepted)('$what is not one', ({ build }) => {
    expect(explain(synthesizeScenario(build).findings)).toBe('');
  });
});
