/** What must not stand in a repository. */
import { at, mappingAt, type KubeObject } from '../../model/kube-object';
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
  'take it out of the chart, and keep it as a SOPS file in a folder of your own whose Kustomization decrypts, or as a SealedSecret or an ExternalSecret';

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
