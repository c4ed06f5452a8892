/** Runs one attempt of a probe or hook: a command, an HTTP request, or a TCP connection. */
import type { Socket } from 'node:net';
import { type JsonObject, type KubeObject, httpLibrary, isLoopbackHost, tlsLibrary } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { listAt, numberAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { LOCALHOST } from './connect-address.ts';

/** The result of an attempt. `output` explains a failure. */
export interface AttemptResult {
  readonly succeeded: boolean;
  readonly output: string;
}

/** The parts of the container that an attempt uses. */
export interface AttemptContext {
  readonly pod: KubeObject;
  readonly container: JsonObject;
  readonly address: string;
  /** Connects to a port of the pod. Without a host, uses the address of the pod, or else 127.0.0.1. */
  readonly connect: (host: string | undefined, port: number) => Promise<Socket>;
  /** Runs a command in the container. */
  run(words: readonly string[], timeoutMs: number): Promise<AttemptResult>;
}

/** The maximum number of characters of the output in an event. */
const MAX_OUTPUT_CHARACTERS = 1024;

export const cutOutput = (text: string): string =>
  text.length > MAX_OUTPUT_CHARACTERS ? `${text.slice(0, MAX_OUTPUT_CHARACTERS)}…` : text;

const success: AttemptResult = { succeeded: true, output: '' };
const failure = (output: string): AttemptResult => ({ succeeded: false, output: cutOutput(output) });

/** Makes one attempt. Never rejects. */
export async function probeOnce(
  context: AttemptContext,
  action: JsonObject,
  timeoutMs: number,
): Promise<AttemptResult> {
  const exec = optionalAt(action, 'exec');
  if (exec !== undefined) return context.run(listAt(exec, 'command').map(String), timeoutMs);
  const http = optionalAt(action, 'httpGet');
  if (http !== undefined) return httpAttempt(context, http, timeoutMs);
  const tcp = optionalAt(action, 'tcpSocket') ?? optionalAt(action, 'grpc');
  if (tcp === undefined) return success;
  // A gRPC server counts as healthy when it accepts connections. A call of its health service would need a gRPC client.
  const socket = await opened(context, tcp, timeoutMs);
  if ('output' in socket) return socket;
  socket.destroy();
  return success;
}

/** The port number of an action, which names the port by number or name; `undefined` for an unknown name. */
export function portNumber(container: JsonObject, action: JsonObject): number | undefined {
  const number = numberAt(action, 'port');
  if (number !== undefined) return number;
  const name = textAt(action, 'port');
  if (/^\d+$/.test(name)) return Number(name);
  const entry = objectsAt(container, 'ports').find((candidate) => candidate['name'] === name);
  return entry === undefined ? undefined : numberAt(entry, 'containerPort');
}

/** Opens a connection to the port of an action. If the action has a `host`, the host must be a loopback address. */
async function opened(
  { container, connect }: AttemptContext,
  action: JsonObject,
  timeoutMs: number,
): Promise<Socket | AttemptResult> {
  const port = portNumber(container, action);
  if (port === undefined) return failure(`the port ${goQuote(textAt(action, 'port'))} is not known`);
  const host = textAt(action, 'host');
  if (host !== '' && !isLoopbackHost(host)) return failure(`the host ${goQuote(host)} is not a loopback address`);
  try {
    const connecting = connect(host === '' ? undefined : host.replace('localhost', LOCALHOST), port);
    const socket = await within(connecting, timeoutMs);
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('timeout')));
    return socket;
  } catch (error) {
    return failure((error as Error).message);
  }
}

/**
 * Waits for the socket, at most `timeoutMs`. The system itself would wait for minutes when a program accepts no
 * connections.
 */
async function within(connecting: Promise<Socket>, timeoutMs: number): Promise<Socket> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(new Error(`no connection within ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  const dropLate = (socket: Socket) => {
    if (isLate) socket.destroy();
  };
  // After the timeout, the attempt has failed: a connection that opens then is closed, and an error is ignored.
  connecting.then(dropLate, () => undefined);
  try {
    return await Promise.race([connecting, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function httpAttempt(context: AttemptContext, action: JsonObject, timeoutMs: number): Promise<AttemptResult> {
  const socket = await opened(context, action, timeoutMs);
  if ('output' in socket) return socket;
  const isTls = textAt(action, 'scheme') === 'HTTPS';
  const headers: Record<string, string> = {
    Host: context.address,
    'User-Agent': 'kube-probe/1.36',
    Accept: '*/*',
    Connection: 'close',
  };
  for (const header of objectsAt(action, 'httpHeaders')) headers[textAt(header, 'name')] = textAt(header, 'value');
  return new Promise((resolve) => {
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure(error.message));
    };
    // The timeout covers the time until all headers of the response have arrived. An idle timeout would never fire
    // while a server sends the headers slowly.
    const timer = setTimeout(() => fail(new Error(`no response within ${timeoutMs / 1000} s`)), timeoutMs);
    try {
      const path = `/${textAt(action, 'path').replace(/^\//, '')}`;
      // A probe does not check the certificate of the program, as in Kubernetes.
      const connection = isTls ? tlsLibrary().connect({ socket, rejectUnauthorized: false }) : socket;
      const request = httpLibrary().request({ path, headers, createConnection: () => connection });
      request.on('error', fail);
      request.on('response', (response) => {
        clearTimeout(timer);
        response.on('error', () => undefined);
        socket.destroy();
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 400) resolve(success);
        else resolve(failure(`HTTP probe failed with statuscode: ${statusCode}`));
      });
      request.end();
    } catch (error) {
      fail(error as Error);
    }
  });
}
