/** The examples of the rules as files of a user. */
import type { Rule } from '../../lib/coverage/rule';
import type { Snippet } from './snippets';

/** Exports `example(app, chart, offsite)`, which returns what the example brings along for the app: a platform, say. */
export function exampleOf({ id, example }: Rule): Snippet {
  const overrides = [...example.matchAll(/^const (platform|alsoRead|fluxRepository) =/gm)].map(([, name]) => name);
  const text = `
import { ApiObject, App, Chart, Duration, Size } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import {
  BackedUpStatefulSet, BackedUpVolume, backUp, continuous, definePlatform, elsewhere, every, exclude, excluded, holds,
  nightly, s3Location, ScratchVolume, VeleroBackup, weekly, type Location,
} from 'cdk8s-backed-up';

export function example(app: App, chart: Chart, offsite: Location) {
${example}
return { ${overrides.join(', ')} };
}
void [ApiObject, App, Chart, Duration, Size, k8s, BackedUpStatefulSet, BackedUpVolume, backUp, continuous, definePlatform,
  elsewhere, every, exclude, excluded, holds, nightly, s3Location, ScratchVolume, VeleroBackup, weekly];
`;
  return { name: `${id}.ts`, text };
}
