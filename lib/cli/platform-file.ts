/** The file of `--platform`: as much of a platform as the objects of a cluster do not show. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { CannotRun } from '../model/cannot-run';
import { at, booleanAt, isMapping, textAt, type Mapping } from '../model/kube-object';
import { nearest } from '../model/nearest';
import { isSupportedVelero, PLATFORM_FIELDS, type Platform, type StorageClassPlatform } from '../model/platform';

/** All fields of a platform, so that one file serves this command and a project. */
const FIELDS = Object.keys(PLATFORM_FIELDS['']);
const VELERO_FIELDS = Object.keys(PLATFORM_FIELDS.velero);
const CLASS_FIELDS = ['driver', 'snapshotClass', 'isDefault'] as const;

export function readPlatformFile(file: string): Pick<Platform, 'velero' | 'storageClasses'> {
  let value: unknown;
  try {
    value = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    throw new CannotRun(`${file} cannot be read: ${why}. Give a YAML file with 'velero' and 'storageClasses'.`);
  }
  const fields = fieldsOf(value, FIELDS, file, 'at its top');
  const velero = veleroOf(fields['velero'], file);
  return { ...(velero === undefined ? {} : { velero }), storageClasses: classesOf(fields['storageClasses'], file) };
}

function veleroOf(value: unknown, file: string): Platform['velero'] {
  if (value === undefined) return undefined;
  fieldsOf(value, VELERO_FIELDS, file, `under 'velero'`);
  const enableCSI = booleanAt(value, 'enableCSI');
  const nodeAgent = booleanAt(value, 'nodeAgent');
  if (enableCSI === undefined || nodeAgent === undefined) {
    throw new CannotRun(`${file} has no booleans 'enableCSI' and 'nodeAgent' under 'velero': write both.`);
  }
  // A number has lost its zeros: 1.20 is 1.2.
  const version = at(value, 'version') === undefined ? '1.18' : (textAt(value, 'version') ?? '');
  if (!isSupportedVelero(version)) {
    throw new CannotRun(
      `${file} has ${JSON.stringify(at(value, 'version'))} as 'version' of 'velero': what is predicted is Velero 1.18 and later, written as '1.18'.`,
    );
  }
  const namespace = optionalText(value, 'namespace', file, `'velero'`);
  return { version, enableCSI, nodeAgent, ...(namespace === undefined ? {} : { namespace }) };
}

function classesOf(value: unknown, file: string): Readonly<Record<string, StorageClassPlatform>> {
  if (value === undefined) return {};
  if (!isMapping(value))
    throw new CannotRun(`${file} has no mapping under 'storageClasses': write 'name: { driver: … }'.`);
  return Object.fromEntries(
    Object.entries(value).map(([name, given]) => {
      fieldsOf(given, CLASS_FIELDS, file, `under 'storageClasses.${name}'`);
      const driver = textAt(given, 'driver');
      if (driver === undefined) {
        throw new CannotRun(`${file} has a storage class without 'driver' under 'storageClasses': write it.`);
      }
      const snapshotClass = optionalText(given, 'snapshotClass', file, `'storageClasses.${name}'`);
      const isDefault = at(given, 'isDefault') ?? false;
      if (typeof isDefault !== 'boolean') {
        throw new CannotRun(`${file} has no boolean as 'isDefault' of 'storageClasses.${name}': write true or false.`);
      }
      return [name, { driver, isDefault, ...(snapshotClass === undefined ? {} : { snapshotClass }) }];
    }),
  );
}

/** A mapping that has none but known fields: what is misspelt would be taken for absent. */
function fieldsOf(value: unknown, known: readonly string[], file: string, where: string): Mapping {
  if (!isMapping(value)) throw new CannotRun(`${file} has no mapping ${where}: write 'field: value' lines.`);
  const unknown = Object.keys(value).find((field) => !known.includes(field));
  if (unknown === undefined) return value;
  const meant = nearest(unknown, known);
  const advice = meant === undefined ? `it may have ${known.join(', ')}` : `did you mean '${meant}'?`;
  throw new CannotRun(`${file} has the field '${unknown}' ${where}, which nothing reads: ${advice}`);
}

function optionalText(value: unknown, field: string, file: string, owner: string): string | undefined {
  const found = at(value, field);
  if (found === undefined || typeof found === 'string') return found;
  throw new CannotRun(`${file} has no text as '${field}' of ${owner}: write it in quotes.`);
}
