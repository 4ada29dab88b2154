/** Flux Kustomizations of this repository: which of them are known by their files, and which have to be answered for. */
import { describe, expect, it } from 'vitest';
import { backUp, holds, nightly } from '../../lib';
import { refuses } from '../support/rule-test';
import { explain, offsite, synthesizeScenario, type Scenario, type ScenarioOptions } from '../support/scenario';

function kustomization(spec = '', source = 'kind: GitRepository, name: flux-system'): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: media, namespace: flux-system }
spec:
  interval: 10m
  path: ./media
  prune: true
  sourceRef: { ${source} }
${spec === '' ? '' : `  ${spec}\n`}`;
}

function claim(name: string, spec = 'storageClassName: ceph-block'): string {
  return `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: ${name}
  namespace: media
  annotations: { kustomize.toolkit.fluxcd.io/prune: disabled }
spec: { accessModes: [ReadWriteOnce], ${spec}, resources: { requests: { storage: 1Gi } } }
`;
}

function answered({ chart }: Scenario, name = 'data'): void {
  backUp(chart, { claim: name, namespace: 'media' }, nightly({ to: offsite, keep: { daily: 7 } }));
}

/** A repository whose Kustomization applies one claim, with other files beside or in place of these. */
function repository(files: Readonly<Record<string, string>>, alsoRead = ['**/*.yaml']): ScenarioOptions {
  return {
    files: { 'clusters/media.yaml': kustomization(), 'media/data.yaml': claim('data'), ...files },
    props: { alsoRead },
  };
}

function refusesUnseen(
  situation: string,
  because: string,
  files: Readonly<Record<string, string>>,
  same: Readonly<Record<string, string>> = {},
  alsoRead?: readonly string[],
  claimName = 'data',
): void {
  refuses('opaque-object', [], situation, {
    build: (scenario) => answered(scenario, claimName),
    options: (changed) => repository(changed ? files : same, alsoRead === undefined ? undefined : [...alsoRead]),
    says: `
      1 object may make volumes that nobody sees: [opaque-object]

        ✖ Kustomization flux-system/media
            written in       clusters/media.yaml:1
            because          ${because}
            what to do       read all of its files (alsoRead), and let them say what changes them
            if it adds none  holds(this, { kustomization: 'media', namespace: 'flux-system' }, {})
            otherwise        holds(this, { kustomization: 'media', namespace: 'flux-system' }, { '…': { storage: Size.gibibytes(10), backup: nightly({ to: offsite, keep: { daily: 7 } }) } })
    `,
  });
}

function kustomizeFile(fields: string): string {
  return `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [data.yaml]\n${fields}\n`;
}

describe('a Flux Kustomization of this repository', () => {
  refusesUnseen(
    'that puts a claim into another namespace',
    'it puts PersistentVolumeClaim media/data into the namespace photos',
    { 'clusters/media.yaml': kustomization('targetNamespace: photos') },
    { 'clusters/media.yaml': kustomization('targetNamespace: media') },
  );

  refusesUnseen('with patches', 'it has patches, which can change all objects', {
    'clusters/media.yaml': kustomization('patches: [{ patch: "[]", target: { kind: PersistentVolumeClaim } }]'),
  });

  refusesUnseen(
    'that gives all objects a label of Velero',
    'it sets velero.io/exclude-from-backup on all objects',
    {
      'clusters/media.yaml': kustomization('commonMetadata: { labels: { velero.io/exclude-from-backup: "true" } }'),
    },
    { 'clusters/media.yaml': kustomization('commonMetadata: { labels: { app.kubernetes.io/part-of: media } }') },
  );

  refusesUnseen('of another cluster', 'it has kubeConfig, which names another cluster', {
    'clusters/media.yaml': kustomization('kubeConfig: { secretRef: { name: other } }'),
  });

  refusesUnseen(
    'with variables in a claim',
    'it substitutes variables in PersistentVolumeClaim media/${APP} (postBuild)',
    {
      'media/data.yaml': claim('${APP}'),
      'clusters/media.yaml': kustomization('postBuild: { substitute: { APP: a } }'),
    },
    { 'media/data.yaml': claim('${APP}') },
    undefined,
    '${APP}',
  );

  refusesUnseen(
    'whose kustomize file adds a prefix',
    'media/kustomization.yaml has namePrefix, which can change all objects',
    { 'media/kustomization.yaml': kustomizeFile('namePrefix: prod-') },
    { 'media/kustomization.yaml': kustomizeFile('namePrefix: ""') },
  );

  refusesUnseen(
    'whose kustomize file names another namespace',
    'media/kustomization.yaml puts PersistentVolumeClaim media/data into the namespace photos',
    { 'media/kustomization.yaml': kustomizeFile('namespace: photos') },
    { 'media/kustomization.yaml': kustomizeFile('namespace: media') },
  );

  refusesUnseen(
    'whose kustomize file has no extension and a remote base',
    'media/Kustomization names https://example.com/base, which was not read',
    { 'media/Kustomization': 'resources: [data.yaml, https://example.com/base]\n' },
    { 'media/Kustomization': 'resources: [data.yaml]\n' },
  );

  refusesUnseen(
    'with a base that nobody reads',
    'base/kustomization.yaml names forgotten.yaml, which was not read',
    {
      'media/kustomization.yaml': 'resources: [data.yaml, ../base]\n',
      'base/kustomization.yaml': 'resources: [forgotten.yaml]\n',
      'base/forgotten.yaml': claim('forgotten'),
    },
    {},
    ['clusters/*.yaml', 'media/*.yaml'],
  );

  refusesUnseen(
    'with a file that nobody reads',
    'media/more.yml was not read',
    { 'media/more.yml': claim('forgotten') },
    {},
  );

  refuses('opaque-object', [], 'a source of the same name in another namespace', {
    build: (scenario) => answered(scenario),
    options: (changed) =>
      repository({
        'clusters/media.yaml': kustomization(
          '',
          `kind: GitRepository, name: flux-system, namespace: ${changed ? 'media' : 'flux-system'}`,
        ),
      }),
    says: `
      1 object may make volumes that nobody sees: [opaque-object]

        ✖ Kustomization flux-system/media
            written in       clusters/media.yaml:1
            if it makes none holds(this, { kustomization: 'media', namespace: 'flux-system' }, {})
            otherwise        holds(this, { kustomization: 'media', namespace: 'flux-system' }, { '…': { storage: Size.gibibytes(10), backup: nightly({ to: offsite, keep: { daily: 7 } }) } })
    `,
  });

  it('needs no answer for what most repositories do', () => {
    const usual = kustomization(`targetNamespace: media
  commonMetadata: { labels: { app.kubernetes.io/name: media } }
  images: [{ name: nginx, newTag: 1.29.0 }]
  decryption: { provider: sops, secretRef: { name: sops-age } }
  postBuild: { substituteFrom: [{ kind: ConfigMap, name: settings }] }`);
    const { findings } = synthesizeScenario(
      (scenario) => answered(scenario),
      repository({
        'clusters/media.yaml': usual,
        'media/kustomization.yaml': kustomizeFile(`namespace: media
components: []
images: [{ name: nginx, newTag: 1.29.0 }]
labels: [{ pairs: { app.kubernetes.io/part-of: media } }]
commonAnnotations: { kustomize.toolkit.fluxcd.io/prune: disabled }
configMapGenerator: [{ name: settings, files: [settings.ini] }]`),
        'media/ingress.yaml': `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: "\${APP}", namespace: media }
spec: { rules: [{ host: "media.\${DOMAIN}" }] }
`,
        'media/.sops.yaml': 'creation_rules: []\n',
      }),
    );
    expect(explain(findings)).toBe('');
  });

  it('is answered by hand where it does more than its files say', () => {
    const { findings, inventory } = synthesizeScenario(
      (scenario) => {
        answered(scenario);
        holds(scenario.chart, { kustomization: 'media', namespace: 'flux-system' }, {});
      },
      repository({ 'clusters/media.yaml': kustomization('components: [../base]') }),
    );
    expect(explain(findings)).toBe('');
    expect(inventory.opaque).toEqual([
      { group: 'kustomize.toolkit.fluxcd.io', kind: 'Kustomization', namespace: 'flux-system', name: 'media' },
    ]);
  });

  it('has no patches among its objects', () => {
    const patch = claim('data').replace('1Gi', '2Gi');
    const { findings, context } = synthesizeScenario(
      (scenario) => {
        answered(scenario);
        holds(scenario.chart, { kustomization: 'media', namespace: 'flux-system' }, {});
      },
      repository({
        'media/kustomization.yaml': kustomizeFile('patches: [{ path: changes/size.yaml }]'),
        'media/changes/size.yaml': patch,
      }),
    );
    expect(explain(findings)).toBe('');
    const claims = context.ofKind('', 'PersistentVolumeClaim');
    expect(claims.map(({ origin }) => origin)).toEqual([{ type: 'file', file: 'media/data.yaml', line: 1 }]);
  });
});

describe('[unreadable-file]', () => {
  it('[opaque-object] a kustomization that is no YAML', () => {
    const { findings } = synthesizeScenario(
      (scenario) => answered(scenario),
      repository({ 'media/kustomization.yaml': 'resources: [\n' }),
    );
    expect(explain(findings)).toBe(`1 object may make volumes that nobody sees: [opaque-object]

  ✖ Kustomization flux-system/media
      written in       clusters/media.yaml:1
      because          media/kustomization.yaml cannot be read
      what to do       read all of its files (alsoRead), and let them say what changes them
      if it adds none  holds(this, { kustomization: 'media', namespace: 'flux-system' }, {})
      otherwise        holds(this, { kustomization: 'media', namespace: 'flux-system' }, { '…': { storage: Size.gibibytes(10), backup: nightly({ to: offsite, keep: { daily: 7 } }) } })

1 place in files that cannot be read: [unreadable-file]

  ✖ media/kustomization.yaml
      written in       media/kustomization.yaml:2
      because          broken YAML: Flow sequence in block collection must be sufficiently indented and end with a ]
      what to do       correct the file, or leave it out of alsoRead`);
  });
});

describe('two files', () => {
  refuses('same-object-twice', [], 'that say different things of one claim', {
    build: (scenario) => answered(scenario),
    options: (changed) =>
      repository({ 'staging/data.yaml': claim('data', `storageClassName: ${changed ? 'local-path' : 'ceph-block'}`) }),
    says: `
      1 object is written twice: [same-object-twice]

        ✖ PersistentVolumeClaim media/data
            written in       staging/data.yaml:1
            because          media/data.yaml:1 makes it too, and not the same
            what to do       delete one of the two, or leave its file out of alsoRead
    `,
  });

  it('are one where the other is left out', () => {
    const files = { 'staging/data.yaml': claim('data', 'storageClassName: local-path') };
    const { findings } = synthesizeScenario(
      (scenario) => answered(scenario),
      repository(files, ['**/*.yaml', '!staging/**']),
    );
    expect(explain(findings)).toBe('');
  });
});
