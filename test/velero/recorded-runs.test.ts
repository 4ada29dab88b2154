/** Every answer of a real Velero server that was recorded, asked again (test/fixtures/velero-runs/README.md). */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../lib/model/kube-object';
import { predict } from '../../lib/velero/predict';
import { object, veleroServer } from './support/cluster';

interface RecordedCase {
  readonly name: string;
  /** File of the objects: `world-<name>.json`. */
  readonly world: string;
  /** Flags of the server where no Deployment is among the objects. */
  readonly server?: readonly string[];
  /** Text of the ConfigMap `pol`, where there was one. */
  readonly policy?: string;
  readonly backup: KubeObject;
  readonly real: {
    readonly phase: string;
    /** `PersistentVolumeClaim/namespace/name`, of the four kinds that are compared. */
    readonly included: readonly string[];
    /** Of `volumeinfo.json.gz`; what is skipped has neither method nor result. */
    readonly volumes: readonly RecordedVolume[];
  };
}

interface RecordedVolume {
  readonly namespace: string;
  readonly claim: string;
  readonly skipped?: true;
  readonly method?: 'CSISnapshot' | 'PodVolumeBackup';
  readonly moved?: boolean;
  readonly result?: string;
}

const FOLDER = path.join(__dirname, '../fixtures/velero-runs');

function readJson<T>(file: string): T {
  // The files are ours, and every test below would fail on one of another shape.
  return JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as T;
}

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.cases.json'));

describe.each(files)('%s', (file) => {
  const cases = readJson<readonly RecordedCase[]>(file);
  const worlds = new Map<string, readonly KubeObject[]>();

  function objectsOf({ world, server, policy }: RecordedCase): readonly KubeObject[] {
    const known = worlds.get(world) ?? readJson<readonly KubeObject[]>(`world-${world}.json`);
    worlds.set(world, known);
    const configMap = (text: string): KubeObject =>
      object('v1', 'ConfigMap', 'pol', { metadata: { namespace: 'velero' }, data: { 'policy.yaml': text } });
    return [
      ...known,
      ...(server === undefined ? [] : [veleroServer(...server)]),
      ...(policy === undefined ? [] : [configMap(policy)]),
    ];
  }

  it.each(cases)('$world: $name', (recorded) => {
    const { phase, objects, volumes } = predict({ backup: recorded.backup, objects: objectsOf(recorded) });
    const included = objects
      .filter((row) => row.included)
      .map(({ kind, namespace, name }) => `${kind}/${namespace ?? ''}/${name}`);
    const copied = volumes
      .filter((row) => row.copied !== 'no')
      .map(({ namespace, claim, method, copied: answer }) => `${namespace}/${claim} ${answer} ${method}`);
    expect({ phase, included: included.toSorted(), copied: copied.toSorted() }).toEqual({
      phase: recorded.real.phase,
      included: recorded.real.included.toSorted(),
      copied: [...new Set(copiesIn(recorded))].toSorted(),
    });
  });
});

function copiesIn({ real }: RecordedCase): readonly string[] {
  return real.volumes
    .filter(({ namespace, claim, result }) => {
      return result === 'succeeded' && real.included.includes(`PersistentVolumeClaim/${namespace}/${claim}`);
    })
    .map((row) => `${row.namespace}/${row.claim} yes ${methodOf(row)}`);
}

function methodOf({ method, moved }: RecordedVolume): string {
  if (method === 'PodVolumeBackup') return 'fs-backup';
  return moved === true ? 'data-mover' : 'csi-snapshot';
}
