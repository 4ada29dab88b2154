/**
 * Pod Security Standards, as far as a pod template can be judged without a server: what `restricted` and `baseline`
 * refuse (kubernetes v1.36, staging/src/k8s.io/pod-security-admission/policy). A Job whose pods violate the level of its
 * namespace is accepted and never starts.
 */
import { at, booleanAt, listAt, mappingAt, numberAt, textAt, textsAt } from '../model/kube-object';

export type PodSecurityLevel = 'privileged' | 'baseline' | 'restricted';

/** @returns what the level refuses about the pods of a template, in words. */
export function podSecurityViolations(template: unknown, level: PodSecurityLevel): readonly string[] {
  if (level === 'privileged') return [];
  const spec = at(template, 'spec');
  const violations = [...baselineViolations(spec), ...(level === 'restricted' ? restrictedViolations(spec) : [])];
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

function baselineViolations(spec: unknown): readonly string[] {
  const violations: string[] = [];
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) {
    if (booleanAt(spec, field) === true) violations.push(field);
  }
  if (listAt(spec, 'volumes').some((volume) => at(volume, 'hostPath') !== undefined))
    violations.push('hostPath volumes');
  if (textAt(spec, 'securityContext', 'seccompProfile', 'type') === 'Unconfined')
    violations.push('seccompProfile Unconfined');
  for (const container of containersOf(spec)) {
    const context = at(container, 'securityContext');
    if (booleanAt(context, 'privileged') === true) violations.push('privileged');
    if (listAt(container, 'ports').some((port) => (numberAt(port, 'hostPort') ?? 0) !== 0)) violations.push('hostPort');
    if (textAt(context, 'seccompProfile', 'type') === 'Unconfined') violations.push('seccompProfile Unconfined');
    if (!['Default', undefined].includes(textAt(context, 'procMount'))) violations.push('procMount');
    const added = textsAt(context, 'capabilities', 'add').filter(
      (capability) => !BASELINE_CAPABILITIES.has(capability),
    );
    if (added.length > 0) violations.push(`capabilities ${added.join(', ')}`);
  }
  return violations;
}

function restrictedViolations(spec: unknown): readonly string[] {
  const violations: string[] = [];
  const pod = at(spec, 'securityContext');
  for (const volume of listAt(spec, 'volumes')) {
    const source = Object.keys(mappingAt(volume)).find((field) => field !== 'name');
    if (source !== undefined && !RESTRICTED_SOURCES.has(source)) violations.push(`${source} volumes`);
  }
  for (const container of containersOf(spec)) {
    const own = at(container, 'securityContext');
    if (booleanAt(own, 'allowPrivilegeEscalation') !== false) violations.push('allowPrivilegeEscalation is not false');
    if (!textsAt(own, 'capabilities', 'drop').includes('ALL')) violations.push('capabilities do not drop ALL');
    if (textsAt(own, 'capabilities', 'add').some((capability) => capability !== 'NET_BIND_SERVICE'))
      violations.push('capabilities are added');
    if ((booleanAt(own, 'runAsNonRoot') ?? booleanAt(pod, 'runAsNonRoot')) !== true)
      violations.push('runAsNonRoot is not true');
    if ((numberAt(own, 'runAsUser') ?? numberAt(pod, 'runAsUser')) === 0) violations.push('runAsUser is 0');
    const seccomp = textAt(own, 'seccompProfile', 'type') ?? textAt(pod, 'seccompProfile', 'type');
    if (seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost')
      violations.push('seccompProfile is not RuntimeDefault');
  }
  return violations;
}

function containersOf(spec: unknown): readonly unknown[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) => listAt(spec, field));
}
