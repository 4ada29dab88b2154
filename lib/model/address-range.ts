/** Ranges of addresses, `10.244.0.0/16`, `fd00:10:96::/112`. */
import { isIP } from 'node:net';

export interface AddressRange {
  readonly family: 4 | 6;
  /** Bits of its prefix. */
  readonly length: number;
  /** Whether its address has no bits behind the prefix. */
  readonly isNetwork: boolean;
  /** The range with those bits left out. */
  readonly network: string;
}

/** @returns `undefined` for what is no address with the length of a prefix. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', digits = '', ...rest] = text.split('/');
  // Node takes the zone of an address for a part of it.
  const family = address.includes('%') ? 0 : isIP(address);
  if ((family !== 4 && family !== 6) || rest.length > 0 || !/^(0|[1-9]\d*)$/.test(digits)) return undefined;
  const length = Number(digits);
  const parts = partsOf(address, family);
  const width = family === 4 ? 8 : 16;
  if (length > parts.length * width) return undefined;
  const kept = parts.map((part, index) => {
    const behind = Math.min(Math.max((index + 1) * width - length, 0), width);
    return part - (part % 2 ** behind);
  });
  const isNetwork = kept.every((part, index) => part === parts[index]);
  return { family, length, isNetwork, network: `${isNetwork ? address : addressOf(kept, family)}/${length}` };
}

/** A range that Kubernetes takes, for one that it may refuse: without bits behind its prefix, and not of all addresses. */
export function rangeMeant(text: string): string {
  const given = parseRange(text);
  if (given !== undefined && given.length > 0) return given.network;
  const [address = ''] = text.split('/');
  const usual = parseRange(`${address}/16`);
  return (usual?.family === 6 ? parseRange(`${address}/64`) : usual)?.network ?? '10.244.0.0/16';
}

/** The four or eight numbers of an address. */
function partsOf(address: string, family: 4 | 6): readonly number[] {
  if (family === 4) return address.split('.').map(Number);
  const [head = [], tail = []] = normal(address)
    .split('::')
    .map((half) => half.split(':').filter((part) => part !== ''));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...zeros, ...tail].map((part) => Number.parseInt(part, 16));
}

function addressOf(parts: readonly number[], family: 4 | 6): string {
  return family === 4 ? parts.join('.') : normal(parts.map((part) => part.toString(16)).join(':'));
}

/** As short as it is written as a rule, and without an IPv4 address at its end. */
function normal(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
