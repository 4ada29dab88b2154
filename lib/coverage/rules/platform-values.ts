/** What the platform says that nothing reads, or that Kubernetes would refuse of every job. */
import { JOB_IMAGES, JOB_RESOURCE_DEFAULTS, overLimits } from '../../methods/common-jobs';
import { parseRange, rangeMeant } from '../../model/address-range';
import { isPinned, postgresMajor } from '../../model/image';
import { at, mappingAt, textsAt } from '../../model/kube-object';
import { isDnsSubdomain } from '../../model/names';
import { nearest } from '../../model/nearest';
import { PLATFORM_FIELDS, type JobsPlatform, type Platform } from '../../model/platform';
import { parseQuantity } from '../../model/quantity';
import { enumerated } from '../../model/text';
import { inWords, toFix, type Remedy } from '../finding';

export interface PlatformProblem {
  readonly field: string;
  readonly because: string;
  readonly remedies: readonly Remedy[];
}

/** Of fields that are misspelt; what is meant would be taken for absent. */
export function misspeltFields(platform: Platform): readonly PlatformProblem[] {
  return Object.entries(PLATFORM_FIELDS).flatMap(([place, fields]) => {
    const path = place === '' ? [] : place.split('.');
    const known = Object.keys(fields);
    return Object.entries(mappingAt(platform, ...path))
      .filter(([field]) => !known.includes(field))
      .map(([field, value]) => {
        const meant = nearest(field, known);
        return {
          field: [...path, field].join('.'),
          because: `nothing reads it${meant === undefined ? '' : `: did you mean ${meant}?`}`,
          remedies:
            meant === undefined || typeof value !== 'string'
              ? inWords(`write one of ${enumerated(known)}, or leave it out`)
              : toFix(`${meant}: '${value}'`),
        };
      });
  });
}

export function problemsOfRanges({ clusterRanges = [] }: Platform): readonly PlatformProblem[] {
  const wrong = clusterRanges.filter((range) => !isRange(range));
  if (wrong.length === 0) return [];
  const right = clusterRanges.map((range) => (isRange(range) ? range : rangeMeant(range)));
  return [
    {
      field: 'clusterRanges',
      because: `${enumerated(wrong.map((range) => `'${range}'`))} ${wrong.length === 1 ? 'is no range' : 'are no ranges'} of addresses: the API server would refuse the NetworkPolicy of every job that copies to the outside`,
      remedies: toFix(`clusterRanges: [${right.map((range) => `'${range}'`).join(', ')}]`),
    },
  ];
}

/** A peer without addresses would be everybody. */
export function problemsOfRook({ rook }: Platform): readonly PlatformProblem[] {
  if (rook?.reachedAt === undefined) return [];
  const cidrs = textsAt(rook, 'reachedAt', 'cidrs');
  if (cidrs.length > 0 && cidrs.every(isRange)) return [];
  const because = `${JSON.stringify(rook.reachedAt)} names no ranges of addresses`;
  const meant = (cidrs.length === 0 ? ['192.168.1.0/24'] : cidrs.map(rangeMeant)).map((range) => `'${range}'`);
  return [{ field: 'rook.reachedAt', because, remedies: toFix(`reachedAt: { cidrs: [${meant.join(', ')}] }`) }];
}

/** Less than all addresses, because it is left out of those. */
function isRange(text: string): boolean {
  const range = parseRange(text);
  return range !== undefined && range.length > 0 && range.isNetwork;
}

export function problemsOfJobs({ jobs = {} }: Platform): readonly PlatformProblem[] {
  const { scratchClass, priorityClassName } = jobs;
  return [
    ...nameProblems('scratchClass', scratchClass, 'a StorageClass'),
    ...nameProblems('priorityClassName', priorityClassName, 'a PriorityClass'),
    ...imageProblems(jobs),
    ...resourceProblems(jobs),
  ];
}

function nameProblems(field: string, name: unknown, what: string): readonly PlatformProblem[] {
  if (name === undefined || (typeof name === 'string' && isDnsSubdomain(name))) return [];
  return [
    {
      field: `jobs.${field}`,
      because: `'${String(name)}' is not the name of ${what}: lower case letters, digits, '-' and '.' make one`,
      remedies: inWords('write the name as the cluster has it, or leave it out'),
    },
  ];
}

/** A job has to be repeatable, and to start in a disaster: that is what a tag says, which nobody moves. */
function imageProblems({ images = {} }: JobsPlatform): readonly PlatformProblem[] {
  return Object.entries(JOB_IMAGES).flatMap(([tool, image]) => {
    if (!(tool in images)) return [];
    const given: unknown = at(images, tool);
    if (isPinned(given)) return tool === 'postgres' ? versionProblems(String(given)) : [];
    const [, tag = ''] = /:([^:/]*)$/.exec(image) ?? [];
    const name = typeof given === 'string' ? given.trim().replace(/:(latest)?$/, '') : '';
    return [
      {
        field: `jobs.images.${tool}`,
        because: `'${String(given)}' has neither a fixed tag nor a digest`,
        remedies: toFix(`${tool}: '${name === '' || /\s/.test(name) ? image : `${name}:${tag}`}'`),
      },
    ];
  });
}

/** Each server is dumped by clients of its own version, so that of the image has to be known. */
function versionProblems(image: string): readonly PlatformProblem[] {
  const [name = '', digest] = image.split('@');
  if (digest === undefined || /:[^/]*$/.test(name) || postgresMajor(image) !== undefined) return [];
  return [
    {
      field: 'jobs.images.postgres',
      because: `'${image}' does not say which version of PostgreSQL it has, and a server of another one is not dumped by it`,
      remedies: inWords(`name the tag as well, as in '${name}:18.1@sha256:…'`),
    },
  ];
}

function resourceProblems({ resources = {} }: JobsPlatform): readonly PlatformProblem[] {
  const wrong = Object.entries({ ...JOB_RESOURCE_DEFAULTS, cpuLimit: '1' }).flatMap(([name, usual]) => {
    const given: unknown = at(resources, name);
    if (given === undefined || parseQuantity(given) !== undefined) return [];
    return [
      {
        field: `jobs.resources.${name}`,
        because: `'${String(given)}' is not a quantity`,
        remedies: toFix(`${name}: '${usual}'`),
      },
    ];
  });
  if (wrong.length > 0) return wrong;
  return overLimits(resources).map(({ name, request, limit }) => ({
    field: `jobs.resources.${name}`,
    because: `'${request}' is more than the ${name}Limit, '${limit}'`,
    remedies: toFix(`${name}Limit: '${request}'`),
  }));
}
