/** Files of INI, as Gitea reads them (gopkg.in/ini.v1 1.67, parser.go). */

/** `DB_TYPE = postgres` below `[database]`. */
export interface IniSetting {
  /** Empty above the first section. */
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** The settings of a file, in its order. Lines that are none are left out. */
export function parseIni(text: string): readonly IniSetting[] {
  let section = '';
  return text.split('\n').flatMap((line) => {
    const trimmed = line.trim();
    const [, header] = /^\[(.*)\]/.exec(trimmed) ?? [];
    if (header !== undefined) section = header;
    const [, key, value] = /^([^=:]+)[=:](.*)$/.exec(trimmed) ?? [];
    if (header !== undefined || key === undefined || value === undefined || /^[#;]/.test(trimmed)) return [];
    return [{ section, key: unquoted(key.trim()), value: valueIn(value.trim()) }];
  });
}

/** What stands between backquotes is taken as it is; everything else ends where a comment begins. */
function valueIn(text: string): string {
  const [, raw] = /^(?:"""(.*)"""|`(.*)`)/.exec(text)?.filter((part) => part !== undefined) ?? [];
  return raw ?? unquoted(text.replace(/[#;].*$/, '').trim());
}

function unquoted(text: string): string {
  return /^(["'`])(.*)\1$/.exec(text)?.[2] ?? text;
}
