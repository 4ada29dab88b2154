/**
 * restic makes its key so that to open a repository takes half a second of work, and a run opens it five times. Here the
 * same key is wrapped anew, by the same rules, so that it takes next to none: what is encrypted with it stays as it is.
 *
 * https://github.com/restic/restic/blob/v0.18.1/doc/design.rst, "Keys, Encryption and MAC"
 */
import { createCipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { told, keysOf } from './bucket';
import type { S3User } from './s3';

interface KeyFile {
  readonly kdf: string;
  readonly N: number;
  readonly r: number;
  readonly p: number;
  /** Base64, as is the next. */
  readonly salt: string;
  readonly data: string;
}

/** What the least that restic takes for a salt and for its work are. */
const CHEAP = { N: 2, r: 8, p: 1 } as const;
const SALT_BYTES = 64;

/** Replaces every key of the repository at that path of the bucket. */
export async function openCheaply(owner: S3User, bucket: string, repository: string, password: string): Promise<void> {
  for (const path of await keysOf(owner, bucket, `${repository}/keys/`)) {
    const file = JSON.parse((await told(owner, { path: `/${bucket}/${path}` })).body) as KeyFile;
    if (file.N === CHEAP.N) continue;
    const salt = randomBytes(SALT_BYTES);
    const data = seal(wrapping(password, salt, CHEAP), unseal(file, password));
    const wrapped = { ...file, ...CHEAP, salt: salt.toString('base64'), data: data.toString('base64') };
    const body = JSON.stringify(wrapped);
    // A file of a repository is named after its content.
    const name = createHash('sha256').update(body).digest('hex');
    await told(owner, { method: 'PUT', path: `/${bucket}/${repository}/keys/${name}`, body });
    await told(owner, { method: 'DELETE', path: `/${bucket}/${path}` });
  }
}

/** One for AES-256 in counter mode, two for Poly1305-AES. */
interface Wrapping {
  readonly encryption: Buffer;
  readonly k: Buffer;
  readonly r: Buffer;
}

function wrapping(password: string, salt: Buffer, { N, r, p }: Pick<KeyFile, 'N' | 'r' | 'p'>): Wrapping {
  const bytes = scryptSync(password, salt, 64, { N, r, p, maxmem: 256 * r * (N + p) });
  return { encryption: bytes.subarray(0, 32), k: bytes.subarray(32, 48), r: bytes.subarray(48, 64) };
}

function unseal(file: KeyFile, password: string): Buffer {
  const key = wrapping(password, Buffer.from(file.salt, 'base64'), file);
  const data = Buffer.from(file.data, 'base64');
  const [nonce, sealed, mac] = [data.subarray(0, 16), data.subarray(16, -16), data.subarray(-16)];
  if (!mac.equals(poly1305(key, nonce, sealed)))
    throw new Error('the password does not open the key of the repository');
  return counterMode(key, nonce, sealed);
}

function seal(key: Wrapping, text: Buffer): Buffer {
  const nonce = randomBytes(16);
  const sealed = counterMode(key, nonce, text);
  return Buffer.concat([nonce, sealed, poly1305(key, nonce, sealed)]);
}

/** Its own reverse. */
function counterMode({ encryption }: Wrapping, nonce: Buffer, bytes: Buffer): Buffer {
  return createCipheriv('aes-256-ctr', encryption, nonce).update(bytes);
}

const PRIME = 2n ** 130n - 5n;
/** Bits of `r` that Poly1305 leaves out. */
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** D. J. Bernstein, The Poly1305-AES message-authentication code, 2005. */
function poly1305({ k, r }: Wrapping, nonce: Buffer, message: Buffer): Buffer {
  const factor = number(r) & CLAMP;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16)
    sum = ((sum + number(Buffer.concat([message.subarray(at, at + 16), Buffer.from([1])]))) * factor) % PRIME;
  const pad = number(createCipheriv('aes-128-ecb', k, null).setAutoPadding(false).update(nonce));
  const tag = (sum + pad) % 2n ** 128n;
  return Buffer.from(Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').toReversed());
}

/** Its lowest byte comes first. */
function number(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`);
}
