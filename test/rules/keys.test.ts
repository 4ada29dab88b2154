/** Keys that no copy of etcd carries. */
import { Duration } from 'cdk8s';
import { describe, expect, it } from 'vitest';
import { elsewhere, excluded, kubeadmEtcd, nightly, type RequireBackupsProps } from '../../lib';
import { refuses } from '../support/rule-test';
import { clusterAnswers, explain, offsite, synthesizeScenario } from '../support/scenario';

const backup = nightly({ to: offsite, keep: { daily: 7 } });
const left = excluded('The cluster can be set up anew from Git.');

function said(keys: RequireBackupsProps['keys'], etcd: RequireBackupsProps['etcd']): { readonly props: object } {
  return { props: { ...clusterAnswers, keys, etcd } };
}

function leftOut(because: string): string {
  return `
      1 answer for keys that leaves copies of etcd unreadable: [keys-left-out]

        ✖ keys of cluster home
            made by          app
            because          ${because}
            to fix           keys: elsewhere('Who keeps them, and where.', { failureDomain: 'offsite', rpo: Duration.days(1) })
    `;
}

describe('keys that are left out', () => {
  refuses('keys-left-out', ['E07'], 'beside an etcd that somebody else copies', {
    build: () => {},
    options: (changed) => said(changed ? left : clusterAnswers.keys, clusterAnswers.etcd),
    says: leftOut(
      'somebody else copies etcd, and nobody says who keeps the authorities and the encryption keys that it cannot be used without',
    ),
  });

  refuses('keys-left-out', ['E07'], 'of an authority that is on no node', {
    build: () => {},
    options: (changed) => said(left, kubeadmEtcd({ backup, externalCa: changed })),
    says: leftOut('externalCa says that the keys of the authorities are kept elsewhere, and nobody says where'),
  });

  const toNas = elsewhere('A timer on the first node saves a snapshot to the NAS.', {
    failureDomain: 'site',
    rpo: Duration.hours(7),
  });

  refuses('keys-left-out', ['E07'], 'beside a construct that leaves the copy to somebody else', {
    build: () => {},
    options: (changed) => said(left, kubeadmEtcd({ backup: changed ? toNas : [toNas, backup] })),
    says: leftOut(
      'somebody else copies etcd, and nobody says who keeps the authorities and the encryption keys that it cannot be used without',
    ),
  });

  it('may be those of a cluster whose etcd nobody copies', () => {
    const { findings } = synthesizeScenario(() => {}, said(left, excluded('The whole cluster comes from Git.')));
    expect(explain(findings)).toBe('');
  });
});

describe('the key of a KMS', () => {
  for (const [kmsKeptIn, answer] of [
    [
      'in the cluster itself',
      `because          'in the cluster itself' is in the cluster, and lost with it
            to fix           kmsKeptIn: 'where they are kept outside the cluster'`,
    ],
    [
      'where they are kept outside the cluster',
      `because          nobody has replaced 'where they are kept outside the cluster'
            what to do       say where the person finds them who rebuilds the cluster`,
    ],
  ] as const) {
    refuses('keys-inside', ['E07', 'W02'], `that is kept: ${kmsKeptIn}`, {
      build: () => {},
      options: (changed) => {
        const etcd = kubeadmEtcd({
          backup,
          kmsKeptIn: changed ? kmsKeptIn : 'HSM at the office, unsealed by two of us',
        });
        return said(clusterAnswers.keys, etcd);
      },
      says: `
      1 key that is lost with what it protects: [keys-inside]

        ✖ keys of the KMS that encrypts Secrets
            made by          app
            ${answer}
    `,
    });
  }
});
