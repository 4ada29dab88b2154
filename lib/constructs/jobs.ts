/** What people may say of the jobs that copy a dataset. */
import type { Duration, Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { DEADLINE } from '../jobs/cron-job';
import type { JobSettings } from '../methods/jobs/declaration';
import { isMapping } from '../model/kube-object';
import { PLATFORM_FIELDS, type JobResources } from '../model/platform';
import { parseQuantity } from '../model/quantity';
import { isDeadline, isPercent, secondsOf } from '../model/untyped';
import { isMisused, isName, isSize, optional, type Expected } from './misuse';

/** How the jobs of one dataset run, where the defaults do not fit. */
export interface JobProps {
  /** Space for one full copy, which is dumped and verified before it is stored. Default: what the dataset requests. */
  readonly scratch?: Size;
  /** StorageClass of that space. Default: that of the platform's `jobs`, or else the class of the dataset. */
  readonly scratchClass?: string;
  /** What a run may take; part of the RPO. The weekly upkeep may take as long, and 4 hours at least. Default 4 hours. */
  readonly deadline?: Duration;
  /**
   * A copy must have this much of the one before, in percent, or the run fails: a source that is suddenly half empty must
   * not become the newest copy. Default 50; 0 for the one run after something large was deleted on purpose.
   */
  readonly smallestPercent?: number;
  /**
   * Name of a Secret with the keys of the weekly upkeep, which forgets old copies: those of the location then need not
   * be allowed to delete. It has the same keys as the one of the location. Default: the Secret of the location.
   */
  readonly upkeepSecret?: string;
  /** What each container asks for and gets, where the platform's `jobs` do not fit. */
  readonly resources?: Partial<JobResources>;
}

/**
 * What a construct says of its jobs. What does not fit is reported, and the defaults stand for it: the rest can be looked at
 * all the same.
 *
 * @param path of the property that says it: `copies`.
 */
export function jobSettings(construct: Construct, path: string, props: JobProps, defaults: JobProps = {}): JobSettings {
  const said = isMisused(construct, { [path]: props }, expectedBelow(path)) ? {} : props;
  const { scratch, scratchClass, deadline, smallestPercent, upkeepSecret, resources } = { ...defaults, ...said };
  return {
    deadlineSeconds: deadline === undefined ? DEADLINE : secondsOf(deadline),
    ...(scratch === undefined ? {} : { scratchSize: scratch.asString() }),
    ...(scratchClass === undefined ? {} : { scratchClass }),
    ...(smallestPercent === undefined ? {} : { smallestPercent }),
    ...(upkeepSecret === undefined ? {} : { upkeepSecret }),
    ...(resources === undefined ? {} : { resources }),
  };
}

function expectedBelow(path: string): Readonly<Record<string, Expected>> {
  return {
    [`${path}.scratch`]: { is: optional(isSize), write: 'scratch: Size.gibibytes(50)' },
    [`${path}.deadline`]: {
      is: optional((value) => isDeadline(secondsOf(value as Duration))),
      write: 'deadline: Duration.hours(1)',
    },
    [`${path}.smallestPercent`]: { is: optional(isPercent), write: 'smallestPercent: 50, or another from 0 to 100' },
    [`${path}.scratchClass`]: { is: optional(isName), write: `scratchClass: 'ceph-block'` },
    [`${path}.upkeepSecret`]: { is: optional(isName), write: `upkeepSecret: 'deletes-backups'` },
    [`${path}.resources`]: {
      is: optional((value) => isMapping(value) && Object.entries(value).every(isResource)),
      write: `resources: { cpu: '50m', memory: '256Mi', memoryLimit: '1Gi' }`,
    },
  };
}

function isResource([name, quantity]: readonly [string, unknown]): boolean {
  return name in PLATFORM_FIELDS['jobs.resources'] && parseQuantity(quantity) !== undefined;
}
