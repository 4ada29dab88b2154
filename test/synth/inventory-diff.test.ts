/** What a reviewer is told about the data, compared with the commit. */
import { execFileSync } from 'node:child_process';
import { Duration, Size } from 'cdk8s';
import { afterAll, describe, expect, it } from 'vitest';
import {
  BackedUpPostgres,
  BackedUpVolume,
  continuous,
  elsewhere,
  excluded,
  nightly,
  s3Location,
  ScratchVolume,
  weekly,
  type S3LocationProps,
  type VolumeStrategy,
} from '../../lib';
import type { Inventory } from '../../lib/model/inventory';
import { diffInventories } from '../../lib/synth/inventory-diff';
import { mainFile, Project } from '../support/project';
import { offsite, synthesizeScenario, type Scenario, type ScenarioOptions } from '../support/scenario';

function inventory(build: (scenario: Scenario) => void, options: ScenarioOptions = {}): Inventory {
  const result = synthesizeScenario(build, options);
  expect(result.findings).toEqual([]);
  return result.inventory;
}

const storage = Size.gibibytes(20);

/** One volume of the namespace, copied as declared. */
function volume(backup: VolumeStrategy | readonly [VolumeStrategy, VolumeStrategy]) {
  return ({ chart }: Scenario): void => {
    new BackedUpVolume(chart, 'data', { storage, backup });
  };
}

function scratch({ chart }: Scenario): void {
  new ScratchVolume(chart, 'data', { storage, reason: 'Made again from the scans.' });
}

const everyNight = nightly({ to: offsite, keep: { daily: 14 } });
const toTheNas = elsewhere('rsync fetches the files every night.', { failureDomain: 'site', rpo: Duration.hours(25) });

const before = inventory(volume(everyNight));

describe('changes since the committed inventory', () => {
  it('are none where nothing changed, in whatever order copies are declared', () => {
    expect(diffInventories(before, inventory(volume(everyNight)))).toEqual([]);
    const two = inventory(volume([everyNight, toTheNas]));
    expect(diffInventories(two, inventory(volume([toTheNas, everyNight])))).toEqual([]);
  });

  it('are a volume that is newly left out', () => {
    expect(diffInventories(before, inventory(scratch))).toEqual([
      '! PersistentVolumeClaim paperless/data: newly left out: Made again from the scans.',
    ]);
  });

  it('are a volume that is no longer left out', () => {
    expect(diffInventories(inventory(scratch), before)).toEqual([
      '~ PersistentVolumeClaim paperless/data: no longer left out, copied, RPO 29 h 10 min',
    ]);
  });

  it('are another reason', () => {
    const reason = (text: string) => inventory(() => {}, { props: { certificates: excluded(text) } });
    expect(diffInventories(reason('Issued again by ACME.'), reason('Issued again by ACME within its limits.'))).toEqual(
      ['~ certificates of cluster home: reason is now: Issued again by ACME within its limits.'],
    );
  });

  it('are a larger RPO and another retention', () => {
    const everyWeek = inventory(volume(weekly({ to: offsite, keep: { weekly: 8 } })));
    expect(diffInventories(before, everyWeek)).toEqual([
      '! PersistentVolumeClaim paperless/data: RPO 29 h 10 min → 7 d 5 h; kept for 14 d → 56 d',
    ]);
    expect(diffInventories(everyWeek, before)).toEqual([
      '! PersistentVolumeClaim paperless/data: RPO 7 d 5 h → 29 h 10 min; kept for 56 d → 14 d',
    ]);
  });

  it('are a loss that is accepted now', () => {
    const accepting = (rpo: Duration) => inventory(volume(nightly({ to: offsite, keep: { daily: 14 }, rpo })));
    expect(diffInventories(before, accepting(Duration.hours(30)))).toEqual([
      '~ PersistentVolumeClaim paperless/data: accepted RPO any → 30 h',
    ]);
    expect(diffInventories(accepting(Duration.hours(30)), accepting(Duration.days(3)))).toEqual([
      '~ PersistentVolumeClaim paperless/data: accepted RPO 30 h → 3 d',
    ]);
  });

  it('are a copy for which there is only a word any more, at a place that is as far', () => {
    const nas = s3Location('nas', {
      endpoint: 'https://nas.example.net',
      bucket: 'backups',
      failureDomain: 'site',
      keptIn: 'a sealed envelope',
    });
    const near = nightly({ to: nas, keep: { daily: 14 } });
    const service = elsewhere('The provider takes snapshots.', { failureDomain: 'offsite', rpo: Duration.hours(29) });
    const changes = diffInventories(inventory(volume([near, everyNight])), inventory(volume([near, service])));
    expect(changes).toEqual([
      '! PersistentVolumeClaim paperless/data: RPO 29 h 10 min → 29 h; copied by velero → elsewhere and velero',
    ]);
  });

  it('are copies that are kept shorter at one of two places', () => {
    const nas = s3Location('nas', {
      endpoint: 'https://nas.example.net',
      bucket: 'backups',
      failureDomain: 'site',
      keptIn: 'a sealed envelope',
    });
    const kept = (days: number) =>
      inventory(volume([nightly({ to: offsite, keep: { daily: days } }), nightly({ to: nas, keep: { daily: 400 } })]));
    expect(diffInventories(kept(365), kept(30))).toEqual([
      '! PersistentVolumeClaim paperless/data: kept at offsite for 365 d → 30 d',
    ]);
  });

  it('are copies in more and in fewer places', () => {
    const two = inventory(volume([everyNight, toTheNas]));
    expect(diffInventories(before, two)).toEqual([
      '~ PersistentVolumeClaim paperless/data: RPO 29 h 10 min → 25 h; copies in offsite → offsite and site; copied by velero → elsewhere and velero',
    ]);
    expect(diffInventories(two, inventory(volume(toTheNas)))).toEqual([
      '! PersistentVolumeClaim paperless/data: RPO when the site is lost 29 h 10 min → none; copies in offsite and site → site; copied by elsewhere and velero → elsewhere; kept for 14 d → an unknown time',
    ]);
  });

  it('are a database whose log is no longer fetched', () => {
    const database = (rpo: Duration, failureDomain: 'site' | 'offsite') =>
      inventory(volume(elsewhere('The provider fetches the log all day.', { failureDomain, rpo })));
    expect(diffInventories(database(Duration.minutes(5), 'offsite'), database(Duration.hours(24), 'site'))).toEqual([
      '! PersistentVolumeClaim paperless/data: RPO 5 min → 24 h; RPO when the site is lost 5 min → none; copies in offsite → site',
    ]);
  });

  it('are a copy that comes nearer, even if it is as young as before', () => {
    const at = (failureDomain: 'site' | 'offsite') =>
      inventory(volume(elsewhere('rsync fetches the files every night.', { failureDomain, rpo: Duration.hours(25) })));
    expect(diffInventories(at('offsite'), at('site'))).toEqual([
      '! PersistentVolumeClaim paperless/data: RPO when the site is lost 25 h → none; copies in offsite → site',
    ]);
    expect(diffInventories(at('site'), at('offsite'))).toEqual([
      '~ PersistentVolumeClaim paperless/data: RPO when the site is lost none → 25 h; copies in site → offsite',
    ]);
  });

  it('are two copies that would be lost together', () => {
    const copies = (second: 'offsite' | 'offsite-b') =>
      inventory(
        volume([everyNight, elsewhere('The provider copies it on.', { failureDomain: second, rpo: Duration.days(3) })]),
      );
    expect(diffInventories(copies('offsite-b'), copies('offsite'))).toEqual([
      '! PersistentVolumeClaim paperless/data: copies in offsite and offsite-b → offsite and offsite',
    ]);
  });

  it('are a location that is nearer or further away, and one that keeps versions', () => {
    const at = (props: Partial<S3LocationProps>) => {
      const to = s3Location('far', {
        endpoint: 'https://s3.example.net',
        bucket: 'home-backups',
        failureDomain: 'site',
        keptIn: 'envelope, bank',
        ...props,
      });
      return inventory(volume(nightly({ to, keep: { daily: 14 } })));
    };
    const volumeLine = 'PersistentVolumeClaim paperless/data: RPO when the site is lost';
    expect(diffInventories(at({}), at({ failureDomain: 'offsite', versioned: true }))).toEqual([
      `~ location 'far': failureDomain 'site' → 'offsite', further away; versioned 'false' → 'true'`,
      `~ ${volumeLine} none → 29 h 10 min`,
    ]);
    expect(diffInventories(at({ failureDomain: 'offsite' }), at({}))).toEqual([
      `! location 'far': failureDomain 'offsite' → 'site', nearer`,
      `! ${volumeLine} 29 h 10 min → none`,
    ]);
    expect(diffInventories(at({}), at({ trusted: true }))).toEqual([`! location 'far': trusted 'false' → 'true'`]);
  });

  it('are data that is new, and data that nobody declares any more', () => {
    const none = inventory(() => {});
    expect(diffInventories(none, before)).toEqual([
      '+ PersistentVolumeClaim paperless/data: new, copied, RPO 29 h 10 min',
    ]);
    expect(diffInventories(none, inventory(scratch))).toEqual([
      '+ PersistentVolumeClaim paperless/data: new, left out: Made again from the scans.',
    ]);
    expect(diffInventories(before, none)).toEqual([
      '- PersistentVolumeClaim paperless/data: no longer declared; Backups of Velero in offsite expire; the data may still be in the cluster',
    ]);
  });

  it('are a location that is another one now', () => {
    const at = (props: Partial<S3LocationProps>) => {
      const { endpoint, bucket, keptIn } = {
        endpoint: 'https://s3.example.net',
        bucket: 'home-backups',
        keptIn: 'envelope, bank',
        ...props,
      };
      const to = s3Location('offsite', { endpoint, bucket, failureDomain: 'offsite', keptIn });
      return inventory(volume(nightly({ to, keep: { daily: 14 } })));
    };
    expect(diffInventories(at({}), at({ endpoint: 'https://s3.example.org', bucket: 'other' }))).toEqual([
      `! location 'offsite': endpoint 'https://s3.example.net' → 'https://s3.example.org'; bucket 'home-backups' → 'other'; the copies so far stay where they are`,
    ]);
    expect(diffInventories(at({}), at({ keptIn: 'a drawer in the office' }))).toEqual([
      `! location 'offsite': keptIn 'envelope, bank' → 'a drawer in the office'`,
    ]);
  });

  it('are a database that nobody declares any more, whose copies nobody forgets any more', () => {
    const backup = [continuous({ to: offsite, restoreWindow: Duration.days(30) }), everyNight] as const;
    const database = inventory(({ chart }) => void new BackedUpPostgres(chart, 'db', { storage, backup }));
    expect(
      diffInventories(
        database,
        inventory(() => {}),
      ),
    ).toEqual([
      '- Cluster paperless/db: no longer declared; base copies and log and snapshots of restic in offsite stay until somebody deletes them, because what forgets them goes too; the data may still be in the cluster',
    ]);
  });

  it('are another name for the same place, whose Secrets have to be there', () => {
    const at = (name: string) => {
      const to = s3Location(name, {
        endpoint: 'https://s3.example.net',
        bucket: 'home-backups',
        failureDomain: 'offsite',
        keptIn: 'envelope, bank',
      });
      return inventory(volume(nightly({ to, keep: { daily: 14 } })));
    };
    expect(diffInventories(at('offsite'), at('ofsite'))).toContain(
      `! location 'offsite': is now called 'ofsite', with the same endpoint, bucket and prefix; provide before anything is copied: velero/backed-up-ofsite`,
    );
  });

  it('come in the order in which they matter', () => {
    const several = (volumes: Readonly<Record<string, VolumeStrategy>>, left: readonly string[] = []) =>
      inventory(({ chart }) => {
        for (const [name, backup] of Object.entries(volumes)) new BackedUpVolume(chart, name, { storage, backup });
        for (const name of left) new ScratchVolume(chart, name, { storage, reason: 'Made again from the scans.' });
      });
    const old = several({ gone: everyNight, kept: everyNight, left: everyNight, worse: toTheNas }, ['better']);
    const later = elsewhere('rsync fetches the files.', { failureDomain: 'site', rpo: Duration.days(8) });
    const now = several({ added: everyNight, better: everyNight, kept: everyNight, worse: later }, ['left']);
    expect(diffInventories(old, now)).toEqual([
      '! PersistentVolumeClaim paperless/left: newly left out: Made again from the scans.',
      '! PersistentVolumeClaim paperless/worse: RPO 25 h → 8 d',
      '- PersistentVolumeClaim paperless/gone: no longer declared; Backups of Velero in offsite expire; the data may still be in the cluster',
      '~ PersistentVolumeClaim paperless/better: no longer left out, copied, RPO 29 h 10 min',
      '+ PersistentVolumeClaim paperless/added: new, copied, RPO 29 h 10 min',
    ]);
  });
});

describe('in a Git repository', () => {
  const project = new Project({
    'nightly.ts': mainFile(
      `new BackedUpVolume(chart, 'data', { storage, backup: nightly({ to: offsite, keep: { daily: 14 } }) });`,
    ),
    'weekly.ts': mainFile(
      `new BackedUpVolume(chart, 'data', { storage, backup: weekly({ to: offsite, keep: { weekly: 8 } }) });`,
    ),
  });
  afterAll(() => project.remove());

  function commit(): void {
    for (const args of [
      ['init', '-q'],
      ['add', 'dist'],
      ['commit', '-qm', 'dist'],
    ]) {
      const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.net'];
      execFileSync('git', [...author, ...args], { cwd: project.folder });
    }
  }

  it('changes are those since the last synth while nothing is committed', () => {
    expect(project.run(['nightly.ts']).status).toBe(0);
    expect(project.run(['weekly.ts']).stdout).toContain(`
Changed since the inventory of the last synth:
  ! PersistentVolumeClaim wiki/data: RPO 28 h 10 min → 7 d 4 h; kept for 14 d → 56 d

dist/ is written.
`);
  });

  it('the changes are shown until they are committed', () => {
    commit();
    const changes = `
Changed since the committed inventory:
  ! PersistentVolumeClaim wiki/data: RPO 7 d 4 h → 28 h 10 min; kept for 56 d → 14 d

`;
    expect(project.run(['nightly.ts']).stdout).toContain(`${changes}dist/ is written.\n`);
    expect(project.run(['nightly.ts']).stdout).toContain(`${changes}dist/ was up to date.\n`);
    commit();
    expect(project.run(['nightly.ts']).stdout).not.toContain('Changed since');
  });

  it('an inventory that this release cannot read is no reason to say that nothing changed', () => {
    project.write('dist/inventory.json', '{ "version": 99 }');
    commit();
    expect(project.run(['nightly.ts']).stdout).toContain(
      '\nWhat changed is not shown: the committed inventory is an inventory of version 99, and this program reads version 1: write it again with the same release of cdk8s-backed-up that reads it\n\ndist/ is written.\n',
    );
  });
});
