import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { ADMIN } from '../auth/cluster-access.ts';
import type { ExecOptions } from '../processes/container-run.ts';
import type { ContainerState } from '../processes/life.ts';
import { type ApiRequest, type MessageConnection, Query } from '../protocol/request.ts';
import { streamOpener } from './process-streams.ts';

const SOCKET = { upgrade: 'websocket', 'sec-websocket-protocol': 'v5.channel.k8s.io' };
const RUNNING: ContainerState = { is: 'running', startedMs: 0, started: true, ready: true, stopping: false };
const ENDED: ContainerState = { is: 'ended', end: { exitCode: 1, reason: 'Error', startedMs: 0, endedMs: 0 } };

function request(query: string, headers: ApiRequest['headers'] = SOCKET): ApiRequest {
  const body = Buffer.alloc(0);
  return { method: 'GET', segments: [], path: '/', target: '/', query: new Query(query), headers, body, user: ADMIN };
}

/** A container that records its input in `input`. */
function container(spec: JsonObject = {}, state: ContainerState = RUNNING, shown: JsonObject = { running: {} }) {
  const input = new PassThrough({ highWaterMark: 64 });
  const calls: string[] = [];
  const output = { pause: () => void calls.push('hold'), resume: () => void calls.push('release') };
  const process = { pid: 1, input, output, signal: () => undefined, kill: () => undefined };
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', ...spec }] },
    status: { containerStatuses: [{ name: 'c', state: shown }] },
  };
  const started: ExecOptions[] = [];
  const run = {
    name: 'c',
    facts: { state, restarts: 0, quickEnds: 0 },
    exec: (options: ExecOptions) => {
      started.push(options);
      return process;
    },
    attach: () => ({ process, detach: () => undefined }),
  };
  return { input, pod, run, started, held: calls };
}

function opened(subject: ReturnType<typeof container>, query: string, subresource: string) {
  const calls: string[] = [];
  const waiting: (() => void)[] = [];
  const connection: MessageConnection = {
    onMessage: () => undefined,
    onClose: () => undefined,
    send: () => undefined,
    close: () => void calls.push('close'),
    abort: () => void calls.push('abort'),
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    backlog: 2 * 1024 * 1024,
    drained: (callback) => void waiting.push(callback),
  };
  streamOpener(subject, request(query), subresource)(connection);
  return { connection, calls, waiting };
}

const CLOSE_INPUT = Buffer.from([255, 0]);

describe('a request is refused before the protocol is switched', () => {
  test('for exec without a command', () => {
    expect(() => streamOpener(container(), request('stdout=true'), 'exec')).toThrow(
      'you must specify at least 1 command for the container',
    );
  });

  test.each([
    ['waiting', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }, 'CrashLoopBackOff: back-off 10s'],
    ['terminated', { reason: 'Completed' }, 'Completed'],
  ])('for a container that is %s, in any protocol', (is, state, reason) => {
    for (const headers of [SOCKET, { upgrade: 'SPDY/3.1' }]) {
      const subject = container({}, ENDED, { [is]: state });
      expect(() => streamOpener(subject, request('command=ls', headers), 'exec')).toThrow(
        `container "c" in pod "p" is ${is}: ${reason}`,
      );
    }
  });
});

describe('the input of a container', () => {
  test.each([
    ['stays open after its first client', {}, false],
    ['ends with its first client if stdinOnce is set', { stdinOnce: true }, true],
  ])('%s', (_title, spec, ends) => {
    const closing = container(spec);
    opened(closing, 'stdin=true', 'attach').connection.onMessage(CLOSE_INPUT);
    expect(closing.input.writableEnded).toBe(ends);
    const leaving = container(spec);
    opened(leaving, 'stdin=true', 'attach').connection.onClose();
    expect(leaving.input.writableEnded).toBe(ends);
  });

  test('does not end with a client that did not request the input', () => {
    const subject = container({ stdinOnce: true });
    const { connection } = opened(subject, 'stdout=true', 'attach');
    connection.onMessage(CLOSE_INPUT);
    connection.onClose();
    expect(subject.input.writableEnded).toBe(false);
  });

  test('of an exec program ends when the client closes it', () => {
    const subject = container();
    opened(subject, 'command=cat&stdin=true', 'exec').connection.onMessage(CLOSE_INPUT);
    expect(subject.input.writableEnded).toBe(true);
  });

  test('pauses its client once while the program does not read', async () => {
    const subject = container();
    const { connection, calls } = opened(subject, 'command=cat&stdin=true', 'exec');
    for (let count = 0; count < 20; count += 1) connection.onMessage(Buffer.alloc(512 * 1024));
    expect(calls).toEqual(['pause']);
    expect(subject.input.listenerCount('drain')).toBe(1);
    const drained = new Promise((resolve) => subject.input.once('drain', resolve));
    subject.input.resume();
    await drained;
    expect(calls).toEqual(['pause', 'resume']);
  });
});

test('an exec program is paused while its client has much unread output', () => {
  const subject = container();
  const { waiting } = opened(subject, 'command=cat', 'exec');
  for (let count = 0; count < 3; count += 1) subject.started[0]?.onOutput('stdout', Buffer.from('x'));
  expect([subject.held, waiting.length]).toEqual([['hold'], 1]);
  waiting[0]?.();
  expect(subject.held).toEqual(['hold', 'release']);
});
