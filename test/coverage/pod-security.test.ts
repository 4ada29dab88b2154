/** Pods like these were given to a kube-apiserver 1.36.3 in namespaces of both levels, which let in and refused the same. */
import { describe, expect, it } from 'vitest';
import { podSecurityOf, podSecurityViolations } from '../../lib/coverage/pod-security';
import type { Mapping } from '../../lib/model/kube-object';

const LATEST = Number.POSITIVE_INFINITY;
const GOOD = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

interface Changes {
  readonly spec?: Mapping;
  /** Of the pod's security context. */
  readonly pod?: Mapping;
  readonly container?: Mapping;
  /** Of the container's security context. */
  readonly own?: Mapping;
  readonly annotations?: Mapping;
}

/** A pod that every level lets in, with changes. */
function template({ spec, pod, container, own, annotations }: Changes): Mapping {
  return {
    metadata: { annotations },
    spec: {
      ...(pod === undefined ? {} : { securityContext: pod }),
      ...spec,
      containers: [{ name: 'c', image: 'a:1', securityContext: { ...GOOD, ...own }, ...container }],
    },
  };
}

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/c';
const WINDOWS = { spec: { os: { name: 'windows' } }, container: { securityContext: { runAsNonRoot: true } } };

describe('every level lets in', () => {
  it.each<[what: string, changes: Changes]>([
    ['a pod that says all it has to', {}],
    ['safe sysctls', { pod: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1 2 3' }] } }],
    ['an SELinux type of containers', { own: { seLinuxOptions: { type: 'container_engine_t', level: 's0' } } }],
    ['the default profile of AppArmor', { own: { appArmorProfile: { type: 'RuntimeDefault' } } }],
    ['the same in an annotation', { annotations: { [APP_ARMOR]: 'runtime/default' } }],
    ['a probe of the pod itself', { container: { livenessProbe: { httpGet: { port: 80 } } } }],
    [
      'what the pod says for its containers',
      {
        pod: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        own: { runAsNonRoot: undefined, seccompProfile: undefined },
      },
    ],
    ['root in a user namespace', { spec: { hostUsers: false }, pod: { runAsUser: 0 }, own: { runAsNonRoot: false } }],
    ['the right to low ports', { own: { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } } }],
    ['a pod for Windows', WINDOWS],
  ])('%s', (_, changes) => {
    expect(podSecurityViolations(template(changes), { level: 'restricted', version: LATEST })).toEqual([]);
  });
});

describe('baseline refuses', () => {
  it.each<[what: string, changes: Changes, violation: string]>([
    ['other sysctls', { pod: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }, 'sysctls kernel.msgmax'],
    ['an SELinux type', { own: { seLinuxOptions: { type: 'spc_t' } } }, 'seLinuxOptions of type spc_t'],
    ['an SELinux user of the pod', { pod: { seLinuxOptions: { user: 'u' } } }, 'seLinuxOptions with a user'],
    ['an SELinux role', { own: { seLinuxOptions: { role: 'r' } } }, 'seLinuxOptions with a role'],
    ['no AppArmor', { own: { appArmorProfile: { type: 'Unconfined' } } }, 'appArmorProfile Unconfined'],
    ['no AppArmor, of the pod', { pod: { appArmorProfile: { type: 'Unconfined' } } }, 'appArmorProfile Unconfined'],
    ['no AppArmor, in the annotation', { annotations: { [APP_ARMOR]: 'unconfined' } }, 'appArmorProfile unconfined'],
    ['no seccomp of the pod', { pod: { seccompProfile: { type: 'Unconfined' } } }, 'seccompProfile Unconfined'],
    [
      'a probe of another host',
      { container: { readinessProbe: { tcpSocket: { host: 'x', port: 80 } } } },
      'a probe or lifecycle handler names a host',
    ],
    [
      'a call of another host at the end',
      { container: { lifecycle: { preStop: { httpGet: { host: 'x', port: 80 } } } } },
      'a probe or lifecycle handler names a host',
    ],
    ['an unmasked /proc', { own: { procMount: 'Unmasked' } }, 'procMount'],
    ['host ports', { container: { ports: [{ containerPort: 1, hostPort: 1 }] } }, 'hostPort'],
    ['paths of the node', { spec: { volumes: [{ name: 'a', hostPath: { path: '/a' } }] } }, 'hostPath volumes'],
    ['the network of the node', { spec: { hostNetwork: true } }, 'hostNetwork'],
    ['privileges', { own: { privileged: true } }, 'privileged'],
    [
      'capabilities',
      { own: { capabilities: { drop: ['ALL'], add: ['CHOWN', 'SYS_ADMIN'] } } },
      'capabilities SYS_ADMIN',
    ],
    ['processes of a Windows host', { ...WINDOWS, pod: { windowsOptions: { hostProcess: true } } }, 'hostProcess'],
  ])('%s', (_, changes, violation) => {
    expect(podSecurityViolations(template(changes), { level: 'baseline', version: LATEST })).toEqual([violation]);
  });
});

describe('only restricted refuses', () => {
  it.each<[what: string, changes: Changes, violation: string]>([
    [
      'a pod that may be root, though its container may not',
      { pod: { runAsNonRoot: false } },
      'runAsNonRoot is not true',
    ],
    [
      'a pod that is root, though its container is not',
      { pod: { runAsUser: 0 }, own: { runAsUser: 1 } },
      'runAsUser is 0',
    ],
    ['a container that is root', { pod: { runAsUser: 1 }, own: { runAsUser: 0 } }, 'runAsUser is 0'],
    ['no word on seccomp', { own: { seccompProfile: undefined } }, 'seccompProfile is not RuntimeDefault'],
    ['a file server', { spec: { volumes: [{ name: 'a', nfs: { server: 'a', path: '/' } }] } }, 'nfs volumes'],
    ['harmless capabilities', { own: { capabilities: { drop: ['ALL'], add: ['CHOWN'] } } }, 'capabilities are added'],
    [
      'an unmasked /proc in a user namespace',
      { spec: { hostUsers: false }, own: { procMount: 'Unmasked' } },
      'procMount',
    ],
  ])('%s', (_, changes, violation) => {
    expect(podSecurityViolations(template(changes), { level: 'restricted', version: LATEST })).toEqual([violation]);
    expect(podSecurityViolations(template(changes), { level: 'baseline', version: LATEST })).toEqual([]);
  });
});

describe('a namespace', () => {
  function namespace(labels: Readonly<Record<string, string>>) {
    const prefixed = Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]);
    return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', labels: Object.fromEntries(prefixed) } };
  }

  it('enforces what its labels say', () => {
    expect(podSecurityOf(namespace({ enforce: 'baseline' }))).toEqual({ level: 'baseline', version: LATEST });
    expect(podSecurityOf(namespace({ enforce: 'restricted', 'enforce-version': 'v1.30' }))).toEqual({
      level: 'restricted',
      version: 30,
    });
    expect(podSecurityOf(namespace({ enforce: 'privileged' }))).toBeUndefined();
    expect(podSecurityOf(namespace({ warn: 'restricted' }))).toBeUndefined();
  });

  it('of an older version knows no hosts of probes, and no user namespaces', () => {
    const probe = template({ container: { livenessProbe: { httpGet: { host: 'x', port: 80 } } } });
    expect(podSecurityViolations(probe, { level: 'baseline', version: 30 })).toEqual([]);
    const root = template({ spec: { hostUsers: false }, own: { runAsUser: 0 } });
    expect(podSecurityViolations(root, { level: 'restricted', version: 30 })).toEqual(['runAsUser is 0']);
  });
});
