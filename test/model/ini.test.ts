import { describe, expect, it } from 'vitest';
import { parseIni } from '../../lib/model/ini';

describe('a file of INI', () => {
  it.each([
    ['A = b', 'b'],
    ['  A=b\r', 'b'],
    ['A: b', 'b'],
    ['A = b # more', 'b'],
    ['A = b;more', 'b'],
    ['A = "b c"', 'b c'],
    ["A = 'b'", 'b'],
    ['A = `b # c` more', 'b # c'],
    ['A = """b; c"""', 'b; c'],
    ['"A" = b', 'b'],
    ['A =', ''],
    ['A = postgres://b', 'postgres://b'],
  ])('says of A in %j: %j', (line, value) => {
    expect(parseIni(`${line}\n`)).toEqual([{ section: '', key: 'A', value }]);
  });

  it('has sections, comments, and lines that say nothing', () => {
    const text = ['; A = 0', 'A = 1', '[one] ; first', '# B = 2', 'B = 2', 'nothing', '', '[two.three]', 'C = 3'].join(
      '\n',
    );
    expect(parseIni(text)).toEqual([
      { section: '', key: 'A', value: '1' },
      { section: 'one', key: 'B', value: '2' },
      { section: 'two.three', key: 'C', value: '3' },
    ]);
  });
});
