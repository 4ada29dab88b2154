/**
 * Pod Security Standards of Kubernetes 1.36, as far as a pod template can be judged without a server: what `baseline` and
 * `restricted` refuse (k8s.io/pod-security-admission v0.36.3, policy/check_*.go). A Job whose pods violate the level of
 * its namespace is accepted and never starts.
 */
import {
  at,
  booleanAt,
  labelsOf,
  listAt,
  mappingAt,
  numberAt,
  textAt,
  textMapAt,
  textsAt,
  type KubeObject,
} from '../model/kube-object';

/** What a namespace enforces. */
export interface PodSecurity {
  readonly level: 'baseline' | 'restricted';
  /** The minor version of Kubernetes whose standards count; without end for the latest. */
  readonly version: number;
}

/** @returns nothing where a namespace lets every pod in. */
export function podSecurityOf(namespace: KubeObject): PodSecurity | undefined {
  const labels = labelsOf(namespace);
  const level = labels['pod-security.kubernetes.io/enforce'];
  if (level !== 'baseline' && level !== 'restricted') return undefined;
  const version = /^v1\.(\d+)$/.exec(labels['pod-security.kubernetes.io/enforce-version'] ?? '')?.[1];
  return { level, version: version === undefined ? Number.POSITIVE_INFINITY : Number(version) };
}

/** @returns what is refused about the pods of a template, in words. */
export function podSecurityViolations(template: unknown, { level, version }: PodSecurity): readonly string[] {
  const spec = at(template, 'spec');
  const violations = [
    ...baselineViolations(spec, version, level),
    ...appArmorAnnotations(template),
    ...(level === 'restricted' ? restrictedViolations(spec, version) : []),
  ];
  return [...new Set(violations)];
}

const BASELINE_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

/** Those of the latest version; older ones allow fewer. */
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

const SELINUX_TYPES = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']);

const RESTRICTED_SOURCES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

function baselineViolations(spec: unknown, version: number, level: PodSecurity['level']): readonly string[] {
  const violations: string[] = [];
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) {
    if (booleanAt(spec, field) === true) violations.push(field);
  }
  if (listAt(spec, 'volumes').some((volume) => at(volume, 'hostPath') !== undefined))
    violations.push('hostPath volumes');
  const sysctls = listAt(spec, 'securityContext', 'sysctls').map((sysctl) => textAt(sysctl, 'name') ?? '');
  const unsafe = sysctls.filter((name) => !SAFE_SYSCTLS.has(name));
  if (unsafe.length > 0) violations.push(`sysctls ${unsafe.join(', ')}`);
  violations.push(...contextViolations(at(spec, 'securityContext')));
  for (const container of containersOf(spec)) {
    const context = at(container, 'securityContext');
    violations.push(...contextViolations(context));
    if (booleanAt(context, 'privileged') === true) violations.push('privileged');
    if (listAt(container, 'ports').some((port) => (numberAt(port, 'hostPort') ?? 0) !== 0)) violations.push('hostPort');
    const mayMountProc = level === 'baseline' && isInUserNamespace(spec, version);
    if (!['Default', undefined].includes(textAt(context, 'procMount')) && !mayMountProc) violations.push('procMount');
    const added = textsAt(context, 'capabilities', 'add').filter(
      (capability) => !BASELINE_CAPABILITIES.has(capability),
    );
    if (added.length > 0) violations.push(`capabilities ${added.join(', ')}`);
    if (version >= 34 && asksAnotherHost(container)) violations.push('a probe or lifecycle handler names a host');
  }
  return violations;
}

/** What neither a pod nor a container may say. */
function contextViolations(context: unknown): readonly string[] {
  const violations: string[] = [];
  const seccomp = textAt(context, 'seccompProfile', 'type');
  if (!isConfined(seccomp)) violations.push(`seccompProfile ${seccomp}`);
  const appArmor = textAt(context, 'appArmorProfile', 'type');
  if (!isConfined(appArmor)) violations.push(`appArmorProfile ${appArmor}`);
  const seLinux = mappingAt(context, 'seLinuxOptions');
  const type = textAt(seLinux, 'type') ?? '';
  if (!SELINUX_TYPES.has(type)) violations.push(`seLinuxOptions of type ${type}`);
  for (const field of ['user', 'role']) {
    if ((textAt(seLinux, field) ?? '') !== '') violations.push(`seLinuxOptions with a ${field}`);
  }
  if (booleanAt(context, 'windowsOptions', 'hostProcess') === true) violations.push('hostProcess');
  return violations;
}

function isConfined(profile: string | undefined): boolean {
  return profile === undefined || profile === 'RuntimeDefault' || profile === 'Localhost';
}

function asksAnotherHost(container: unknown): boolean {
  const handlers = [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((probe) => at(container, probe)),
    ...['postStart', 'preStop'].map((hook) => at(container, 'lifecycle', hook)),
  ];
  return handlers.some((handler) =>
    ['httpGet', 'tcpSocket'].some((action) => (textAt(handler, action, 'host') ?? '') !== ''),
  );
}

/** The form that AppArmor profiles had before Kubernetes 1.30. */
function appArmorAnnotations(template: unknown): readonly string[] {
  const annotations = Object.entries(textMapAt(template, 'metadata', 'annotations'));
  return annotations
    .filter(([key]) => key.startsWith('container.apparmor.security.beta.kubernetes.io/'))
    .filter(([, profile]) => profile !== '' && profile !== 'runtime/default' && !profile.startsWith('localhost/'))
    .map(([, profile]) => `appArmorProfile ${profile}`);
}

function restrictedViolations(spec: unknown, version: number): readonly string[] {
  const violations: string[] = [];
  for (const volume of listAt(spec, 'volumes')) {
    const source = Object.keys(mappingAt(volume)).find((field) => field !== 'name');
    if (source !== undefined && !RESTRICTED_SOURCES.has(source)) violations.push(`${source} volumes`);
  }
  const pod = at(spec, 'securityContext');
  const isWindows = textAt(spec, 'os', 'name') === 'windows';
  const mayBeRoot = isInUserNamespace(spec, version);
  if (!mayBeRoot) {
    if (booleanAt(pod, 'runAsNonRoot') === false) violations.push('runAsNonRoot is not true');
    if (numberAt(pod, 'runAsUser') === 0) violations.push('runAsUser is 0');
  }
  for (const container of containersOf(spec)) {
    const own = at(container, 'securityContext');
    if (!mayBeRoot) {
      if ((booleanAt(own, 'runAsNonRoot') ?? booleanAt(pod, 'runAsNonRoot')) !== true)
        violations.push('runAsNonRoot is not true');
      if (numberAt(own, 'runAsUser') === 0) violations.push('runAsUser is 0');
    }
    // A pod for Windows cannot say what follows.
    if (isWindows) continue;
    if (booleanAt(own, 'allowPrivilegeEscalation') !== false) violations.push('allowPrivilegeEscalation is not false');
    if (!textsAt(own, 'capabilities', 'drop').includes('ALL')) violations.push('capabilities do not drop ALL');
    if (textsAt(own, 'capabilities', 'add').some((capability) => capability !== 'NET_BIND_SERVICE'))
      violations.push('capabilities are added');
    const seccomp = textAt(own, 'seccompProfile', 'type') ?? textAt(pod, 'seccompProfile', 'type');
    if (seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost')
      violations.push('seccompProfile is not RuntimeDefault');
  }
  return violations;
}

/** Root in a user namespace of its own is nobody on the node: from 1.35 on that is enough. */
function isInUserNamespace(spec: unknown, version: number): boolean {
  return version >= 35 && booleanAt(spec, 'hostUsers') === false;
}

function containersOf(spec: unknown): readonly unknown[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) => listAt(spec, field));
}
