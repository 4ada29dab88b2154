import { describe, expect, it } from 'vitest';
import { parseRange, rangeMeant } from '../../lib/model/address-range';

describe('a range of addresses', () => {
  it.each([
    ['10.244.0.0/16', '10.244.0.0/16'],
    ['10.244.0.7/16', '10.244.0.0/16'],
    ['10.244.0.255/28', '10.244.0.240/28'],
    ['fd00:10:96::1/112', 'fd00:10:96::/112'],
    ['::ffff:10.0.0.1/120', '::ffff:a00:0/120'],
    ['0.0.0.0/0', '0.0.0.0/0'],
  ])('of %s is %s', (text, network) => {
    expect(parseRange(text)?.network).toBe(network);
    expect(parseRange(text)?.isNetwork).toBe(text === network);
  });

  it.each(['10.244.0.0', '10.244.0.0/33', '10.244.0/16', 'fe80::1%eth0/64', 'a/8', '10.0.0.0/08'])(
    'is not %s',
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );

  it.each([
    ['10.244.0.7/16', '10.244.0.0/16'],
    ['10.1.2.3', '10.1.0.0/16'],
    ['fd00::1', 'fd00::/64'],
    ['0.0.0.0/0', '0.0.0.0/16'],
    ['nobody', '10.244.0.0/16'],
  ])('may be meant by %s: %s', (text, meant) => {
    expect(rangeMeant(text)).toBe(meant);
  });
});
