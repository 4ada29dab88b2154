/** The scripts as files, and what else belongs to a job besides its objects. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { JOB_IMAGES } from '../../lib/jobs/images';
import { scriptsConfigMap } from '../../lib/jobs/scripts';
import { datasetPath, storePaths, storePeer } from '../../lib/jobs/store';
import { clusterDatasetId, type DatasetId } from '../../lib/model/dataset';
import { textMapAt, type KubeObject } from '../../lib/model/kube-object';
import type { Receipt } from '../../lib/model/receipt';
import { JOBS, location, postgresJob, QUIESCED, UNDO } from './jobs';

const FOLDER = 'lib/jobs/scripts';
const OBJECTS = [...Object.values(JOBS), QUIESCED, UNDO].flat();

describe('the scripts', () => {
  it('are delivered as they are, and none is forgotten', () => {
    const delivered = Object.assign({}, ...OBJECTS.map(filesOf)) as Record<string, string>;
    const files = readdirSync(FOLDER).toSorted();
    expect(Object.keys(delivered).toSorted()).toEqual(files);
    for (const file of files) expect(delivered[file]).toBe(readFileSync(join(FOLDER, file), 'utf8'));
  });

  it('read only what is delivered with them', () => {
    for (const object of OBJECTS) {
      const files = filesOf(object);
      const read = Object.values(files).flatMap((text) =>
        [...text.matchAll(/\/scripts\/([\w.-]+)/g)].map(([, name]) => name),
      );
      expect(read.filter((name) => name === undefined || !(name in files))).toEqual([]);
    }
  });

  it.each([
    [
      '[S05] [S12] [S13] pipe nothing into what uploads: what is produced by halves would look whole',
      /\|\s*(rclone|restic)\b|--stdin|\brcat\b/,
    ],
    ['[S03] rely on no option of rclone that lets deletions through', /--immutable/],
    ['[S06] believe no ETag, and no check without a download', /rclone (?!.*--download).*\bcheck\b(?!.*--download)/],
    [
      'read no listing as a whole, of which 300,000 files take half a gigabyte',
      /\bjq (-\w+ )*(-\w*s\b|--slurp\b(?!file))/,
    ],
    ['[S17] leave series of snapshots apart', /--group-by/],
    [
      '[T03] [T04] [T05] [T10] ask Gitea for no dump of its own, which has other files and another dialect',
      /gitea (dump|doctor)/,
    ],
  ])('%s', (_, forbidden) => {
    const lines = readdirSync(FOLDER).flatMap((file) => readFileSync(join(FOLDER, file), 'utf8').split('\n'));
    expect(lines.filter((line) => !line.trimStart().startsWith('#') && forbidden.test(line))).toEqual([]);
  });

  it('are in a ConfigMap that is named after them and cannot change under a run', () => {
    const map = scriptsConfigMap('dump', 'forge', ['begin.sh']);
    expect(map.metadata.name).toMatch(/^dump-scripts-[0-9a-f]{8}$/);
    expect(map['immutable']).toBe(true);
    expect(scriptsConfigMap('dump', 'forge', ['begin.sh', 'commit-restic.sh']).metadata.name).not.toBe(
      map.metadata.name,
    );
  });
});

describe('the tools of the tests', () => {
  const versionOf = (image: string): string | undefined => /:v?(\d+\.\d+\.\d+)/.exec(image)?.[1];

  it('are of the versions of the images', () => {
    const install = readFileSync('test/servers/install.sh', 'utf8');
    for (const [name, image] of [
      ['RESTIC', JOB_IMAGES.restic],
      ['RCLONE', JOB_IMAGES.rclone],
      ['GITEA', JOB_IMAGES.gitea],
    ] as const)
      expect(install).toContain(`\n${name}=v${versionOf(image)}\n`);
    for (const [module, required, image] of [
      ['etcd', 'go.etcd.io/etcd/etcdctl/v3', JOB_IMAGES.etcd],
      ['kubernetes', 'k8s.io/kubernetes', JOB_IMAGES.kubectl],
    ] as const)
      expect(readFileSync(`test/lab/modules/${module}/go.mod`, 'utf8')).toContain(`\t${required} v${versionOf(image)}`);
  });
});

describe('the place of a dataset in a store', () => {
  const set: DatasetId = { group: 'apps', kind: 'StatefulSet', namespace: 'forge', name: 'gitea' };

  it('is one folder for copies and one for receipts, below the prefix and the cluster', () => {
    expect(storePaths({ ...location, prefix: 'base' }, 'home', set)).toEqual({
      data: 'base/home/data/forge/statefulset_gitea',
      receipts: 'base/home/receipts/forge/statefulset_gitea',
    });
    expect(storePaths(location, 'home', set).data).toBe('home/data/forge/statefulset_gitea');
  });

  it('is another one for every dataset', () => {
    const paths = [
      set,
      { ...set, kind: 'Deployment' },
      { ...set, namespace: 'other' },
      { ...set, part: { type: 'template', name: 'data' } as const },
      { ...set, name: 'gitea-data' },
      clusterDatasetId('etcd', 'home'),
    ].map(datasetPath);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.at(-1)).toBe('_cluster/etcd_home');
  });
});

describe('a store outside of the cluster', () => {
  it.each([
    ['https://s3.example.net', 443],
    ['http://s3.example.net/', 80],
    ['https://s3.example.net:9000', 9000],
  ])('%s is reached at port %i', (endpoint, port) => {
    expect(storePeer({ ...location, endpoint }, ['10.0.0.0/8'])).toEqual({ outsideOf: ['10.0.0.0/8'], port });
  });
});

describe('the schema of receipts', () => {
  const validate = new Ajv({ strict: true }).compile(
    JSON.parse(readFileSync('schemas/receipt.v1.json', 'utf8')) as object,
  );
  const receipt: Receipt = {
    version: 1,
    dataset: postgresJob.dataset,
    startedAt: '2026-11-25T03:10:00Z',
    finishedAt: '2026-11-25T03:12:41Z',
    bytes: 1_482_113,
    items: { counted: 'rows and large objects', source: 5042, copy: 5042 },
    verifiedBy: 'pg_restore --data-only of every dump',
    tools: { pg_dump: '17.6', restic: '0.18.1' },
    copy: 'f00d',
  };

  it('takes a receipt', () => {
    expect(validate(receipt)).toBe(true);
  });

  it('takes one of a copy that is not of one moment, and says what is in it', () => {
    const moments = { database: '2026-11-25T03:10:00Z', files: '2026-11-25T03:11:00Z' };
    expect(validate({ ...receipt, moments, counts: { repositories: 5 } })).toBe(true);
    expect(validate({ ...receipt, moments: { files: 'later' } })).toBe(false);
    expect(validate({ ...receipt, counts: { repositories: '5' } })).toBe(false);
  });

  it('takes one of an empty bucket', () => {
    const items = { counted: 'objects', source: 0, copy: 0 };
    expect(validate({ ...receipt, bytes: 0, items })).toBe(true);
  });

  it.each(Object.keys(receipt))('wants %s', (field) => {
    expect(validate(Object.fromEntries(Object.entries(receipt).filter(([key]) => key !== field)))).toBe(false);
  });

  it.each([
    ['bytes', -1],
    ['copy', ''],
    ['startedAt', 'yesterday'],
    ['tools', {}],
    ['more', 1],
  ])('refuses %s: %j', (field, value) => {
    expect(validate({ ...receipt, [field]: value })).toBe(false);
  });
});

function filesOf(object: KubeObject): Readonly<Record<string, string>> {
  return object.kind === 'ConfigMap' ? textMapAt(object, 'data') : {};
}
