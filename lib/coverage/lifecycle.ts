/** Rules by which a bucket deletes current objects because they are old, in the forms in which tools are told them. */
import { at, isMapping, listAt, textAt } from '../model/kube-object';
import type { Command } from './job-commands';

/** Objects that are deleted when they are old. */
export interface Expiry {
  /** Of the rule; empty for none. */
  readonly id: string;
  /** Of their names; empty for all. */
  readonly prefix: string;
}

/** Whether an expiry is about objects below a prefix. */
export function concerns({ prefix }: Expiry, below: string): boolean {
  return below.startsWith(prefix) || prefix.startsWith(below);
}

/**
 * Copies carry no tags, so that rules about tagged objects do not touch them.
 *
 * @param json as the S3 API takes it.
 */
export function expiriesOf(json: string): readonly Expiry[] {
  return listAt(parsed(json), 'rules').flatMap((rule) => {
    const [filter, all] = [at(rule, 'filter'), at(rule, 'filter', 'and')];
    const expires = ['days', 'date'].some((field) => at(rule, 'expiration', field) !== undefined);
    const isOfTags = isMapping(at(filter, 'tag')) || listAt(all, 'tags').length > 0;
    if (!expires || isOfTags || textAt(rule, 'status') !== 'Enabled') return [];
    const prefix = textAt(filter, 'prefix') ?? textAt(all, 'prefix') ?? textAt(rule, 'prefix') ?? '';
    return [{ id: textAt(rule, 'id') ?? '', prefix }];
  });
}

/** With its fields in small letters: Rook reads them in any (rook v1.20.6, `json.Unmarshal` in setBucketLifecycle). */
function parsed(json: string): unknown {
  const lowered = (_key: string, value: unknown): unknown =>
    isMapping(value)
      ? Object.fromEntries(Object.entries(value).map(([field, member]) => [field.toLowerCase(), member]))
      : value;
  try {
    return JSON.parse(json, lowered);
  } catch {
    return undefined;
  }
}

/** An expiry that a command sets. */
export interface SetExpiry extends Expiry {
  readonly bucket: string;
  /** Of the server, where the command names one. */
  readonly endpoint?: string;
}

export function expiriesSetBy(command: Command): readonly SetExpiry[] {
  return [...byAws(command), ...byMc(command), ...byS3cmd(command)];
}

function byAws({ text, files }: Command): readonly SetExpiry[] {
  return text
    .split(/(?=\baws\b)/)
    .filter((call) => /^aws\b[^\n;|&]*\ss3api\b[^\n;|&]*\sput-bucket-lifecycle(-configuration)?\s/.test(call))
    .flatMap((call) => {
      const bucket = optionOf(call, '--bucket');
      if (bucket === undefined) return [];
      const endpoint = optionOf(call, '--endpoint-url');
      const [, file, inline = ''] =
        /\s--lifecycle-configuration[\s=]+(?:["']?file:\/\/([\w./-]+)|["']?(\{[^]*))/.exec(call) ?? [];
      const json = file === undefined ? firstObject(inline) : (files.get(file) ?? '');
      return expiriesOf(json).map((expiry) => ({ ...expiry, bucket, ...(endpoint === undefined ? {} : { endpoint }) }));
    });
}

/** `mc ilm rule add --expire-days 90 ALIAS/BUCKET/PREFIX`, and as older versions have it. */
function byMc({ text }: Command): readonly SetExpiry[] {
  return [...text.matchAll(/\bmc\b[^\n;|&]*\silm\s+(?:rule\s+)?(?:add|edit|set)\s([^\n;|&]*)/g)].flatMap(
    ([, options = '']) => {
      if (!/(^|\s)--(expire|expiry)-(days|date)\b/.test(options)) return [];
      const below = optionOf(` ${options}`, '--prefix') ?? '';
      const target = ` ${options}`.replaceAll(/\s--prefix[\s=]+\S+/g, '');
      const [, bucket, path = ''] = /\s["']?[\w.-]+\/([\w.-]+)\/?([^\s"']*)/.exec(target) ?? [];
      return bucket === undefined ? [] : [{ id: '', bucket, prefix: `${path}${below}` }];
    },
  );
}

function byS3cmd({ text, files }: Command): readonly SetExpiry[] {
  return [...text.matchAll(/\bs3cmd\b([^\n;|&]*)\ss3:\/\/([\w.-]+)([^\n;|&]*)/g)].flatMap(
    ([, before = '', bucket = '', after = '']) => {
      const [, file] = /\ssetlifecycle\s+["']?([\w./-]+)/.exec(before) ?? [];
      if (file !== undefined) return expiriesOfXml(files.get(file) ?? '').map((expiry) => ({ ...expiry, bucket }));
      const options = `${before} ${after}`;
      const isExpiry = /\sexpire\s/.test(options) && /\s--expiry-(days|date)\b/.test(options);
      return isExpiry ? [{ id: '', bucket, prefix: optionOf(options, '--expiry-prefix') ?? '' }] : [];
    },
  );
}

function expiriesOfXml(xml: string): readonly Expiry[] {
  return [...xml.matchAll(/<Rule>([^]*?)<\/Rule>/g)].flatMap(([, rule = '']) => {
    const valueOf = (tag: string): string | undefined =>
      new RegExp(`<${tag}>\\s*([^<]*?)\\s*</${tag}>`).exec(rule)?.[1];
    const expires = /<Expiration>\s*<(Days|Date)>/.test(rule) && valueOf('Status') === 'Enabled';
    return expires ? [{ id: valueOf('ID') ?? '', prefix: valueOf('Prefix') ?? '' }] : [];
  });
}

function optionOf(command: string, option: string): string | undefined {
  return new RegExp(`\\s${option}[\\s=]+["']?([^\\s"']+)`).exec(command)?.[1];
}

/** What a text begins with, up to the brace that closes its first one. */
function firstObject(text: string): string {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '{') depth += 1;
    if (text[index] === '}') depth -= 1;
    if (depth === 0) return text.slice(0, index + 1).replaceAll('\\"', '"');
  }
  return '';
}
