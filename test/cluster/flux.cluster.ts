/** `dist/` as its users have it: committed, and reconciled by Flux. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { at, isKubeObject, listAt, mappingAt, textAt, type KubeObject } from '../../lib/model/kube-object';
import { distObjects } from '../servers/support/dist';
import { until } from '../servers/support/tools';
import { connect } from './support/cluster';
import { FLUX_NAMESPACE } from './support/flux';
import { startGitServer, type GitServer } from './support/git-server';
import { playOperators } from './support/operators';
import { preparePlatform } from './support/platform';
import { finished, pod } from './support/pods';

const cluster = connect(inject('kubeconfig'));

/** What users have of their own, and what folders of dist/ wait for. */
const TOOLS = ['cloudnative-pg', 'rook-ceph', 'velero'];

const FOLDERS = distObjects('flux').map(({ metadata }) => metadata.name);
const OF_VELERO = distObjects('flux')
  .filter((object) => listAt(object, 'spec', 'dependsOn').some((each) => textAt(each, 'name') === 'velero'))
  .map(({ metadata }) => metadata.name);
const WITHOUT_VELERO = FOLDERS.filter((name) => !OF_VELERO.includes(name));

describe.skipIf(!inject('lab'))('Flux', () => {
  let git: GitServer;

  beforeAll(async () => {
    git = await startGitServer();
    await preparePlatform(cluster);
    cpSync('dist', join(git.folder, 'dist'), { recursive: true });
    for (const name of TOOLS) {
      mkdirSync(join(git.folder, 'tools', name), { recursive: true });
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      writeFileSync(join(git.folder, 'tools', name, 'namespace.yaml'), JSON.stringify(namespace));
    }
    await push('What is committed here');
    await cluster.apply(
      {
        ...flux('source.toolkit.fluxcd.io/v1', 'GitRepository', 'flux-system'),
        spec: { url: git.url, interval: '1h', ref: { branch: 'main' } },
      },
      folder('flux-system', './dist'),
      ...TOOLS.filter((name) => name !== 'velero').map(tools),
    );
  });

  afterAll(() => git.close());

  it('brings all folders to Ready that do not need Velero, and changes them, while Velero is not there', async () => {
    expect(await late(WITHOUT_VELERO)).toEqual([]);
    change('wiki/wiki.Deployment.wiki.yaml', 'value: wiki-redis', 'value: another-redis');
    await push('Change an application');
    expect(await late(WITHOUT_VELERO)).toEqual([]);
    expect(await cluster.kubectl('-n', 'wiki', 'get', 'deployment', 'wiki', '--output=yaml')).toContain(
      'another-redis',
    );
    for (const { message } of await statesOf(OF_VELERO))
      expect(message).toMatch(/^dependency 'flux-system\/velero' not found/);
  });

  it('brings all folders to Ready once Velero is there', async () => {
    await cluster.apply(tools('velero'));
    expect(await late(FOLDERS)).toEqual([]);
  });

  it('finds nothing to change a second time', async () => {
    const before = await versions();
    expect(Object.keys(before).length).toBeGreaterThan(100);
    await reconcileAll();
    expect(await late(FOLDERS)).toEqual([]);
    expect(await versions()).toEqual(before);
  });

  it('leaves scripts as they are when it substitutes variables', async () => {
    const folders = ['cluster-backup', 'forge-backup'];
    const substitute = { HOME: 'h', DATA: 'd', SCRATCH: 's', PARTS: 'p', TMP: 't', dataset: 'x' };
    for (const name of folders)
      change(
        `flux/flux-system.Kustomization.${name}.yaml`,
        '\nspec:\n',
        `\nspec:\n  postBuild: ${JSON.stringify({ substitute })}\n`,
      );
    await push('Substitute variables');
    expect(await late(FOLDERS)).toEqual([]);
    for (const name of folders) expect(await textsOf('spec.postBuild.substitute.DATA', name)).toBe('d');
    const scripts = folders
      .flatMap((name) => distObjects(name))
      .filter(({ metadata }) => metadata.name.includes('-scripts-'));
    expect(scripts.length).toBeGreaterThan(8);
    for (const { metadata, ...rest } of scripts) {
      const live = JSON.parse(
        await cluster.kubectl('-n', metadata.namespace ?? '', 'get', 'configmap', metadata.name, '--output=json'),
      ) as KubeObject;
      expect(live['data']).toEqual(rest['data']);
    }
  });

  it('stops at a broken backup object its own folder, and no other', async () => {
    change('wiki-backup/velero.Schedule.wiki-nightly-offsite.yaml', /schedule: .*/, 'schedule: [broken]');
    change('wiki/wiki.Deployment.wiki.yaml', 'value: another-redis', 'value: wiki-redis');
    await push('Break the backup of the wiki, and change the wiki');
    expect(await late(FOLDERS.filter((name) => name !== 'wiki-backup'))).toEqual([]);
    expect(await cluster.kubectl('-n', 'wiki', 'get', 'deployment', 'wiki', '--output=yaml')).not.toContain(
      'another-redis',
    );
    await until('the refusal', 60, async () => (await stateOf('wiki-backup')).ready === 'False');
    expect((await stateOf('wiki-backup')).message).toMatch(/Schedule\/velero\/wiki-nightly-offsite dry-run failed/);
  });

  it('prunes what is left of an application that goes, and none of its data', async () => {
    const onVolume = async (name: string, script: string): Promise<string> =>
      (await finished(cluster, pod('wiki', name, script, { claims: { '/data': 'wiki-data' } }))).log;
    await onVolume('writes', 'echo kept > /data/file');
    for (const name of ['wiki', 'wiki-backup']) {
      rmSync(join(git.folder, 'dist', name), { recursive: true });
      rmSync(join(git.folder, 'dist/flux', `flux-system.Kustomization.${name}.yaml`));
      change('flux/kustomization.yaml', `  - flux-system.Kustomization.${name}.yaml\n`, '');
    }
    await push('Remove the wiki');
    expect(await late(FOLDERS.filter((name) => !name.startsWith('wiki')))).toEqual([]);
    const left = async (namespace: string, ...kinds: readonly string[]): Promise<string> =>
      cluster.kubectl('-n', namespace, 'get', kinds.join(','), '--output=jsonpath={.items[*].metadata.name}');
    await until(
      'the end of its objects',
      60,
      async () => (await left('wiki', 'deployments', 'statefulsets', 'services')) === '',
    );
    expect(await left('velero', 'schedules.velero.io')).not.toContain('wiki');
    expect(await left('wiki', 'persistentvolumeclaims')).toBe('data-wiki-redis-0 wiki-data');
    expect(await onVolume('reads', 'cat /data/file')).toBe('kept\n');
  });

  /** Changes a file of dist/ in the way that is meant, or not at all. */
  function change(file: string, written: string | RegExp, instead: string): void {
    const path = join(git.folder, 'dist', file);
    const text = readFileSync(path, 'utf8');
    const changed = text.replace(written, instead);
    expect(changed).not.toBe(text);
    writeFileSync(path, changed);
  }

  let revision = '';

  async function push(message: string): Promise<void> {
    revision = `main@sha1:${await git.push(message)}`;
    if ((await namesOf('gitrepositories')).length > 0) await ask('gitrepository/flux-system');
  }

  /** @returns those that are not there, at the newest commit, when they have had time enough. */
  async function late(names: readonly string[]): Promise<readonly State[]> {
    let waiting: readonly State[] = [];
    await until('Flux', 170, async () => {
      await playOperators(cluster);
      const states = await statesOf(names);
      waiting = states.filter((state) => state.ready !== 'True' || state.revision !== revision);
      return waiting.length === 0;
    }).catch(() => undefined);
    return waiting;
  }

  async function reconcileAll(): Promise<void> {
    const token = await ask(...FOLDERS.map((name) => `kustomization/${name}`));
    for (const name of FOLDERS)
      await until(
        `the reconciliation of ${name}`,
        120,
        async () => (await textsOf('status.lastHandledReconcileAt', name)) === token,
      );
  }
});

interface State {
  readonly name: string;
  readonly ready: string | undefined;
  readonly revision: string | undefined;
  readonly message: string;
}

async function stateOf(name: string): Promise<State> {
  const [state] = await statesOf([name]);
  if (state === undefined) throw new Error(`there is no Kustomization ${name}`);
  return state;
}

/** Those that are there, and those that are not. */
async function statesOf(names: readonly string[]): Promise<readonly State[]> {
  const list: unknown = JSON.parse(
    await cluster.kubectl('-n', FLUX_NAMESPACE, 'get', 'kustomizations', '--output=json'),
  );
  const items = listAt(list, 'items').filter(isKubeObject);
  return names.map((name) => {
    const object = items.find(({ metadata }) => metadata.name === name);
    const condition = listAt(object, 'status', 'conditions').find((each) => textAt(each, 'type') === 'Ready');
    const isNew = at(object, 'status', 'observedGeneration') === at(object, 'metadata', 'generation');
    return {
      name,
      ready: isNew ? textAt(condition, 'status') : undefined,
      revision: textAt(object, 'status', 'lastAppliedRevision'),
      message: textAt(condition, 'message') ?? '',
    };
  });
}

async function textsOf(path: string, name: string): Promise<string> {
  return cluster.kubectl('-n', FLUX_NAMESPACE, 'get', 'kustomization', name, `--output=jsonpath={.${path}}`);
}

async function namesOf(kind: string): Promise<readonly string[]> {
  const names = await cluster.kubectl('-n', FLUX_NAMESPACE, 'get', kind, '--output=name');
  return names.split('\n').filter((name) => name !== '');
}

/** Has objects reconciled now. @returns what they say when it is done. */
async function ask(...objects: readonly string[]): Promise<string> {
  const token = String(Date.now());
  await cluster.kubectl(
    '-n',
    FLUX_NAMESPACE,
    'annotate',
    '--overwrite',
    ...objects,
    `reconcile.fluxcd.io/requestedAt=${token}`,
  );
  return token;
}

/** Whose status others write all the time. */
const LIVELY = new Set([
  'BackupStorageLocation',
  'Cluster',
  'CronJob',
  'ObjectStore',
  'Prometheus',
  'Schedule',
  'ScheduledBackup',
]);

/** Of all objects that Flux has applied: a text that changes when it writes one. */
async function versions(): Promise<Readonly<Record<string, string>>> {
  const inventories = await Promise.all(FOLDERS.map(async (name) => textsOf('status.inventory.entries[*].id', name)));
  const ids = inventories.join(' ').split(' ');
  const kinds = new Set(
    ids
      .map((id) => id.split('_').toReversed())
      .map(([kind = '', group = '']) => (group === '' ? kind : `${kind}.${group}`)),
  );
  const found: Record<string, string> = {};
  for (const kind of kinds) {
    const list: unknown = JSON.parse(
      await cluster.kubectl(
        'get',
        kind,
        '--all-namespaces',
        '--selector=kustomize.toolkit.fluxcd.io/name',
        '--output=json',
        '--show-managed-fields',
      ),
    );
    for (const item of listAt(list, 'items')) {
      const { namespace = '', name, resourceVersion, managedFields } = mappingAt(item, 'metadata');
      // What Velero restores into another namespace has the labels as well.
      if (!ids.some((id) => id.startsWith(`${String(namespace)}_${String(name)}_`))) continue;
      const ours = listAt(managedFields).filter(
        (each) => textAt(each, 'manager') === 'kustomize-controller' && textAt(each, 'subresource') === undefined,
      );
      const times = ours.map((each) => textAt(each, 'time')).join(' ');
      const written = LIVELY.has(textAt(item, 'kind') ?? '') ? times : String(resourceVersion);
      found[`${kind} ${String(namespace)}/${String(name)}`] = written;
    }
  }
  return found;
}

function flux(apiVersion: string, kind: string, name: string): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace: FLUX_NAMESPACE } };
}

function folder(name: string, path: string): KubeObject {
  const sourceRef = { kind: 'GitRepository', name: 'flux-system' };
  return {
    ...flux('kustomize.toolkit.fluxcd.io/v1', 'Kustomization', name),
    spec: { interval: '1h', retryInterval: '5s', prune: true, path, sourceRef },
  };
}

/** A tool runs already, or not, and has its namespace: this says so, as far as Flux is concerned. */
function tools(name: string): KubeObject {
  return folder(name, `./tools/${name}`);
}
