/** kubectl as the administrator of the lab. */
import { output } from '../servers/support/tools';
import { binary } from './binaries';
import type { Layout } from './layout';

export async function kubectl(lab: Layout, args: readonly string[], input?: string): Promise<string> {
  const env = { HOME: lab.state, KUBECONFIG: lab.kubeconfig };
  return output(binary('kubectl'), args, { env, ...(input === undefined ? {} : { input }) });
}
