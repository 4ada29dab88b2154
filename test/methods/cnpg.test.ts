/** What CloudNativePG and its plugin read, and what follows from it. */
import { Duration } from 'cdk8s';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { continuous, s3Location } from '../../lib';
import { archiveOf } from '../../lib/methods/cnpg/archive';
import {
  archiverPlugin,
  destinationPath,
  nextServerName,
  objectStoreSpec,
  scheduledBackupSpec,
  serverNameOf,
} from '../../lib/methods/cnpg/objects';
import { archiveTimeout } from '../../lib/methods/cnpg/parameters';
import { formatRetention, parseRetention } from '../../lib/methods/cnpg/retention';
import { readSchedule } from '../../lib/methods/cnpg/schedule';
import { at } from '../../lib/model/kube-object';
import { offsite } from '../support/scenario';

const HOUR = 3600;
const DAY = 24 * HOUR;

function cluster(spec: object): Parameters<typeof archiveTimeout>[0] {
  return { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata: { name: 'db', namespace: 'forge' }, spec };
}

describe('a schedule', () => {
  it('is read as the operator reads it', () => {
    const gaps = {
      '0 30 3 * * *': DAY,
      // Seconds may be anything, and the day of the week may be left to a word.
      '30 15 */6 * * *': 6 * HOUR,
      '0 0 3 ? * SUN': 7 * DAY,
      '@daily': DAY,
      '@hourly': HOUR,
      '@every 90m': 1.5 * HOUR,
    };
    const read = Object.keys(gaps).map((schedule) => [schedule, readSchedule(schedule)]);
    expect(Object.fromEntries(read)).toEqual(
      Object.fromEntries(Object.entries(gaps).map(([schedule, gapSeconds]) => [schedule, { gapSeconds }])),
    );
  });

  it('is refused with the reason', () => {
    const problem = (schedule: string): unknown => at(readSchedule(schedule), 'problem');
    expect(problem('')).toBe('has 0 fields, and the operator takes six');
    expect(problem('70 0 3 * * *')).toBe("has '70' as second");
    expect(problem('@every 1d')).toBe("has the unit 'd', which Go does not know: its largest unit is h");
    expect(problem('@fortnightly')).toMatch(/^is no time that can be computed beforehand/);
    expect(problem('TZ=UTC 0 0 3 * * *')).toBe('names a time zone, which the operator refuses: it reads UTC');
  });
});

describe('retention', () => {
  it('is never shorter than the window, and at most a day longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4000 * DAY }), (seconds) => {
        const kept = parseRetention(formatRetention(seconds)) ?? 0;
        expect(kept).toBeGreaterThanOrEqual(seconds);
        expect(kept).toBeGreaterThanOrEqual(DAY);
        expect(kept - seconds).toBeLessThanOrEqual(DAY);
      }),
    );
  });

  it('is read in all units of the plugin, and in no other', () => {
    expect(['1d', '2w', '3m'].map(parseRetention)).toEqual([DAY, 14 * DAY, 93 * DAY]);
    expect(['0d', '1y', '30', 'd', '1.5d', ''].map(parseRetention)).toEqual(Array.from({ length: 6 }));
  });
});

describe('the archive of a Cluster', () => {
  it('is handed over after what PostgreSQL makes of the setting', () => {
    const after = (text?: string): number =>
      archiveTimeout(cluster(text === undefined ? {} : { postgresql: { parameters: { archive_timeout: text } } }));
    expect(after()).toBe(300);
    expect(['60', '60s', '2 min', '1h', '90000ms', '1d'].map(after)).toEqual([60, 60, 120, HOUR, 90, DAY]);
    expect(['0', '0min', '1m', '', '-1', '1 hour'].map(after)).toEqual(Array.from({ length: 6 }, () => Infinity));
  });

  it('is called after the Cluster where no server is named', () => {
    const plugin = { name: 'barman-cloud.cloudnative-pg.io', isWALArchiver: true };
    const parameters = { barmanObjectName: 'store' };
    expect(archiveOf(cluster({ plugins: [{ ...plugin, parameters }] }))).toEqual({
      objectStore: 'store',
      serverName: 'db',
    });
    expect(archiveOf(cluster({ plugins: [archiverPlugin('store', 'db-3')] }))).toEqual({
      objectStore: 'store',
      serverName: 'db-3',
    });
  });

  it('is followed by another one after each restore', () => {
    expect(['db-1', 'db-9', 'db', 'db-2-1', 'db-x'].map(nextServerName)).toEqual([
      'db-2',
      'db-10',
      'db-2',
      'db-2-2',
      'db-x-2',
    ]);
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z]$/),
        fc.integer({ min: 1, max: 1000 }),
        (name, generation) => {
          expect(nextServerName(serverNameOf(name, generation))).toBe(serverNameOf(name, generation + 1));
        },
      ),
    );
  });
});

describe('the objects', () => {
  const strategy = continuous({ to: offsite, restoreWindow: Duration.days(30) });

  it('store each database of each cluster at a place of its own', () => {
    const near = s3Location('near', { ...offsite, prefix: '/mine/' });
    expect(destinationPath(near, 'home', 'forge', 'db')).toBe('s3://home-backups/mine/home/data/forge/db');
    expect(destinationPath(offsite, 'home', 'forge', 'db')).toBe('s3://home-backups/home/data/forge/db');
  });

  it('say of the server what the location does', () => {
    const to = s3Location('near', { ...offsite, customCa: true, sendChecksums: true, region: 'eu-central-1' });
    const spec = objectStoreSpec({ ...strategy, to }, 's3://home-backups/db');
    expect(at(spec, 'configuration', 'endpointCA')).toEqual({ name: 'backed-up-near', key: 'ca.crt' });
    expect(at(spec, 'instanceSidecarConfiguration', 'env')).toEqual([
      { name: 'AWS_DEFAULT_REGION', value: 'eu-central-1' },
    ]);
  });

  it('make base copies at night in UTC, or when they are told to', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[a-z]{1,8}$/), (namespace, name) => {
        const { schedule } = scheduledBackupSpec(strategy, namespace, name);
        expect(schedule).toMatch(/^0 [0-5]?\d [345] \* \* \*$/);
        expect(scheduledBackupSpec(strategy, namespace, name)['schedule']).toBe(schedule);
      }),
    );
    const told = continuous({ to: offsite, restoreWindow: Duration.days(30), cron: '@weekly' });
    expect(scheduledBackupSpec(told, 'forge', 'db')['schedule']).toBe('0 0 0 * * 0');
  });
});
