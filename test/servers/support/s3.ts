/** A small S3 client that says what the server really answered: SDKs hide the code of an error, or retry it away. */
import { createHash, createHmac } from 'node:crypto';
import { request as send, type IncomingMessage } from 'node:http';

export interface S3User {
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface S3Request {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD';
  /** `/bucket/key`; every segment is encoded here. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface S3Answer {
  readonly status: number;
  /** `<Code>` of an error; empty for success, and for answers to HEAD, which have no body. */
  readonly code: string;
  readonly body: string;
  readonly bytes: Buffer;
  readonly headers: Headers;
}

/** Signs as AWS describes for `Authorization` headers (Signature Version 4). */
export async function s3(user: S3User, request: S3Request): Promise<S3Answer> {
  const { method = 'GET', body = '' } = request;
  const path = request.path.split('/').map(encoded).join('/');
  const query = Object.entries(request.query ?? {})
    .map(([key, value]) => `${encoded(key)}=${encoded(value)}`)
    .toSorted()
    .join('&');
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers: Readonly<Record<string, string>> = {
    ...request.headers,
    host: new URL(user.endpoint).host,
    'x-amz-content-sha256': sha256(body),
    'x-amz-date': time,
  };
  const names = Object.keys(headers).toSorted();
  const canonical = [
    method,
    path,
    query,
    ...names.map((name) => `${name}:${headers[name] ?? ''}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const scope = `${day}/us-east-1/s3/aws4_request`;
  const key = scope.split('/').reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${user.secretKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${user.accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const { message, bytes } = await answerTo(user, method, `${path}${query === '' ? '' : `?${query}`}`, {
    headers: { ...headers, authorization },
    ...(method === 'PUT' || method === 'POST' ? { body } : {}),
  });
  const status = message.statusCode ?? 0;
  const text = bytes.toString('utf8');
  const code = /<Code>(\w+)<\/Code>|"Code":"(\w+)"/.exec(status < 300 ? '' : text);
  const answered = Object.entries(message.headers).map(([name, value]): [string, string] => [name, String(value)]);
  return { status, code: code?.[1] ?? code?.[2] ?? '', body: text, bytes, headers: new Headers(answered) };
}

/** Not `fetch`, which takes `..` out of a path, and a key may be called so. */
async function answerTo(
  { endpoint }: S3User,
  method: string,
  path: string,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body?: string | Buffer },
): Promise<{ readonly message: IncomingMessage; readonly bytes: Buffer }> {
  const { hostname: host, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = send({ host, port, method, path, headers: { ...headers, ...length } }, (message) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('error', reject);
      message.on('end', () => resolve({ message, bytes: Buffer.concat(chunks) }));
    });
    outgoing.on('error', reject).end(body);
  });
}

/** As RFC 3986 has it; `encodeURIComponent` leaves a few more alone. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
