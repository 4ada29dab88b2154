/** Rights to buckets that do not stand in their claims. */
import { describeObject, objectId, textMapAt, textsAt, type KubeObject } from '../../model/kube-object';
import { counted, enumerated } from '../../model/text';
import { commandLines, rightsCommand } from '../bucket-commands';
import { bucketClaims, bucketNameOf } from '../buckets';
import type { GateContext } from '../context';
import { aboutObject, inWords, toFix, type RuleFinding } from '../finding';
import type { Rule } from '../rule';

export const bucketRightsOutside: Rule = {
  id: 'bucket-rights-outside',
  heading: (n) => `${counted(n, 'script')} that ${n === 1 ? 'gives' : 'give'} rights to a bucket behind Rook’s back`,
  what: 'A script sets the policy or the access list of a bucket that a claim makes.',
  why: 'Rook makes the policy what the claim says, and removes any other, at its next start. And an access list replaces the owner’s: after `PutBucketAcl` with one reader the application itself gets 403.',
  fix: 'Say it in the `bucketPolicy` of the claim.',
  example: `new k8s.KubeConfigMap(chart, 'script', {
  metadata: { name: 'grant' },
  data: { 'grant.sh': 'aws s3api put-bucket-policy --bucket media --policy file:///policy.json' },
});
new ApiObject(chart, 'media', {
  apiVersion: 'objectbucket.io/v1alpha1',
  kind: 'ObjectBucketClaim',
  metadata: { name: 'media' },
  spec: { bucketName: 'media', storageClassName: 'bucket-retain' },
});
exclude(chart, { bucket: 'media' }, { reason: 'Thumbnails are made again from the originals.' });`,
  check: (context) => {
    if (bucketClaims(context).length === 0) return [];
    return commandLines(context).flatMap((lines) => {
      const found = rightsCommand(lines, context);
      if (found === undefined) return [];
      const { object, origin } = lines.rendered;
      return [
        {
          ...aboutObject(object, origin),
          because: `'${found.command}', and the bucket ${describeBucket(found.claim)}`,
          remedies: inWords('remove it, and say in the bucketPolicy of the claim who may do what'),
        },
      ];
    });
  },
};

function describeBucket(claim: KubeObject): string {
  const name = bucketNameOf(claim);
  return name === undefined ? `is that of ${describeObject(objectId(claim))}` : `'${name}' is that of a claim`;
}

export const cephGlobalReader: Rule = {
  id: 'ceph-global-reader',
  heading: (n) => `${counted(n, 'user')} of Ceph that can delete every bucket`,
  what: 'A script gives a user of Ceph the admin or the system flag, or one that is to read only may change things by the admin API, as a script or a CephObjectStoreUser says.',
  why: 'It looks like a reader of all buckets when its mask is `read`. But the mask does not guard the admin API: `DELETE /admin/bucket?purge-objects=true` with its keys answers 200, and the bucket is gone. Whoever gets hold of the backup’s keys erases everything.',
  fix: 'Grant each bucket by itself: `CephBucketWithBackupGrant`, `grantBackup`. The backup user finds the names of all others. Give a reader only capabilities to `read`.',
  example: `new k8s.KubeConfigMap(chart, 'script', {
  metadata: { name: 'reader' },
  data: { 'reader.sh': 'radosgw-admin user create --uid=reader --display-name=Reader --admin --op-mask=read' },
});`,
  check: (context) => [...usersOfScripts(context), ...writingReaders(context)],
};

function usersOfScripts(context: GateContext): readonly RuleFinding[] {
  return commandLines(context).flatMap(({ rendered, text }) => {
    const [reason] = statementsOf(text).flatMap((statement, _, all) => powerOf(statement, all) ?? []);
    if (reason === undefined) return [];
    return [{ ...aboutObject(rendered.object, rendered.origin), ...reason }];
  });
}

/** Commands as a shell would start them: words of a list count as those of a line, and variables as what the script puts into them. */
function statementsOf(text: string): readonly string[] {
  const oneLine = text.replaceAll(/(["']),\s*(["'])/g, '$1 $2');
  const assigned = new Map(
    [...oneLine.matchAll(/(?:^|[\s;])(\w+)=(?:"([^"]*)"|'([^']*)')/gm)].map(
      ([, name = '', double, single]) => [name, double ?? single ?? ''] as const,
    ),
  );
  return oneLine
    .replaceAll(/"[^"]*"|'[^']*'/g, (quoted) => quoted.replaceAll(';', SEMICOLON))
    .split(/[\n;|]|&&/)
    .map((statement) =>
      statement
        .replaceAll(/\$\{?(\w+)\}?/g, (whole, name: string) => assigned.get(name) ?? whole)
        .replaceAll(/["']/g, '')
        .replaceAll(SEMICOLON, ';'),
    );
}

/** Stands for one that ends no command. */
const SEMICOLON = '\0';

function powerOf(statement: string, all: readonly string[]): Pick<RuleFinding, 'because' | 'remedies'> | undefined {
  const [byApi] = /\/admin\/user\?[^\s"']*\bsystem=(true|1)\b/i.exec(statement) ?? [];
  const [byCommand] = GIVES_FLAG.exec(statement) ?? [];
  const flagged = byApi ?? byCommand;
  if (flagged !== undefined) {
    return { because: `'${flagged}'`, remedies: inWords('remove the flag, and grant each bucket in its claim') };
  }
  const [given, caps = ''] = GIVES_RIGHTS.exec(statement) ?? [];
  const mayWrite = caps.split(';').some((cap) => !/=\s*read\s*$/.test(cap));
  if (given === undefined || !mayWrite || !isReader(statement, all)) return undefined;
  return { because: `'${given.trim()}'`, remedies: inWords('give it in --caps only the right to read: buckets=read') };
}

const FLAG = String.raw`--(?:admin|system)(?![\w-]|=(?:false|0)\b)(?:=\w+)?`;
const SETS_USER = String.raw`\buser\s+(?:create|modify)\b`;
const GIVES_FLAG = new RegExp(String.raw`\bradosgw-admin\s(?:.*${SETS_USER}.*\s${FLAG}|.*${FLAG}\s.*${SETS_USER})`);
const GIVES_RIGHTS =
  /\bradosgw-admin\s.*\b(?:user\s+(?:create|modify)|caps\s+add)\b.*--caps[= ]\s*([\w-]+=.*?)(?=\s--|$)/;

/** Whether a command is about a user that is to read only, as it or another one says. */
function isReader(statement: string, all: readonly string[]): boolean {
  const readsOnly = (each: string): boolean => /--op-mask[= ]\s*read(?![\w,-]|\s*,)/.test(each);
  const userOf = (each: string): string | undefined => /--uid[= ]\s*(\S+)/.exec(each)?.[1];
  const user = userOf(statement);
  return readsOnly(statement) || (user !== undefined && all.some((each) => readsOnly(each) && userOf(each) === user));
}

/** The mask leaves the admin API alone, and capabilities are for nothing else. */
function writingReaders(context: GateContext): readonly RuleFinding[] {
  return context.ofKind('ceph.rook.io', 'CephObjectStoreUser').flatMap(({ object, origin }) => {
    const mask = textsAt(object, 'spec', 'opMask');
    if (mask.length !== 1 || mask[0] !== 'read') return [];
    const writing = Object.entries(textMapAt(object, 'spec', 'capabilities')).filter(([, right]) => right !== 'read');
    if (writing.length === 0) return [];
    const [names, corrected] = [writing.map(([name]) => name), writing.map(([name]) => `'${name}': 'read'`)];
    return [
      {
        ...aboutObject(object, origin),
        because: `its opMask is read, and by the admin API it may change ${enumerated(names)}`,
        remedies: toFix(`capabilities: { ${corrected.join(', ')} }`),
      },
    ];
  });
}
