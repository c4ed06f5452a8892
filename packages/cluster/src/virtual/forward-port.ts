import type { Socket } from 'node:net';
import type { KubeObject } from '@typekro/kit/core';
import type { PodRun } from '../processes/pod-run.ts';
import type { ClientStream } from '../streaming/client-stream.ts';

/** A pod whose ports are forwarded, and its processes. */
export interface ForwardTarget {
  readonly pod: KubeObject;
  readonly run: Pick<PodRun, 'connect' | 'whenKilled'>;
}

/** The time within which the last bytes of a killed pod must reach their client, in milliseconds. */
export const LAST_BYTES_MS = 10_000;

/** The part of a client's stream that forwarding uses. */
export type ForwardedStream = Pick<ClientStream, 'read' | 'write' | 'end' | 'sent' | 'reset' | 'isClosed' | 'onLost'>;

/**
 * Connects a stream to a port of a pod. The two directions end separately. Resolves after all bytes of the pod are
 * sent, and either the pod has ended its direction or the connection is closed. The result is a kubelet's error
 * message, or `undefined`.
 */
export async function forwardPort(
  target: ForwardTarget,
  port: number,
  stream: ForwardedStream,
): Promise<string | undefined> {
  let socket: Socket;
  try {
    socket = await target.run.connect(target.pod, port, { isDeclared: false });
  } catch (error) {
    return errorText(target, port, error as Error);
  }
  const isLost = stream.isClosed;
  const problem = joinStreams(socket, stream);
  if (isLost) socket.destroy();
  const error = await problem;
  return error === undefined ? undefined : errorText(target, port, error);
}

const errorText = ({ pod: { metadata } }: ForwardTarget, port: number, { message }: Error): string =>
  `error forwarding port ${port} to pod ${metadata.name}_${metadata.namespace}, uid ${metadata.uid}: ${message}`;

function joinStreams(socket: Socket, stream: ForwardedStream): Promise<Error | undefined> {
  // The pod may end its direction before the client ends the other direction.
  socket.allowHalfOpen = true;
  stream.onLost = () => socket.destroy();
  void passInput(socket, stream);
  return new Promise((resolve) => {
    let problem: Error | undefined;
    let hasEnded = false;
    socket.on('data', (bytes: Buffer) => {
      socket.pause();
      void stream.write(bytes).then(() => socket.resume());
    });
    socket.on('end', () => {
      hasEnded = true;
      // Node reports the end even while the socket is paused and the last bytes still wait for the client.
      stream.end();
      void stream.sent().then(() => resolve(undefined));
    });
    socket.on('error', (error) => (problem = error));
    socket.on('close', () => {
      void stream.sent().then(() => {
        resolve(problem);
        // After an error, the stream is not reset here: the caller resets it after it has sent the message.
        if (problem === undefined || hasEnded) stream.reset();
      });
    });
  });
}

/**
 * Forwards the client's bytes to the pod, one part after the other. Drops them when the pod has closed the connection.
 */
async function passInput(socket: Socket, stream: ForwardedStream): Promise<void> {
  for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) await written(socket, bytes);
  socket.end();
}

/** Resolves when the system has accepted the bytes, or the socket is closed. */
function written(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.writableEnded) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      socket.off('close', finish);
      resolve();
    };
    socket.on('close', finish);
    socket.write(bytes, finish);
  });
}
