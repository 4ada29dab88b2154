/** node-path.awk with the awks of the images: where on its node is what a static pod has at a path? */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { output, TOOLS } from './support/tools';

const PATH = '/etc/kubernetes/enc/enc.yaml';

/** As kubeadm writes it. */
const KUBEADM = `apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 192.0.2.11:6443
  labels:
    component: kube-apiserver
spec:
  containers:
  - command:
    - kube-apiserver
    - --encryption-provider-config=/etc/kubernetes/enc/enc.yaml
    image: registry.k8s.io/kube-apiserver:v1.36.3
    livenessProbe:
      httpGet:
        path: /livez
    volumeMounts:
    - mountPath: /etc/ssl/certs
      name: ca-certs
      readOnly: true
    - mountPath: /etc/kubernetes/enc
      name: enc
      readOnly: true
  hostNetwork: true
  volumes:
  - hostPath:
      path: /etc/ssl/certs
      type: DirectoryOrCreate
    name: ca-certs
  - hostPath:
      path: /etc/kubernetes/enc
      type: DirectoryOrCreate
    name: enc
status: {}
`;

/** By hand, with the order, indentation and quotes of somebody. */
const BY_HAND = `spec:
    volumes:
        # of 2026
        -   name: "enc"
            hostPath:
                path: '/etc/kubernetes/enc/' # a folder
                type: ""
        -   name: tmp
            emptyDir: {}
        -   name: token
            projected:
                sources:
                    -   serviceAccountToken:
                            path: token
    containers:
        -   volumeMounts:
                -   name: enc
                    mountPath: "/etc/kubernetes/enc"
                -   name: tmp
                    mountPath: /tmp
                -   name: token
                    mountPath: /etc/kubernetes/en
            name: kube-apiserver
`;

const OTHER = ['path: /etc/kubernetes/enc', 'path: /var/lib/enc-2026'] as const;

/** A mount besides, and its volume. */
const more = (mount: string, volume: string): string =>
  KUBEADM.replace('  hostNetwork', `${mount}  hostNetwork`).replace('status', `${volume}status`);

describe.each([
  ['busybox', join(TOOLS, 'rootfs/restic/bin/busybox'), ['awk']],
  ['the awk of the machine', 'awk', []],
] as const)('where on its node is what a static pod has at a path, by %s', (_, program, args) => {
  const sourceOf = async (manifest: string, path = PATH): Promise<string> =>
    (
      await output(program, [...args, '-f', 'lib/jobs/scripts/node-path.awk'], {
        input: manifest,
        env: { PATH: process.env['PATH'] ?? '', path },
      })
    ).trimEnd();

  it.each([
    ['as kubeadm writes it', KUBEADM, PATH],
    ['with line ends of Windows', KUBEADM.replaceAll('\n', '\r\n'), PATH],
    ['by hand', BY_HAND, PATH],
    ['from elsewhere (E07)', KUBEADM.replace(...OTHER), '/var/lib/enc-2026/enc.yaml'],
    ['by hand from elsewhere (E07)', BY_HAND.replace("'/etc/kubernetes/enc/'", '/srv/'), '/srv/enc.yaml'],
    [
      'by the nearest of several mounts',
      more(
        '    - mountPath: /etc/kubernetes\n      name: all\n',
        '  - hostPath:\n      path: /srv/kubernetes\n    name: all\n',
      ),
      PATH,
    ],
    [
      'as a single file from elsewhere',
      more(
        '    - mountPath: /etc/kubernetes/enc/enc.yaml\n      name: all\n      subPath: 2026/new.yaml\n',
        '  - hostPath:\n      path: /srv\n    name: all\n',
      ),
      '/srv/2026/new.yaml',
    ],
    [
      'of the container that has it from elsewhere',
      more(
        '  - name: other\n    volumeMounts:\n    - mountPath: /etc/kubernetes\n      name: all\n',
        '  - hostPath:\n      path: /srv\n    name: all\n',
      ),
      '/srv/enc/enc.yaml',
    ],
  ])('says it %s', async (__, manifest, source) => {
    expect(await sourceOf(manifest)).toBe(source);
  });

  it.each([
    ['no mount covers it', KUBEADM.replace('mountPath: /etc/kubernetes/enc', 'mountPath: /etc/kubernetes/en')],
    [
      'its volume is not of the node',
      BY_HAND.replace(
        'name: tmp\n                    mountPath: /tmp',
        `name: tmp\n                    mountPath: ${PATH}`,
      ),
    ],
    ['its volume is not there', KUBEADM.replace('    name: enc\nstatus', '    name: other\nstatus')],
    ['there are no mounts', 'spec:\n  containers:\n  - name: kube-apiserver\n'],
    [
      'it is JSON',
      '{\n  "spec": {\n    "containers": [\n      {\n        "volumeMounts": [\n        ]\n      }\n    ]\n  }\n}\n',
    ],
    ['a mount is in braces', more('    - { mountPath: /etc/kubernetes/enc/enc.yaml, name: ca-certs }\n', '')],
    ['mounts are in brackets', more('    volumeMounts: [{ mountPath: /etc/kubernetes/enc, name: ca-certs }]\n', '')],
    ['a path is an anchor', KUBEADM.replace('path: /etc/kubernetes/enc', 'path: &enc /etc/kubernetes/enc')],
    [
      'a path goes on in the next line',
      KUBEADM.replace('path: /etc/kubernetes/enc', 'path:\n        /etc/kubernetes/enc'),
    ],
    ['a path climbs', KUBEADM.replace('path: /etc/kubernetes/enc', 'path: /etc/kubernetes/enc/../old')],
    ['a path has an escape', KUBEADM.replace('path: /etc/kubernetes/enc', String.raw`path: "/etc/kubernetes/\x65nc"`)],
    [
      'a variable is in it',
      KUBEADM.replace('      name: enc\n      readOnly', '      name: enc\n      subPathExpr: $(NODE)\n      readOnly'),
    ],
  ])('says nothing where %s', async (__, manifest) => {
    expect(manifest).not.toBe(KUBEADM);
    expect(await sourceOf(manifest)).toBe('');
  });
});
