/** Where a Gitea keeps its files, as far as its settings show it (Gitea 1.26, modules/setting: storage.go and what calls it). */
import { posix } from 'node:path';
import type { Setting, Settings } from './gitea-settings';

/** A kind of files, and where its place is said. */
interface Kind {
  /** Of its section below `storage`, and of its folder. */
  readonly name: string;
  /** Section of its own. */
  readonly section?: string;
  /** What older versions knew. */
  readonly legacy?: { readonly type?: string; readonly path: string };
}

const KINDS: Readonly<Record<string, Kind>> = {
  'LFS objects': { name: 'lfs', section: 'lfs', legacy: { path: 'server.LFS_CONTENT_PATH' } },
  attachments: { name: 'attachments', section: 'attachment' },
  'package files': { name: 'packages', section: 'packages' },
  avatars: {
    name: 'avatars',
    section: 'avatar',
    legacy: { type: 'picture.AVATAR_STORAGE_TYPE', path: 'picture.AVATAR_UPLOAD_PATH' },
  },
  'repository avatars': {
    name: 'repo-avatars',
    section: 'repo-avatar',
    legacy: { type: 'picture.REPOSITORY_AVATAR_STORAGE_TYPE', path: 'picture.REPOSITORY_AVATAR_UPLOAD_PATH' },
  },
  'Actions logs': { name: 'actions_log' },
  'Actions artifacts': { name: 'actions_artifacts', section: 'actions.artifacts' },
};

/** All that may be in a bucket. */
export const FILES = Object.keys(KINDS);

/** Where files of one kind are. */
export interface Place {
  readonly isInBucket: boolean;
  /** Whether a setting says so. */
  readonly isSaid: boolean;
  /** The bucket that the settings name. */
  readonly bucket?: Setting;
  /** Their folder, on a volume or in the bucket, where settings say it. */
  readonly path?: Folder;
}

export interface Folder {
  readonly folder: string;
  /** The setting that says it, which may be one for several kinds of files. */
  readonly setting: string;
  /** The setting that is for these alone. */
  readonly own: string;
}

/** @returns `undefined` where settings say it that nobody sees, and where they say what Gitea refuses. */
export function placeOf(files: string, settings: Settings): Place | undefined {
  const kind = KINDS[files];
  const target = kind === undefined ? undefined : targetOf(kind, settings);
  if (kind === undefined || target === undefined) return undefined;
  const isInBucket = target.type !== 'local';
  const { name, section = below(name), legacy } = kind;
  const over = legacy?.type !== undefined || isThere(settings, section) ? section : below(name);
  const bucket = given(settings.get(`${over}.MINIO_BUCKET`)) ?? inherited(settings, target.section, 'MINIO_BUCKET');
  const path = isInBucket ? prefixOf(kind, target, over, settings) : folderOf(kind, target, settings);
  return {
    isInBucket,
    isSaid: target.isSaid,
    ...(isInBucket && bucket !== undefined ? { bucket } : {}),
    ...(path === undefined ? {} : { path }),
  };
}

/** As Gitea puts it together (`getStorageForLocal`); `undefined` where no setting says it, or one that nobody sees. */
function folderOf({ name, section, legacy }: Kind, target: Target, settings: Settings): Folder | undefined {
  const said = (setting: string | undefined): Said | undefined => {
    const value = setting === undefined ? undefined : given(settings.get(setting));
    return setting === undefined || value === undefined ? undefined : { setting, value };
  };
  const own = section === undefined ? undefined : (said(`${section}.PATH`) ?? said(legacy?.path));
  const hasOwn =
    own !== undefined || legacy?.type !== undefined || (section !== undefined && isThere(settings, section));
  const over = hasOwn ? own : said(`${below(name)}.PATH`);
  const isOfTarget = target.section === section || (!hasOwn && target.section === below(name));
  const base = isOfTarget ? over : said(`${target.section}.PATH`);
  const data = said('server.APP_DATA_PATH');
  const ofThese = `${section ?? below(name)}.PATH`;
  if (over !== undefined) return folderIn(over, isOfTarget ? data : (base ?? data), '', over.setting);
  if (base === undefined) return data === undefined ? undefined : folderIn(data, undefined, name, ofThese);
  return folderIn(base, data, target.section === 'storage' ? name : '', ofThese);
}

/** The same in a bucket, without a slash at either end (`getStorageForMinio`). */
function prefixOf({ name }: Kind, target: Target, over: string, settings: Settings): Folder | undefined {
  const own = `${over}.MINIO_BASE_PATH`;
  const said = over === target.section ? undefined : given(settings.get(own));
  if (said !== undefined) return typeof said === 'string' ? { folder: asKey(said), setting: own, own } : undefined;
  const base = inherited(settings, target.section, 'MINIO_BASE_PATH');
  if (typeof base !== 'string') return undefined;
  const folder = asKey(target.section === 'storage' ? `${base}/${name}` : base);
  return { folder, setting: `${target.section}.MINIO_BASE_PATH`, own };
}

/** As Gitea puts the names of objects together. */
function asKey(path: string): string {
  return posix.resolve('/', path).slice(1);
}

interface Said {
  readonly setting: string;
  readonly value: Setting;
}

/** @param root where a folder begins that does not begin at the root. */
function folderIn({ setting, value }: Said, root: Said | undefined, name: string, own: string): Folder | undefined {
  const beginning = typeof value === 'string' && value.startsWith('/') ? '/' : root?.value;
  if (typeof value !== 'string' || typeof beginning !== 'string' || !beginning.startsWith('/')) return undefined;
  return { folder: posix.resolve(beginning, value, name), setting, own };
}

/** The section that says all of a storage, and its type. */
interface Target {
  readonly section: string;
  readonly type: string;
  readonly isSaid: boolean;
}

const TYPES = new Set(['local', 'minio', 'azureblob']);

/** First what its own section says, then `[storage.<name>]`, then `[storage]`. */
function targetOf({ name, section, legacy = { path: '' } }: Kind, settings: Settings): Target | undefined {
  const old = legacy.type === undefined ? undefined : given(settings.get(legacy.type));
  const hasOwn = section !== undefined && isThere(settings, section);
  const wanted = old ?? (hasOwn ? inherited(settings, section, 'STORAGE_TYPE') : undefined);
  // The older setting says no more than the type: where no storage is called after that, it is not looked at.
  if (wanted !== undefined && !(old !== undefined && isPlain(wanted, settings)))
    return section === undefined ? undefined : typed(wanted, section, settings);
  const own = below(name);
  if (!isThere(settings, own)) return storage(settings);
  const type = inherited(settings, own, 'STORAGE_TYPE');
  if (type !== undefined) return typed(type, own, settings);
  return inherited(settings, own, 'PATH') === undefined
    ? storage(settings)
    : { section: own, type: 'local', isSaid: true };
}

/** What `STORAGE_TYPE` of a section says: a type, or the name of a storage, which may be called after a type. */
function typed(type: Setting, section: string, settings: Settings): Target | undefined {
  if (typeof type !== 'string') return undefined;
  return isPlain(type, settings) ? { section, type, isSaid: true } : storageCalled(type, settings);
}

function isPlain(type: Setting, settings: Settings): boolean {
  return typeof type === 'string' && TYPES.has(type) && !isThere(settings, below(type));
}

/**
 * `[storage.<name>]`. Where neither it nor `[storage]` says a type, Gitea takes the name for it, or `local`, depending on what
 * it has read before.
 */
function storageCalled(name: string, settings: Settings): Target | undefined {
  const section = below(name);
  const type = inherited(settings, section, 'STORAGE_TYPE');
  const isKnown = isThere(settings, section) && typeof type === 'string' && TYPES.has(type);
  return isKnown ? { section, type, isSaid: true } : undefined;
}

function storage(settings: Settings): Target | undefined {
  const type = given(settings.get('storage.STORAGE_TYPE'));
  if (type === undefined) return { section: 'storage', type: 'local', isSaid: false };
  return typeof type === 'string' && TYPES.has(type) ? { section: 'storage', type, isSaid: true } : undefined;
}

function below(name: string): string {
  return `storage.${name}`;
}

function isThere(settings: Settings, section: string): boolean {
  return [...settings.keys()].some((setting) => setting.slice(0, setting.lastIndexOf('.')) === section);
}

/** What a section says, or else those above it, as `[storage]` is above `[storage.lfs]`. */
function inherited(settings: Settings, section: string, key: string): Setting | undefined {
  const own = settings.get(`${section}.${key}`);
  const dot = section.lastIndexOf('.');
  return own === undefined && dot >= 0 ? inherited(settings, section.slice(0, dot), key) : given(own);
}

/** What is empty says nothing. */
function given(setting: Setting | undefined): Setting | undefined {
  return setting === '' ? undefined : setting;
}
