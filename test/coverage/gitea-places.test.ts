/** Where settings put files: as `modules/setting` of Gitea 1.26 answers when it is given the same `app.ini`. */
import { describe, expect, it } from 'vitest';
import { FILES, placeOf } from '../../lib/coverage/gitea-places';
import { parseIni } from '../../lib/model/ini';

function placesIn(text: string): Readonly<Record<string, unknown>> {
  const settings = new Map(parseIni(text).map(({ section, key, value }) => [`${section}.${key}`, value] as const));
  return Object.fromEntries(
    FILES.map((files) => {
      const place = placeOf(files, settings);
      if (place === undefined) return [files, 'unknown'] as const;
      return [files, place.isInBucket ? (place.bucket ?? 'a bucket') : (place.path?.folder ?? 'the volume')] as const;
    }),
  );
}

const all = (place: string): Readonly<Record<string, string>> =>
  Object.fromEntries(FILES.map((files) => [files, place]));

describe('files of a Gitea', () => {
  it.each([
    ['nothing says anything', '', all('the volume')],
    ['[storage] says it of all', '[storage]\nSTORAGE_TYPE = minio\nMINIO_BUCKET = all', all('all')],
    [
      'a section of their own says more',
      '[storage]\nSTORAGE_TYPE = minio\nMINIO_BUCKET = all\n[packages]\nSTORAGE_TYPE = local\n[attachment]\nMINIO_BUCKET = own',
      { ...all('all'), 'package files': 'the volume', attachments: 'own' },
    ],
    [
      'their section below storage says more',
      '[storage]\nSTORAGE_TYPE = minio\nMINIO_BUCKET = all\n[storage.lfs]\nSTORAGE_TYPE = local\n[storage.actions_log]\nMINIO_BUCKET = logs',
      { ...all('all'), 'LFS objects': 'the volume', 'Actions logs': 'logs' },
    ],
    [
      'a section below storage says a folder, and the type is that of all',
      '[storage]\nSTORAGE_TYPE = minio\nMINIO_BUCKET = all\n[storage.repo-avatars]\nPATH = /avatars',
      all('all'),
    ],
    [
      'they name a storage',
      '[storage.far]\nSTORAGE_TYPE = minio\nMINIO_BUCKET = far\n[lfs]\nSTORAGE_TYPE = far\n[storage.packages]\nSTORAGE_TYPE = far',
      { ...all('the volume'), 'LFS objects': 'far', 'package files': 'far' },
    ],
    [
      'they name a storage that is called after a type',
      '[storage.minio]\nSTORAGE_TYPE = minio\nMINIO_BUCKET = far\n[avatar]\nSTORAGE_TYPE = minio\nMINIO_BUCKET = own',
      { ...all('the volume'), avatars: 'own' },
    ],
    [
      'they name a storage that says no type, or none',
      '[storage.minio]\nMINIO_BUCKET = far\n[avatar]\nSTORAGE_TYPE = minio\n[lfs]\nSTORAGE_TYPE = nowhere',
      { ...all('the volume'), avatars: 'unknown', 'LFS objects': 'unknown' },
    ],
    [
      'artifacts have a section below that of Actions, and nothing else is looked at',
      '[actions]\nSTORAGE_TYPE = minio\nMINIO_BUCKET = actions\n[actions_artifacts]\nSTORAGE_TYPE = minio',
      all('the volume'),
    ],
    [
      'the section below that of Actions is there',
      '[actions]\nSTORAGE_TYPE = minio\nMINIO_BUCKET = actions\n[actions.artifacts]\nPATH = artifacts',
      { ...all('the volume'), 'Actions artifacts': 'actions' },
    ],
    [
      'older settings name a storage',
      '[picture]\nAVATAR_STORAGE_TYPE = far\nREPOSITORY_AVATAR_STORAGE_TYPE = minio\n[storage.far]\nSTORAGE_TYPE = minio\nMINIO_BUCKET = far',
      { ...all('the volume'), avatars: 'far' },
    ],
    [
      'they have a folder of their own',
      '[picture]\nAVATAR_UPLOAD_PATH = /old/avatars\nREPOSITORY_AVATAR_UPLOAD_PATH = /old/repo-avatars\n[repo-avatar]\nPATH = /new\n[server]\nLFS_CONTENT_PATH = /old/lfs/\n[attachment]\nPATH = relative',
      { ...all('the volume'), avatars: '/old/avatars', 'repository avatars': '/new', 'LFS objects': '/old/lfs' },
    ],
    [
      'their section below storage says a folder',
      '[storage.packages]\nPATH = /p/\n[storage.actions_artifacts]\nPATH = /a\n[storage.actions_log]\nPATH = /l\n[storage.lfs]\nPATH = /lfs\n[lfs]\nJWT = x',
      {
        ...all('the volume'),
        'package files': '/p',
        'Actions artifacts': '/a',
        'Actions logs': '/l',
        'LFS objects': '/lfs',
      },
    ],
    [
      '[storage] says a folder of all',
      '[storage]\nPATH = /all\n[attachment]\nPATH = own\n[packages]\nENABLED = true',
      {
        'LFS objects': '/all/lfs',
        attachments: '/all/own',
        'package files': '/all/packages',
        avatars: '/all/avatars',
        'repository avatars': '/all/repo-avatars',
        'Actions logs': '/all/actions_log',
        'Actions artifacts': '/all/actions_artifacts',
      },
    ],
    [
      'Gitea keeps everything else',
      '[server]\nAPP_DATA_PATH = /data\n[storage.lfs]\nPATH = below\n[attachment]\nPATH = own\nSTORAGE_TYPE = local\n[avatar]\nPATH = /avatars',
      {
        'LFS objects': '/data/below',
        attachments: '/data/own',
        'package files': '/data/packages',
        avatars: '/avatars',
        'repository avatars': '/data/repo-avatars',
        'Actions logs': '/data/actions_log',
        'Actions artifacts': '/data/actions_artifacts',
      },
    ],
    ['a type is empty', '[storage]\nSTORAGE_TYPE = minio\n[storage.lfs]\nSTORAGE_TYPE =', all('a bucket')],
  ])('are where %s', (_, text, places) => {
    expect(placesIn(text)).toEqual(places);
  });

  it.each([
    ['nothing says it', '', undefined],
    ['[storage] says it of all', 'MINIO_BASE_PATH = /gitea//', 'gitea/lfs'],
    ['[storage] says the root', 'MINIO_BASE_PATH = /', 'lfs'],
    ['their section says it', 'MINIO_BASE_PATH = gitea\n[lfs]\nMINIO_BASE_PATH = own/', 'own'],
    ['their section says the root', '[lfs]\nMINIO_BASE_PATH = /', ''],
    ['their section below storage says it', '[storage.lfs]\nMINIO_BASE_PATH = own', 'own'],
    [
      'they name a storage',
      '[storage.far]\nSTORAGE_TYPE = minio\nMINIO_BASE_PATH = far\n[lfs]\nSTORAGE_TYPE = far',
      'far',
    ],
  ])('are in their folder of the bucket when %s', (_, text, folder) => {
    const ini = parseIni(`[storage]\nSTORAGE_TYPE = minio\n${text}`);
    const settings = new Map(ini.map(({ section, key, value }) => [`${section}.${key}`, value] as const));
    expect(placeOf('LFS objects', settings)?.path?.folder).toBe(folder);
  });

  it('are where nobody sees when a setting says it that nobody sees', () => {
    const settings = new Map<string, string | object>([
      ['storage.STORAGE_TYPE', 'minio'],
      ['packages.STORAGE_TYPE', {}],
    ]);
    expect(placeOf('package files', settings)).toBeUndefined();
    expect(placeOf('avatars', settings)).toMatchObject({ isInBucket: true });
  });
});
