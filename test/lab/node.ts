/** What makes this machine a node: containerd, kubelet, kube-proxy, and the enforcer of NetworkPolicies. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary } from './binaries';
import { flags, startDaemon } from './daemons';
import { PAUSE_IMAGE } from './images';
import { DNS_SERVICE, NODE, NODE_ADDRESS, POD_RANGE, type Layout } from './layout';

/** What kubelet sets for the whole machine. */
const MACHINE_SETTINGS = [
  'kernel/keys/root_maxbytes',
  'kernel/keys/root_maxkeys',
  'kernel/panic',
  'kernel/panic_on_oops',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
];

/** Debian 12 has containerd 1.6, whose configuration is of version 2. */
export function startContainerd(lab: Layout): void {
  const { socket, root, state } = lab.containerd;
  const cni = join(lab.state, 'cni');
  mkdirSync(cni, { recursive: true });
  mkdirSync(root, { recursive: true });
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    ipMasq: false,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      dataDir: join(lab.state, 'addresses'),
      ranges: [[{ subnet: POD_RANGE }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
  const plugins = [bridge, { type: 'portmap', capabilities: { portMappings: true } }];
  writeFileSync(join(cni, '10-lab.conflist'), JSON.stringify({ cniVersion: '0.4.0', name: 'lab', plugins }));
  const config = join(lab.state, 'containerd.toml');
  writeFileSync(
    config,
    `version = 2
root = "${root}"
state = "${state}"
[grpc]
  address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${join(lab.state, 'opt')}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  stream_server_address = "127.0.0.1"
  # Nothing may lower it where the capability SYS_RESOURCE is missing, as in a container; then no pod would start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "${join(lab.state, 'runc')}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${cni}"
`,
  );
  startDaemon(lab, 'containerd', 'containerd', ['--config', config]);
}

export function startKubelet(lab: Layout): void {
  rememberMachineSettings(lab);
  const resolver = join(lab.state, 'resolv.conf');
  // As on a node outside of the cluster's DNS: what does not ask that, finds nothing.
  writeFileSync(resolver, 'nameserver 127.0.0.1\n');
  const config = join(lab.state, 'kubelet.json');
  writeFileSync(
    config,
    JSON.stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      address: NODE_ADDRESS,
      healthzBindAddress: '127.0.0.1',
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: join(lab.pki, 'ca.crt') },
      },
      authorization: { mode: 'Webhook' },
      tlsCertFile: join(lab.pki, 'kubelet-server.crt'),
      tlsPrivateKeyFile: join(lab.pki, 'kubelet-server.key'),
      clusterDNS: [DNS_SERVICE],
      clusterDomain: 'cluster.local',
      resolvConf: resolver,
      containerRuntimeEndpoint: `unix://${lab.containerd.socket}`,
      cgroupDriver: 'cgroupfs',
      failCgroupV1: false,
      failSwapOn: false,
      oomScoreAdj: 0,
      podLogsDir: join(lab.state, 'pod-logs'),
      volumePluginDir: join(lab.state, 'kubelet-plugins'),
      // What was imported cannot be pulled again.
      imageGCHighThresholdPercent: 100,
      evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
      nodeStatusUpdateFrequency: '5s',
      syncFrequency: '20s',
    }),
  );
  const args = flags({
    config,
    kubeconfig: join(lab.kubernetes, 'kubelet.conf'),
    'root-dir': lab.kubelet,
    'hostname-override': NODE,
    'node-ip': NODE_ADDRESS,
  });
  startDaemon(lab, 'kubelet', binary('kubelet'), args, {
    PATH: `${mountWithoutNfs(lab)}:${process.env['PATH'] ?? ''}`,
  });
}

/** Where there is no NFS, pods that mount it get an empty folder. @returns the folder of what kubelet calls. */
function mountWithoutNfs(lab: Layout): string {
  const [programs, empty] = [join(lab.state, 'programs'), join(lab.state, 'nfs')];
  for (const folder of [programs, empty]) mkdirSync(folder);
  const script = `#!/bin/sh
case "$*" in
  "-t nfs "*) shift $(($# - 1)); set -- --bind ${empty} "$1" ;;
esac
exec /bin/mount "$@"
`;
  writeFileSync(join(programs, 'mount'), script, { mode: 0o755 });
  return programs;
}

export function startKubeProxy(lab: Layout): void {
  const config = join(lab.state, 'kube-proxy.json');
  writeFileSync(
    config,
    JSON.stringify({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: 'nftables',
      bindAddress: NODE_ADDRESS,
      healthzBindAddress: '127.0.0.1:10256',
      metricsBindAddress: '127.0.0.1:10249',
      hostnameOverride: NODE,
      clusterCIDR: POD_RANGE,
      clientConnection: { kubeconfig: join(lab.kubernetes, 'proxy.conf') },
      nodePortAddresses: ['primary'],
      // That would be a setting of the whole machine.
      conntrack: { maxPerCore: 0 },
    }),
  );
  startDaemon(lab, 'kube-proxy', binary('kube-proxy'), flags({ config }));
}

/** The bridge itself enforces none. */
export function startNetworkPolicies(lab: Layout): void {
  const script = join(__dirname, 'enforce-network-policies.py');
  startDaemon(lab, 'network-policies', 'python3', [script, lab.kubeconfig]);
}

export function restoreMachineSettings(lab: Layout): void {
  for (const [name, value] of Object.entries(rememberedSettings(lab))) writeFileSync(`/proc/sys/${name}`, value);
}

function rememberMachineSettings(lab: Layout): void {
  const values = MACHINE_SETTINGS.map((name) => [name, readFileSync(`/proc/sys/${name}`, 'utf8')] as const);
  writeFileSync(settingsFile(lab), JSON.stringify(Object.fromEntries(values)));
}

function rememberedSettings(lab: Layout): Readonly<Record<string, string>> {
  try {
    return JSON.parse(readFileSync(settingsFile(lab), 'utf8')) as Readonly<Record<string, string>>;
  } catch {
    // No kubelet was started yet.
    return {};
  }
}

function settingsFile(lab: Layout): string {
  return join(lab.state, 'machine-settings.json');
}
