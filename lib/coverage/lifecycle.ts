/** Rules by which a bucket deletes current objects because they are old, in the forms in which tools are told them. */
import { at, listAt, textAt } from '../model/kube-object';
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

/** @param json as the S3 API takes it. */
export function expiriesOf(json: string): readonly Expiry[] {
  return listAt(parsed(json), 'Rules').flatMap((rule) => {
    const expires = ['Days', 'Date'].some((field) => at(rule, 'Expiration', field) !== undefined);
    if (!expires || textAt(rule, 'Status') !== 'Enabled') return [];
    const prefix =
      textAt(rule, 'Filter', 'Prefix') ?? textAt(rule, 'Filter', 'And', 'Prefix') ?? textAt(rule, 'Prefix') ?? '';
    return [{ id: textAt(rule, 'ID') ?? '', prefix }];
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
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
