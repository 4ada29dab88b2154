import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { quiesced, undoJob, type Stopped } from '../../lib/jobs/quiesce';
import type { Source } from '../../lib/jobs/step';
import type { KubeObject } from '../../lib/model/kube-object';
import { backupJob } from '../../lib/jobs/backup-job';
import { startApiServer, type ApiServer } from './support/api-server';
import { createGiteaDatabase, startGitea, type GiteaServer } from './support/gitea';
import { giteaJob, giteaSource } from './support/gitea-data';
import { nightly, throughYaml, type Job, type Run } from './support/job';
import { runPod, type PodResult } from './support/pod';
import { startPostgres, type PostgresServer } from './support/postgres';
import { makeStore, type Store } from './support/store';

const GITEA: Stopped = { kind: 'StatefulSet', name: 'gitea', pods: { app: 'gitea' } };
const HOLDS = ['kustomize.toolkit.fluxcd.io/reconcile', 'helm.toolkit.fluxcd.io/driftDetection'];
const UNDO = { name: 'dump-undo', namespace: 'forge', schedule: nightly(), scratch: { size: '16Mi' } };

describe('a Gitea that is stopped for its copy', () => {
  let postgres: PostgresServer;
  let gitea: GiteaServer;
  let store: Store;
  let cluster: ApiServer;
  let job: Job;
  let controller: Controller;
  let source: Source;

  beforeAll(async () => {
    [postgres, store, cluster] = await Promise.all([startPostgres(), makeStore(), startApiServer()]);
    await createGiteaDatabase(postgres);
    gitea = await startGitea(postgres);
    await gitea.api('POST', '/user/repos', { name: 'code', auto_init: true, default_branch: 'main' });
    job = giteaJob(store, gitea, postgres);
    source = quiesced(giteaSource(postgres), GITEA);
    const account = backupJob({
      ...UNDO,
      name: 'dump',
      cluster: 'lab',
      dataset: job.dataset,
      location: store.location,
      store: { cidrs: ['127.0.0.1/32'], port: 443 },
      source,
    });
    await cluster.apply([
      statefulSet('gitea'),
      statefulSet('other'),
      ...[...account, ...undoJob(UNDO, GITEA)].filter(isAccess),
    ]);
    controller = await startController(cluster, gitea);
  });
  afterAll(async () => {
    await controller.stop();
    await cluster.remove();
    await gitea.remove();
    await postgres.stop();
  });
  beforeEach(async () => {
    // Whatever the test before has left.
    await cluster.kubectl('annotate', 'statefulset/gitea', ...[...HOLDS, 'backed-up/stopped'].map((key) => `${key}-`));
    await cluster.kubectl('scale', 'statefulset/gitea', '--replicas=1');
    await controller.settled();
  });

  it('has no pods while it is read, and is up again', async () => {
    const seen: string[] = [];
    const { failed } = await run({
      beforeStart: async (container) => {
        if (['dump', 'copy', 'list'].includes(container)) seen.push(`${container}: ${await state()}`);
      },
    });
    expect(failed).toBeUndefined();
    expect(seen).toEqual(['dump', 'copy', 'list'].map((step) => `${step}: 0 pods, and Flux is held off`));
    expect(await state()).toBe('1 pod, and Flux takes care');
    expect((await job.receipts()).at(-1)?.counts).toMatchObject({ repositories: 1, 'deleted during the run': 0 });
  });

  it.each([
    [
      'the database lets nobody in',
      { secrets: { 'gitea-database': { username: 'gitea', password: 'wrong' } } },
      /^PostgreSQL at 127\.0\.0\.1 does not answer: /,
    ],
    [
      'the scratch volume is full',
      { scratchSize: '128Ki' },
      /No space left on device|the scratch volume is full|^Ended with code 1 while /i,
    ],
  ])('is up again when %s', async (_, fault, says) => {
    const receipts = await job.receipts();
    const { failed } = await run(fault);
    expect(failed?.name).toBe('verify');
    expect(failed?.message).toMatch(says);
    expect(await job.receipts()).toEqual(receipts);
    expect(await state()).toBe('1 pod, and Flux takes care');
  });

  it('is up again after the second attempt when the first was killed', async () => {
    await killedAt('copy');
    expect(await state()).toBe('0 pods, and Flux is held off');
    expect((await run()).failed).toBeUndefined();
    expect(await state()).toBe('1 pod, and Flux takes care');
  });

  it.each(['stop', 'dump', 'copy', 'still-gone', 'start'])(
    'is up again after the undo when all were killed at %s',
    async (step) => {
      const receipts = await job.receipts();
      await killedAt(step);
      const { succeeded } = await undo();
      expect(succeeded).toBe(true);
      expect(await state()).toBe('1 pod, and Flux takes care');
      expect(await job.receipts()).toEqual(receipts);
    },
  );

  it('has as many pods again as it had', async () => {
    await cluster.kubectl('scale', 'statefulset/gitea', '--replicas=3');
    await killedAt('copy');
    expect((await undo()).succeeded).toBe(true);
    expect(await replicas()).toBe('3');
    expect((await run()).failed).toBeUndefined();
    expect(await replicas()).toBe('3');
  });

  it.each(['takes care', 'is held off'])(
    'stays as it is when a person has stopped it, with undo and with run, and Flux %s',
    async (flux) => {
      // What the undo is to start is the same but for the mark of the run.
      if (flux === 'is held off')
        for (const key of HOLDS) await cluster.kubectl('annotate', 'statefulset/gitea', `${key}=disabled`);
      await cluster.kubectl('scale', 'statefulset/gitea', '--replicas=0');
      await controller.settled();
      const receipts = await job.receipts();
      expect((await undo()).succeeded).toBe(true);
      expect(await state()).toBe(`0 pods, and Flux ${flux}`);
      expect((await run()).failed).toBeUndefined();
      expect(await state()).toBe(`0 pods, and Flux ${flux}`);
      expect((await job.receipts()).length).toBe(receipts.length + 1);
    },
  );

  describe.each(HOLDS)('that a person holds off Flux from, by %s', (hold) => {
    beforeEach(async () => {
      // Flux takes the value in any case.
      await cluster.kubectl('annotate', 'statefulset/gitea', `${hold}=Disabled`);
    });

    it('is held off from it still, after a run', async () => {
      expect((await run()).failed).toBeUndefined();
      expect(await annotations()).toEqual({ [hold]: 'Disabled' });
    });

    it.each(['stop', 'copy', 'start'])('is held off from it still, after a run that was killed at %s', async (step) => {
      await killedAt(step);
      expect((await undo()).succeeded).toBe(true);
      expect(await replicas()).toBe('1');
      expect(await annotations()).toEqual({ [hold]: 'Disabled' });
    });

    it('is held off from it still, after a second attempt that was killed as well', async () => {
      await killedAt('copy');
      await killedAt('dump');
      expect(await annotations()).toEqual({
        'backed-up/stopped': `1 ${hold}`,
        ...Object.fromEntries(HOLDS.map((key) => [key, key === hold ? 'Disabled' : 'disabled'])),
      });
      expect((await undo()).succeeded).toBe(true);
      expect(await replicas()).toBe('1');
      expect(await annotations()).toEqual({ [hold]: 'Disabled' });
    });
  });

  it('is not stopped when the API server does not answer', async () => {
    const { failed } = await job.run({
      apiServer: { ...cluster, token: async () => 'expired' },
      job: { source, smallestPercent: 0 },
    });
    expect(failed?.name).toBe('look');
    expect(failed?.message).toMatch(/^The API server does not show statefulsets\/gitea: .*(401|Unauthorized)/);
    expect(await state()).toBe('1 pod, and Flux takes care');
  });

  it('is not stopped by a job that would not see its pods', async () => {
    const blind = quiesced(giteaSource(postgres), { ...GITEA, pods: { app: 'forgejo' } });
    const { failed } = await job.run({ apiServer: cluster, job: { source: blind, smallestPercent: 0 } });
    expect(failed?.name).toBe('look');
    expect(failed?.message).toBe(
      'The pods of statefulsets/gitea do not carry app=forgejo, so that nobody could tell whether they are gone.',
    );
    expect(await state()).toBe('1 pod, and Flux takes care');
  });

  it('has no receipt when somebody has started it meanwhile', async () => {
    const receipts = await job.receipts();
    const { failed } = await run({
      beforeStart: async (container) => {
        if (container !== 'list') return;
        await cluster.kubectl('scale', 'statefulset/gitea', '--replicas=1');
        await controller.settled();
      },
    });
    expect(failed?.name).toBe('verify');
    expect(failed?.message).toMatch(/^Pod gitea-0 with app=gitea is there: /);
    expect(await job.receipts()).toEqual(receipts);
    expect(await state()).toBe('1 pod, and Flux takes care');
  });

  it('is up again when pods of something else with its labels never go', async () => {
    await cluster.apply([podOf('runner-0')]);
    const receipts = await job.receipts();
    const impatient = {
      ...source,
      steps: source.steps.map((step) => (step.name === 'gone' ? { ...step, run: { ...step.run, args: ['3'] } } : step)),
    };
    const { failed } = await job.run({ apiServer: cluster, job: { source: impatient, smallestPercent: 0 } });
    await controller.settled();
    await deleted('runner-0');
    expect(failed?.name).toBe('verify');
    expect(failed?.message).toMatch(/^Pod runner-0 with app=gitea is there: /);
    expect(await job.receipts()).toEqual(receipts);
    expect(await state()).toBe('1 pod, and Flux takes care');
  });

  it.each(['Succeeded', 'Failed'])('is copied beside a pod with its labels that has %s', async (phase) => {
    await cluster.apply([podOf('ended')]);
    const patch = `--patch={"status":{"phase":"${phase}"}}`;
    await cluster.kubectl('patch', 'pod/ended', '--subresource=status', '--type=merge', patch);
    const { failed } = await run();
    await deleted('ended');
    expect(failed).toBeUndefined();
  });

  it('is all that the account of the job may change', async () => {
    const may = async (verb: string, what: string): Promise<string> =>
      cluster
        .kubectl('auth', 'can-i', verb, what, '--as=system:serviceaccount:forge:dump')
        .then((answer) => answer.trim())
        .catch(() => 'no');
    expect(await may('patch', 'statefulsets/gitea')).toBe('yes');
    for (const [verb, what] of [
      ['patch', 'statefulsets/other'],
      ['delete', 'statefulsets/gitea'],
      ['delete', 'pods'],
      ['get', 'secrets'],
    ] as const)
      expect(`${verb} ${what}: ${await may(verb, what)}`).toBe(`${verb} ${what}: no`);
  });

  async function run(options: Run = {}): Promise<PodResult> {
    const result = await job.run({ ...options, apiServer: cluster, job: { source, smallestPercent: 0 } });
    await controller.settled();
    return result;
  }

  /** At this step, or at the next where it was done at once. */
  async function killedAt(step: string): Promise<void> {
    const { failed } = await run({ onStart: (container, pod) => (container === step ? pod.kill() : undefined) });
    expect(failed?.code).toBe(137);
  }

  async function undo(): Promise<PodResult> {
    const result = await runPod(throughYaml(undoJob(UNDO, GITEA)), { secrets: {}, apiServer: cluster });
    await controller.settled();
    return result;
  }

  async function deleted(pod: string): Promise<void> {
    await cluster.kubectl('delete', `pod/${pod}`, '--grace-period=0', '--force');
  }

  async function replicas(): Promise<string> {
    return cluster.kubectl('get', 'statefulset/gitea', '--output=jsonpath={.spec.replicas}');
  }

  async function annotations(): Promise<unknown> {
    const set = JSON.parse(await cluster.kubectl('get', 'statefulset/gitea', '--output=json')) as KubeObject;
    return set.metadata.annotations ?? {};
  }

  async function state(): Promise<string> {
    const pods = (await cluster.kubectl('get', 'pods', '--selector=app=gitea', '--output=name')).split('\n').length - 1;
    const set = JSON.parse(await cluster.kubectl('get', 'statefulset/gitea', '--output=json')) as KubeObject;
    const held = HOLDS.filter((key) => set.metadata.annotations?.[key] === 'disabled');
    const flux = ['takes care', 'is half held off', 'is held off'][held.length];
    return `${pods} pod${pods === 1 ? '' : 's'}, and Flux ${flux}`;
  }
});

function isAccess({ kind }: KubeObject): boolean {
  return ['ServiceAccount', 'Role', 'RoleBinding'].includes(kind);
}

function podOf(name: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'forge', labels: GITEA.pods },
    spec: { containers: [{ name: 'gitea', image: 'gitea' }] },
  };
}

function statefulSet(name: string): KubeObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: 'forge' },
    spec: {
      replicas: 1,
      serviceName: name,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name, image: 'gitea' }] } },
    },
  };
}

interface Controller {
  /** When there are as many pods as are wanted. */
  readonly settled: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** In the place of the controllers and a node: a pod, and the server itself, while one is wanted. */
async function startController(cluster: ApiServer, gitea: GiteaServer): Promise<Controller> {
  const wanted = async (): Promise<boolean> =>
    (await cluster.kubectl('get', 'statefulset/gitea', '--output=jsonpath={.spec.replicas}')) !== '0';
  let isThere = false;
  const reconcile = async (): Promise<void> => {
    const isWanted = await wanted();
    if (isWanted === isThere) return;
    if (isWanted) {
      if (
        !(await gitea.fetch('/api/healthz').then(
          () => true,
          () => false,
        ))
      )
        await gitea.start();
      await cluster.apply([podOf('gitea-0')]);
    } else {
      await gitea.stop();
      await cluster.kubectl('delete', 'pod/gitea-0', '--grace-period=0', '--force');
    }
    isThere = isWanted;
  };
  await reconcile();
  const state = { isOver: false };
  const work = (async (): Promise<void> => {
    while (!state.isOver) {
      await reconcile();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return {
    settled: async () => {
      while ((await wanted()) !== isThere) await new Promise((resolve) => setTimeout(resolve, 100));
    },
    stop: async () => {
      state.isOver = true;
      await work;
    },
  };
}
