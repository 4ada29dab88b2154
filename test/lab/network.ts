/**
 * The network of the lab: a namespace without a way out. Pods reach pods, Services, the node, and over one wire this
 * machine, which in turn can dial the addresses of pods and of Services.
 */
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { CannotRun } from '../../lib/model/cannot-run';
import { output, run } from '../servers/support/tools';
import { HOST_ADDRESS, HOST_LINK, NAMESPACE, NODE_ADDRESS, POD_RANGE, SERVICE_RANGE } from './layout';

export const NAMESPACE_FILE = `/run/netns/${NAMESPACE}`;

const NODE_LINK = 'host';

export async function makeNetwork(): Promise<void> {
  if (existsSync(NAMESPACE_FILE))
    throw new CannotRun(`There is a network namespace ${NAMESPACE} already. Remove it: npm run lab -- down`);
  await ip(`netns add ${NAMESPACE}`);
  await ip(`link add ${HOST_LINK} type veth peer name ${NODE_LINK} netns ${NAMESPACE}`);
  await ip(`address add ${HOST_ADDRESS}/30 dev ${HOST_LINK}`);
  await ip(`link set ${HOST_LINK} up`);
  const inside = `-n ${NAMESPACE}`;
  await ip(`${inside} link set lo up`);
  await ip(`${inside} address add ${NODE_ADDRESS}/30 dev ${NODE_LINK}`);
  await ip(`${inside} link set ${NODE_LINK} up`);
  // So that programs of the node itself can dial Services.
  await ip(`${inside} route add ${SERVICE_RANGE} dev ${NODE_LINK} src ${NODE_ADDRESS}`);
  for (const range of [POD_RANGE, SERVICE_RANGE]) await ip(`route add ${range} via ${NODE_ADDRESS}`);
  const settings = [
    'net.ipv4.ip_forward=1',
    'net.ipv4.conf.all.route_localnet=1',
    'net.bridge.bridge-nf-call-iptables=1',
  ];
  await run('modprobe', ['br_netfilter']).catch(() => undefined);
  await output('ip', ['netns', 'exec', NAMESPACE, 'sysctl', '-qw', ...settings]);
}

/** @param pods the namespaces of pods that are still there. */
export async function removeNetwork(pods: Iterable<string>): Promise<void> {
  for (const name of [...pods, NAMESPACE]) if (existsSync(`/run/netns/${name}`)) await ip(`netns del ${name}`);
  // The other end of the wire goes with its namespace, and this one with it, but not at once.
  await run('ip', ['link', 'del', HOST_LINK]);
  // `ip netns` mounts it for the first one.
  if (existsSync('/run/netns') && readdirSync('/run/netns').length === 0) {
    await run('umount', ['/run/netns']);
    rmdirSync('/run/netns');
  }
}

async function ip(command: string): Promise<void> {
  await output('ip', command.split(' '));
}
