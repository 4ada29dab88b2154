/** The examples of the rules as files of a user, and what the gate says of them. */
import { App, Chart } from 'cdk8s';
import type { Finding, Platform } from '../../lib';
import type { Rule } from '../../lib/coverage/rule';
import { offsite, synthesizeScenario, type ScenarioOptions } from './scenario';
import { run, type Snippet } from './snippets';

/** Exports `example(app, chart, offsite)`, which returns what the example brings along for the app: a platform, say. */
export function exampleOf({ id, example }: Rule): Snippet {
  const overrides = [...example.matchAll(/^const (platform|alsoRead|fluxRepository|keys) =/gm)].map(([, name]) => name);
  const text = `
import { ApiObject, App, Chart, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import {
  BackedUpGitea, BackedUpPostgres, BackedUpStatefulSet, BackedUpVolume, backUp, CephBucketWithBackupGrant, continuous, definePlatform, elsewhere, every, exclude,
  excluded, GiteaBackup, grantBackup, holds, mirrored, nightly, PostgresBackup, s3Location, ScratchVolume, VeleroBackup, weekly, type Location,
} from 'cdk8s-backed-up';

export function example(app: App, chart: Chart, offsite: Location) {
${example}
return { ${overrides.join(', ')} };
}
void [ApiObject, App, Chart, Duration, Size, k8s, BackedUpGitea, BackedUpPostgres, mirrored, PostgresBackup, BackedUpStatefulSet, BackedUpVolume, backUp, CephBucketWithBackupGrant,
  continuous, definePlatform, elsewhere, every, exclude, excluded, GiteaBackup, grantBackup, holds, nightly, s3Location, ScratchVolume, VeleroBackup, weekly];
`;
  return { name: `${id}.ts`, text };
}

export function findingsOfExample(rule: Rule): readonly Finding[] {
  const { example } = run(exampleOf(rule));
  if (!isExample(example)) throw new Error('the snippet exports no example');
  // An example may bring its own platform or answers, which come before the app.
  const app = new App();
  const own = example(app, new Chart(app, 'example', { namespace: 'paperless' }), offsite);
  return synthesizeScenario(({ app: real, chart }) => void example(real, chart, offsite), optionsOf(own)).findings;
}

type Example = (app: App, chart: Chart, location: typeof offsite) => Overrides;

interface Overrides {
  readonly platform?: Platform;
  readonly alsoRead?: readonly string[];
  readonly fluxRepository?: unknown;
  readonly keys?: unknown;
}

function isExample(value: unknown): value is Example {
  return typeof value === 'function';
}

function optionsOf(props: Overrides): ScenarioOptions {
  return { props } as ScenarioOptions;
}
