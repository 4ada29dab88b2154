/** Objects as they stand in `dist/`, with the addresses of a test's servers in the place of the example's. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isKubeObject, type KubeObject } from '../../../lib/model/kube-object';
import { runPod, type PodOptions, type PodResult } from './pod';

/** What is written in `dist/` → what stands for it here. */
export type Addresses = readonly (readonly [written: string | RegExp, here: string])[];

export function distObjects(folder: string, addresses: Addresses = []): readonly KubeObject[] {
  const path = join('dist', folder);
  return readdirSync(path)
    .filter((file) => file !== 'kustomization.yaml')
    .map((file): unknown => {
      const text = readFileSync(join(path, file), 'utf8');
      return parse(addresses.reduce((changed, [written, here]) => changed.replaceAll(written, here), text));
    })
    .filter(isKubeObject);
}

/** @returns an object of that kind and name. */
export function named(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`dist/ has no ${kind} ${name}`);
  return found;
}

/** Runs a CronJob of a folder once, with the ConfigMaps that stand beside it. */
export async function runFromDist(
  objects: readonly KubeObject[],
  cronJob: string,
  options: PodOptions,
): Promise<PodResult> {
  const beside = objects.filter(({ kind }) => kind === 'ConfigMap');
  return runPod([named(objects, 'CronJob', cronJob), ...beside], options);
}
