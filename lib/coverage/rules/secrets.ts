/** What must not stand in a repository. */
import { annotationsOf, at, mappingAt, type KubeObject } from '../../model/kube-object';
import { isWritten } from '../../model/rendered';
import { counted, enumerated } from '../../model/text';
import { aboutObject, inWords } from '../finding';
import type { Rule } from '../rule';

export const secretWritten: Rule = {
  id: 'secret-written',
  heading: (n) => `${counted(n, 'Secret')} that would be written to the output`,
  what: 'A chart, or a file that it includes, has a Secret with values.',
  why: 'The output is committed: whoever can read the repository, today or in ten years, has the password. One that is encrypted with SOPS does not belong there either: the Kustomizations of the output do not decrypt, and Flux refuses the whole folder.',
  fix: 'Leave it out of the chart; Helm charts mostly take the name of one (`existingSecret`). Keep it as a SOPS file in a folder of your own with a Kustomization that decrypts, or put a SealedSecret or an ExternalSecret in its place. Secrets without values, which something else fills, are written.',
  example: `new k8s.KubeSecret(chart, 'admin', { metadata: { name: 'admin' }, stringData: { password: 'hunter2' } });`,
  check: ({ input }) =>
    input.objects.flatMap((rendered) => {
      const { object, origin } = rendered;
      if (!isWritten(rendered) || !isSecret(object)) return [];
      const keys = keysWithValues(object);
      const isEncrypted = isEncryptedSecret(object);
      if (keys.length === 0 && !isEncrypted) return [];
      const because = isEncrypted
        ? 'it is encrypted with SOPS, and the Kustomizations of the output do not decrypt'
        : `${enumerated(keys)} would stand in Git for everybody to read`;
      return [{ ...aboutObject(object, origin), because, remedies: inWords(REMEDY) }];
    }),
};

const REMEDY =
  'take it out of the chart (helm template … | yq \'select(.kind != "Secret")\' leaves it out of what is rendered), and keep it as a SOPS file in a folder of your own whose Kustomization decrypts, or as a SealedSecret or an ExternalSecret';

function isSecret({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === 'v1' && kind === 'Secret';
}

/** Whether Flux asks for a Kustomization that decrypts (kustomize-controller v1.9.4, internal/decryptor/decryptor.go). */
export function isEncryptedSecret(object: KubeObject): boolean {
  return isSecret(object) && at(object, 'sops') !== undefined;
}

function keysWithValues(secret: KubeObject): readonly string[] {
  return ['data', 'stringData'].flatMap((field) =>
    Object.entries(mappingAt(secret, field))
      .filter(([, value]) => value !== '' && value !== null && value !== undefined)
      .map(([key]) => `${field}.${key}`),
  );
}

export const helmHookWritten: Rule = {
  id: 'helm-hook-written',
  heading: (n) => `${counted(n, 'hook')} of Helm that would be written as ${n === 1 ? 'an object' : 'objects'}`,
  what: 'A chart, or a file that it includes, has an object that Helm makes at some moment only: for a test, before an upgrade, or when the release is deleted.',
  why: 'Flux knows no hooks. It applies the object at once and for good, runs tests and clean-ups against the live application, and waits for a pod that has ended long ago: with a hook that fails, the folder is never ready, and what depends on it is never applied.',
  fix: 'Leave hooks out of what is rendered: `helm template --no-hooks`. What the application cannot do without, such as a migration, is written without the annotation, as an object that may be applied at any time.',
  example: `new k8s.KubePod(chart, 'test', {
  metadata: { name: 'wiki-test', annotations: { 'helm.sh/hook': 'test' } },
  spec: { restartPolicy: 'Never', containers: [{ name: 'wget', image: 'busybox:1.37', args: ['wiki:80'] }] },
});`,
  check: ({ input }) =>
    input.objects.flatMap((rendered) => {
      const { object, origin } = rendered;
      const hook = annotationsOf(object)['helm.sh/hook'];
      // A CRD that is to be there first is an object like others.
      const isForCrds = hook?.split(',').some((each) => each.trim() === 'crd-install');
      if (!isWritten(rendered) || hook === undefined || isForCrds === true) return [];
      const because = `its annotation helm.sh/hook says '${hook}', and Flux would apply it as any other object`;
      return [
        {
          ...aboutObject(object, origin),
          because,
          remedies: inWords('render the chart with helm template --no-hooks'),
        },
      ];
    }),
};
