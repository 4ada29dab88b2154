/** What no set of Schedules can carry out, and what one makes of several strategies. */
import { Chart, Duration, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import {
  BackedUpVolume,
  nightly,
  s3Location,
  snapshotted,
  VeleroBackup,
  weekly,
  type Inventory,
  type OneOrMore,
  type VolumeStrategy,
} from '../../lib';
import { GateContext } from '../../lib/coverage/context';
import { rules } from '../../lib/coverage/rules';
import { refuses } from '../support/rule-test';
import { explain, offsite, synthesizeScenario } from '../support/scenario';

const storage = Size.gibibytes(20);
const keep = { daily: 7 };
const oncePerWeek = weekly({ to: offsite, keep: { weekly: 8 } });

function volume(chart: Construct): void {
  new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep }) });
}

describe('names of plans', () => {
  refuses('plan-name', [], 'one name for two Schedules', {
    build: ({ app, chart }, changed) => {
      const plan = changed ? 'x-nightly' : 'x-nights';
      new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep, plan }) });
      const other = new Chart(app, 'other', { namespace: 'paperless-x' });
      volume(other);
    },
    says: `
      1 plan with a name that cannot be used: [plan-name]

        ✖ plan 'nightly' of namespace paperless-x
            made by          other/data
            because          a resource policy of plan 'x-nightly' of namespace paperless would be called paperless-x-nightly too
            what to do       rename one of the two plans
    `,
  });

  refuses('plan-name', [], 'a location that is named as another and its tier', {
    build: ({ chart }, changed) => {
      const far = s3Location(changed ? 'offsite-weekly' : 'far', { ...offsite, bucket: 'copies' });
      new BackedUpVolume(chart, 'data', {
        storage,
        backup: [nightly({ to: offsite, keep: { daily: 7, weekly: 8 } }), nightly({ to: far, keep })],
      });
    },
    says: `
      1 plan with a name that cannot be used: [plan-name]

        ✖ plan 'nightly' of namespace paperless
            made by          example/data
            because          two of its Schedules would be called paperless-nightly-offsite-weekly
            what to do       rename one of the locations
    `,
  });

  refuses('plan-name', [], 'two names for one dataset', {
    build: ({ chart }, changed) => {
      const backup = [
        nightly({ to: offsite, keep, plan: 'photos' }),
        weekly({
          to: s3Location('far', { ...offsite, bucket: 'copies' }),
          keep: { weekly: 8 },
          plan: changed ? 'media' : 'photos',
        }),
      ] as const;
      new BackedUpVolume(chart, 'data', { storage, backup });
    },
    says: `
      1 plan with a name that cannot be used: [plan-name]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          its strategies name the plans 'photos' and 'media', and its claims have one label
            to fix           plan: 'photos'
            what to do       name the same plan in all of its strategies
    `,
  });

  it('may stand in any strategy of a dataset', () => {
    const far = s3Location('far', { ...offsite, bucket: 'copies' });
    const { findings, context } = synthesizeScenario(({ chart }) => {
      const backup = [nightly({ to: offsite, keep }), weekly({ to: far, keep: { weekly: 8 }, plan: 'media' })] as const;
      new BackedUpVolume(chart, 'data', { storage, backup });
    });
    expect(explain(findings)).toBe('');
    expect(context.methods.velero.plans.map(({ plan }) => plan)).toEqual(['media']);
  });
});

describe('strategies that nothing carries out', () => {
  refuses('schedule-invalid', ['V18'], 'snapshots where files are read', {
    build: ({ chart }, changed) => {
      const snapshots = snapshotted({ to: offsite, keep: { hourly: 48 }, cron: '0 * * * *' });
      new BackedUpVolume(chart, 'data', { storage, backup: [snapshots, nightly({ to: offsite, keep })] });
      if (changed) new VeleroBackup(chart, 'velero', { volumes: 'fs-backup' });
    },
    says: `
      1 schedule that cannot be rendered: [schedule-invalid]

        ✖ PersistentVolumeClaim paperless/data (20Gi)
            made by          example/data
            because          '0 * * * *' is to make snapshots, and VeleroBackup says volumes: 'fs-backup' for its namespace, which makes none
            what to do       copy it nightly, or say volumes: 'data-mover' in VeleroBackup
    `,
  });

  it('[unproven-strategy] are found whatever carries out others of the kind', () => {
    const { context } = synthesizeScenario(({ chart }) => volume(chart));
    const without = new GateContext(context.input, { methods: context.planMethods([]) });
    const unproven = rules.find(({ id }) => id === 'unproven-strategy');
    expect([...(unproven?.check(without) ?? [])].map(({ because }) => because)).toEqual([
      "no object in the output is known to carry out 'scheduled' for it",
    ]);
  });
});

describe('two strategies to one place', () => {
  const strategies = [nightly({ to: offsite, keep: { daily: 7 } }), oncePerWeek] as const;

  function inventoryOf(backup: OneOrMore<VolumeStrategy>): Inventory['datasets'][number] | undefined {
    const { findings, inventory } = synthesizeScenario(
      ({ chart }) => void new BackedUpVolume(chart, 'data', { storage, backup }),
    );
    expect(explain(findings)).toBe('');
    return inventory.datasets.find(({ id }) => id.name === 'data');
  }

  it('make one copy, as old as the more frequent one leaves it, in whatever order', () => {
    const [first, second] = strategies;
    for (const dataset of [inventoryOf([first, second]), inventoryOf([second, first])]) {
      expect(dataset?.copies).toMatchObject([
        { by: 'velero', location: 'offsite', worstAgeSeconds: 105_000, keptSeconds: 8 * 7 * 24 * 3600 },
      ]);
      expect(dataset?.rpo).toEqual({ achievedSeconds: 105_000 });
    }
  });

  it('are those of another dataset that names them in another order', () => {
    const [first, second] = strategies;
    const { findings } = synthesizeScenario(({ chart }) => {
      const plan = { plan: 'media' };
      new BackedUpVolume(chart, 'data', { storage, backup: [{ ...first, ...plan }, second] });
      new BackedUpVolume(chart, 'media', { storage, backup: [second, { ...first, ...plan }] });
    });
    expect(explain(findings)).toBe('');
  });
});

describe('settings of a namespace', () => {
  refuses('declared-twice', [], 'given twice', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'b', { itemOperationTimeout: Duration.hours(8) });
      if (changed) new VeleroBackup(chart, 'a', { itemOperationTimeout: Duration.hours(2) });
    },
    says: `
      1 declaration too many: [declared-twice]

        ✖ VeleroBackup of namespace paperless
            made by          example/b
            because          example/a gives its settings too
            what to do       one VeleroBackup with all settings of the namespace
    `,
  });

  refuses('idle-declaration', [], 'of another one', {
    build: ({ chart }, changed) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', { namespace: changed ? 'papperless' : 'paperless' });
    },
    says: `
      1 declaration matches no data: [idle-declaration]

        ✖ VeleroBackup of namespace papperless
            made by          example/velero
            because          Velero copies nothing there
            did you mean     namespace: 'paperless'
            what to do       correct the name, or delete the declaration
    `,
  });

  it('a time-out of zero is the default, as for Velero', () => {
    const { inventory, files } = synthesizeScenario(({ chart }) => {
      volume(chart);
      new VeleroBackup(chart, 'velero', {
        itemOperationTimeout: Duration.seconds(0),
        csiSnapshotTimeout: Duration.seconds(0),
      });
    });
    const schedule = files?.get('example-backup/velero.Schedule.paperless-nightly-offsite.yaml');
    expect(schedule).toContain('csiSnapshotTimeout: 10m0s\n    itemOperationTimeout: 4h0m0s\n');
    expect(inventory.datasets.at(-1)?.rpo?.achievedSeconds).toBe(25 * 3600 + 4 * 3600 + 600);
  });
});
