/** A proxy before the store that answers wrongly on demand: refuses, fails, is slow, or hangs up in the middle. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { inject, onTestFinished } from 'vitest';

/** What a request is answered with: `undefined` for what the store says. */
export type Fault =
  | { readonly status: number }
  /** The connection ends, and the store never hears of the request. */
  | { readonly hangUp: true }
  /** The answer comes only after so many seconds. */
  | { readonly delaySeconds: number }
  /** The data of the request and that of the answer go through at this speed. */
  | { readonly bytesPerSecond: number }
  /** The request is handled when something else has happened. */
  | { readonly waitFor: Promise<unknown> }
  /** The connection ends after so many bytes of the request have gone through. */
  | { readonly cutAfter: number }
  /** The connection ends after so many bytes of the answer. */
  | { readonly cutAnswerAfter: number };

/** What is asked of a store: `/bucket/key?…`. */
export interface Request {
  readonly method: string;
  readonly path: string;
}

/**
 * @param faultOf is asked for each request.
 * @returns the port at which it listens until the test ends.
 */
export async function faultyStore(faultOf: (request: Request) => Fault | undefined): Promise<number> {
  const { port: target } = inject('ceph');
  const server = createServer((incoming, outgoing) => {
    const fault = faultOf({ method: incoming.method ?? '', path: incoming.url ?? '' });
    answer(incoming, outgoing, target, fault);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as AddressInfo).port;
}

/** Handles requests as the store does. */
export function passToStore(incoming: IncomingMessage, outgoing: ServerResponse): void {
  pass(incoming, outgoing, inject('ceph').port);
}

function answer(incoming: IncomingMessage, outgoing: ServerResponse, target: number, fault: Fault | undefined): void {
  incoming.on('error', () => {});
  outgoing.on('error', () => {});
  if (fault !== undefined && 'status' in fault) {
    const code = fault.status === 403 ? 'AccessDenied' : 'InternalError';
    incoming.resume().on('end', () => {
      outgoing.writeHead(fault.status, { 'content-type': 'application/xml' });
      outgoing.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    });
    return;
  }
  if (fault !== undefined && 'hangUp' in fault) {
    incoming.destroy();
    return;
  }
  if (fault !== undefined && 'delaySeconds' in fault) {
    setTimeout(() => pass(incoming, outgoing, target), fault.delaySeconds * 1000).unref();
    return;
  }
  if (fault !== undefined && 'waitFor' in fault) {
    void fault.waitFor.then(() => pass(incoming, outgoing, target));
    return;
  }
  pass(incoming, outgoing, target, fault);
}

/** The host of the request stays, because the signature covers it. */
function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: number,
  fault: { readonly cutAfter?: number; readonly cutAnswerAfter?: number; readonly bytesPerSecond?: number } = {},
): void {
  const { cutAfter = Infinity, cutAnswerAfter, bytesPerSecond = Infinity } = fault;
  const { method, url: path, headers } = incoming;
  const through = request({ host: '127.0.0.1', port: target, method, path, headers, agent: false }, (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    if (cutAnswerAfter === undefined) atSpeed(response, bytesPerSecond).pipe(outgoing);
    else
      response.once('data', (chunk: Buffer) =>
        outgoing.write(chunk.subarray(0, cutAnswerAfter), () => outgoing.destroy()),
      );
  });
  through.on('error', () => outgoing.destroy());
  let seen = 0;
  atSpeed(incoming, bytesPerSecond)
    .on('data', (chunk: Buffer) => {
      seen += chunk.length;
      if (seen > cutAfter) {
        incoming.destroy();
        through.destroy();
      } else through.write(chunk);
    })
    .on('end', () => through.end());
}

function atSpeed(stream: Readable, bytesPerSecond: number): Readable {
  if (bytesPerSecond === Infinity) return stream;
  return Readable.from(slowly(stream, bytesPerSecond)).on('error', () => {});
}

/** In ten pieces a second. */
async function* slowly(stream: Readable, bytesPerSecond: number): AsyncGenerator<Buffer> {
  const size = Math.ceil(bytesPerSecond / 10);
  for await (const chunk of stream as AsyncIterable<Buffer>)
    for (let start = 0; start < chunk.length; start += size) {
      await new Promise((resolve) => setTimeout(resolve, 100).unref());
      yield chunk.subarray(start, start + size);
    }
}
