import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { emitWithLibrary, emitYaml } from '../../lib/yaml/emit';

/** Texts that mean something else in YAML 1.1 when they are not quoted, and texts of manifests. */
const AWKWARD = [
  '',
  ' ',
  '~',
  'null',
  'Null',
  'y',
  'N',
  'on',
  'OFF',
  'yes',
  'true',
  'False',
  '-',
  '--',
  '---',
  '...',
  '?',
  ':',
  ',',
  '=',
  '<<',

  '0',
  '-1',
  '+1',
  '012',
  '0o17',
  '0x1f',
  '1_000',
  '1e3',
  '.5',
  '5.',
  '.inf',
  '.NaN',
  '1:30',
  '12:30:45',
  '2027-01-01',
  '20Gi',
  '500m',

  'a: b',
  'a:',
  'a #b',
  '#x',
  '@x',
  '`x',
  '%x',
  '!x',
  '&x',
  '*x',
  '|x',
  '>x',
  '{a}',
  '[b]',
  'a, b',
  'abc-',
  '"q"',
  "it's",
  "'",

  ' lead',
  'trail ',
  'tab\there',
  'two\nlines',
  'two\nlines\n',
  'more\n\n',
  '\nfirst',
  ' x\ny',
  'a\n b\n',
  'a\n\n\nb',
  'a\n  \nb',
  '\n',
  '\n\n',

  '#!/bin/sh\nset -eu\nfor f in "$@"; do\n  echo "$f"\ndone\n',
  'CRON_TZ=Europe/Berlin 17 3 * * *',
  '*/5 * * * *',
  '${VAR} $$',

  'ünïcode',
  '😀',
  '\u0007',
  '\u0085',
  '\u2028',
  '\uFEFF',
  '\uD800',
  'a\\b',
  'a\r\nb',
  'x'.repeat(300),
  'kubernetes.io/metadata.name',
];

const text = fc.oneof(fc.constantFrom(...AWKWARD), fc.string(), fc.string({ unit: 'binary' }));
const scalar = fc.oneof(text, text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined));
const value = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('list'), tie('mapping')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  mapping: fc.dictionary(text, tie('value'), { maxKeys: 5 }),
})).value;

describe('emitYaml', () => {
  it('writes the bytes that the library writes', () => {
    fc.assert(
      fc.property(value, (data) => {
        expect(emitYaml(data)).toBe(emitWithLibrary(data));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(AWKWARD)('writes %j as the library does, wherever it stands', (awkward) => {
    const data = { [awkward]: { deep: [{ name: awkward, list: [awkward, [awkward]] }], last: awkward } };
    expect(emitYaml(data)).toBe(emitWithLibrary(data));
    expect(emitYaml([awkward])).toBe(emitWithLibrary([awkward]));
  });

  it('is read back as the same data by a YAML 1.1 reader', () => {
    const data = {
      metadata: { name: 'on', labels: { version: '1.10', port: '8080' } },
      script: '#!/bin/sh\necho "$@"\n',
      list: [],
    };
    expect(parse(emitYaml(data), { version: '1.1' })).toEqual(data);
  });

  it('repeats an object that occurs twice instead of pointing at it', () => {
    const labels = { app: 'web' };
    expect(emitYaml({ a: labels, b: labels })).toBe('a:\n  app: web\nb:\n  app: web\n');
  });

  it('leaves everything that is not plain data to the library', () => {
    const data = { when: new Date(0), map: new Map([['a', 1]]), big: 12n };
    expect(emitYaml(data)).toBe(emitWithLibrary(data));
  });
});
