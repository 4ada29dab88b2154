/** The example cluster of this repository: `main.ts` and `apps/`, synthesized without being written. */
import { vi } from 'vitest';
import { BackedUpApp } from '../../lib';
import { synthesize, type Synthesized } from '../../lib/synth/synthesize';

let app: BackedUpApp | undefined;

/** What `npm run synth` would come to, on a day on which no review is due. */
export async function synthesizeExample(): Promise<Synthesized> {
  app ??= await loadApp();
  return synthesize(app, { ...app['gate'], today: '2026-12-01' });
}

async function loadApp(): Promise<BackedUpApp> {
  const synth = vi.spyOn(BackedUpApp.prototype, 'synth').mockReturnValue();
  await import('../../main.js');
  const [loaded] = synth.mock.contexts;
  synth.mockRestore();
  if (!(loaded instanceof BackedUpApp)) throw new Error('main.ts synthesizes no BackedUpApp');
  return loaded;
}
