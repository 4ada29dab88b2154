/** Kubernetes quantities of storage: `20Gi`, `500M`, `1e9`. */

/** As the object has it, and in bytes. */
export interface Quantity {
  readonly text: string;
  readonly bytes: number;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity as Kubernetes reads it, `undefined` for what it refuses. */
export function parseQuantity(value: unknown): Quantity | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const match = /^(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|(m|k|[MGTPE]|[KMGTPE]i))?$/.exec(text);
  if (match === null) return undefined;
  const [, digits = '', exponent = '', unit = ''] = match;
  return { text, bytes: Number(digits + exponent) * (UNITS[unit] ?? 1) };
}

/** The sum, in `Gi`, or rounded up in `Mi`. Of a single one it is that one, as it was written. */
export function sumOfQuantities(quantities: readonly Quantity[]): Quantity | undefined {
  const [first, ...others] = quantities;
  if (first === undefined || others.length === 0) return first;
  const mebibytes = Math.ceil(quantities.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20);
  const text = mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
  return { text, bytes: mebibytes * 2 ** 20 };
}

/** `1.5 TiB`: for people. */
export function describeBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${units[unit]}`;
}
