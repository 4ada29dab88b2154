/** Secrets whose values would be committed. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiObject, Include } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { describe } from 'vitest';
import { refuses } from '../support/rule-test';

describe('Secrets', () => {
  refuses('secret-written', [], 'values of a chart’s own, and of a file that it includes', {
    build: ({ chart }, changed) => {
      new k8s.KubeSecret(chart, 'admin', {
        metadata: { name: 'admin' },
        stringData: changed ? { password: 'hunter2', user: '' } : { password: '', user: '' },
      });
      const file = join(mkdtempSync(join(tmpdir(), 'backed-up-')), 'rendered.yaml');
      writeFileSync(
        file,
        `apiVersion: v1\nkind: Secret\nmetadata: { name: tls }\n${changed ? 'data: { key: aGk= }' : ''}\n`,
      );
      new Include(chart, 'rendered', { url: file });
    },
    says: `
      2 Secrets that would be written to the output: [secret-written]

        ✖ Secret paperless/admin
            made by          example/admin
            because          stringData.password would stand in Git for everybody to read
            what to do       take it out of the chart (helm template … | yq 'select(.kind != "Secret")' leaves it out of what is rendered), and keep it as a SOPS file in a folder of your own whose Kustomization decrypts, or as a SealedSecret or an ExternalSecret
        ✖ Secret paperless/tls
            made by          example/rendered/tls-secret
            because          data.key would stand in Git for everybody to read
            what to do       take it out of the chart (helm template … | yq 'select(.kind != "Secret")' leaves it out of what is rendered), and keep it as a SOPS file in a folder of your own whose Kustomization decrypts, or as a SealedSecret or an ExternalSecret
    `,
  });

  const encrypted = `
apiVersion: v1
kind: Secret
metadata: { name: admin, namespace: paperless }
stringData: { password: 'ENC[AES256_GCM,data:c2VjcmV0,iv:aXY=,tag:dGFn,type:str]' }
sops: { version: 3.10.2 }
`;
  refuses('secret-written', [], 'an encrypted one, which is well where Flux decrypts', {
    build: ({ chart }, changed) => {
      if (!changed) return;
      new ApiObject(chart, 'admin', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'admin' },
        stringData: { password: 'ENC[AES256_GCM,data:c2VjcmV0,iv:aXY=,tag:dGFn,type:str]' },
        sops: { version: '3.10.2' },
      });
    },
    options: (changed) => (changed ? {} : { files: { 'secrets/admin.yaml': encrypted } }),
    says: `
      1 Secret that would be written to the output: [secret-written]

        ✖ Secret paperless/admin
            made by          example/admin
            because          it is encrypted with SOPS, and the Kustomizations of the output do not decrypt
            what to do       take it out of the chart (helm template … | yq 'select(.kind != "Secret")' leaves it out of what is rendered), and keep it as a SOPS file in a folder of your own whose Kustomization decrypts, or as a SealedSecret or an ExternalSecret
    `,
  });
});

describe('hooks of Helm', () => {
  for (const hook of ['test', 'test-success', 'pre-install,pre-upgrade']) {
    refuses('helm-hook-written', [], `that run at '${hook}'`, {
      build: ({ chart }, changed) => {
        new k8s.KubeConfigMap(chart, 'hook', {
          metadata: { name: 'hook', annotations: changed ? { 'helm.sh/hook': hook } : { 'helm.sh/hook-weight': '1' } },
        });
      },
      says: `
        1 hook of Helm that would be written as an object: [helm-hook-written]

          ✖ ConfigMap paperless/hook
              made by          example/hook
              because          its annotation helm.sh/hook says '${hook}', and Flux would apply it as any other object
              what to do       render the chart with helm template --no-hooks
      `,
    });
  }
});
