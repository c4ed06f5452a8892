/** `exec` and `attach` of containers that are local processes, in Kubernetes' WebSocket protocol with channels. */
import { existsSync } from 'node:fs';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { badRequest } from '../errors/api-error.ts';
import { type ContainerProcess, type ProcessEnd, hasStarted } from '../processes/container-process.ts';
import type { ContainerRun } from '../processes/container-run.ts';
import type { ApiReply, ApiRequest, ConnectionUpgrade, MessageConnection } from '../protocol/request.ts';
import { offeredProtocols } from './negotiate-streams.ts';
import { containerSpec, notRunning } from './pod-container.ts';

/** The protocols in the order of preference. In version 5, a client can close its input. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** The numbers of the channels. Each message begins with the number of its channel. */
export const CHANNELS = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** A client is paused when its program has more unread bytes than this. */
const MAX_INPUT_BYTES = 1024 * 1024;

/** An `exec` program is paused when its client has more unread bytes than this. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** The program that runs another program in a terminal. */
const TERMINAL_PROGRAM = '/usr/bin/script';

/** A container that is a local process, and its pod. */
export interface ProcessContainer {
  readonly pod: KubeObject;
  readonly run: ConnectedRun;
}

type ConnectedRun = Pick<ContainerRun, 'name' | 'facts' | 'exec' | 'attach'>;

/**
 * Returns a function that connects an open connection to a container. Throws 400 when the container does not run, when
 * `exec` has no command, and when a terminal is not possible. These checks run first, because a refusal must be sent
 * before the protocol is switched.
 */
export function streamOpener(
  container: ProcessContainer,
  request: ApiRequest,
  subresource: string,
): ConnectionUpgrade['open'] {
  const { pod, run } = container;
  // This check comes first. If a WebSocket is refused, a client tries an older protocol, and shows only the last
  // response. Therefore the refusal must be the same for all protocols.
  if (run.facts.state.is !== 'running') throw notRunning(pod, run.name);
  const hasInput = request.query.flag('stdin');
  if (subresource === 'attach') return (connection) => attach(connection, container, hasInput);
  const words = execWords(request);
  return (connection) => exec(connection, run, words, hasInput);
}

/** Switches a connection to a WebSocket. Throws 400 for other protocols. */
export function webSocketReply({ headers }: ApiRequest, open: ConnectionUpgrade['open']): ApiReply {
  const offered = offeredProtocols(headers['sec-websocket-protocol']);
  const protocol = PROTOCOLS.find((name) => offered.includes(name));
  if (protocol === undefined) {
    throw badRequest(`local processes are reached by WebSocket with the protocol ${PROTOCOLS.join(' or ')}`);
  }
  return { status: 101, headers: {}, upgrade: { protocol, open } };
}

interface ExecWords {
  readonly words: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * The command of an `exec` request, and additional environment variables. Throws 400 when the command is missing, and
 * when a terminal is not possible.
 */
function execWords({ query }: ApiRequest): ExecWords {
  const words = query.all('command');
  if (words.length === 0) throw badRequest('you must specify at least 1 command for the container');
  if (!query.flag('tty')) return { words, variables: new Map() };
  if (!existsSync(TERMINAL_PROGRAM)) {
    throw badRequest(`a terminal (-t) needs the program ${TERMINAL_PROGRAM}, which does not exist; leave -t out`);
  }
  const variables = new Map([
    ['TERM', 'xterm'],
    ['SHELL', '/bin/sh'],
  ]);
  const line = words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const wrapped = process.platform === 'darwin' ? ['-q', '/dev/null', ...words] : ['-qec', line, '/dev/null'];
  return { words: [TERMINAL_PROGRAM, ...wrapped], variables };
}

function exec(
  connection: MessageConnection,
  container: ConnectedRun,
  { words, variables }: ExecWords,
  hasInput: boolean,
): void {
  let started: ContainerProcess | undefined;
  let isHeld = false;
  const result = container.exec({
    words,
    variables,
    hasInput,
    slowsOutput: false,
    onOutput: (stream, chunk) => {
      send(connection, CHANNELS[stream], chunk);
      if (isHeld || connection.backlog <= MAX_OUTPUT_BYTES) return;
      isHeld = true;
      started?.output.pause();
      connection.drained(() => {
        isHeld = false;
        started?.output.resume();
      });
    },
    onEnd: (end) => finish(connection, statusOf(end)),
  });
  if (result === undefined) {
    return finish(connection, failure('InternalError', `container not found (${goQuote(container.name)})`));
  }
  if (!hasStarted(result)) return finish(connection, statusOf(result));
  started = result;
  connection.onClose = () => result.kill();
  connection.onMessage = inputReader(connection, result, true);
}

function attach(connection: MessageConnection, { pod, run }: ProcessContainer, hasInput: boolean): void {
  const attached = run.attach({
    write: (stream, chunk) => send(connection, CHANNELS[stream], chunk),
    end: () => finish(connection, SUCCESS),
  });
  if (attached === undefined) {
    return finish(connection, failure('InternalError', `container not found (${goQuote(run.name)})`));
  }
  const { process } = attached;
  // The input stays open for later clients, unless `stdinOnce` reserves the input for the first client.
  const isOnce = hasInput && containerSpec(pod, run.name)?.['stdinOnce'] === true;
  connection.onClose = () => {
    attached.detach();
    if (isOnce) process.input?.end();
  };
  if (hasInput) connection.onMessage = inputReader(connection, process, isOnce);
}

/**
 * Forwards the messages of a client to the input of a program. `mayEnd` says whether the client may close the input.
 */
function inputReader(connection: MessageConnection, { input }: ContainerProcess, mayEnd: boolean) {
  let isPaused = false;
  return (message: Buffer): void => {
    const [channel] = message;
    if (input === undefined || input.writableEnded) return;
    if (mayEnd && channel === CHANNELS.close && message[1] === CHANNELS.stdin) input.end();
    if (channel !== CHANNELS.stdin || message.length === 1) return;
    input.write(message.subarray(1));
    if (isPaused || input.writableLength <= MAX_INPUT_BYTES) return;
    isPaused = true;
    connection.pause();
    input.once('drain', () => {
      isPaused = false;
      connection.resume();
    });
  };
}

function send(connection: MessageConnection, channel: number, bytes: Buffer): void {
  connection.send(Buffer.concat([Buffer.from([channel]), bytes]));
}

function finish(connection: MessageConnection, status: JsonObject): void {
  send(connection, CHANNELS.error, Buffer.from(JSON.stringify(status)));
  connection.close();
}

const SUCCESS: JsonObject = { metadata: {}, status: 'Success' };

const failure = (reason: string, message: string): JsonObject => ({ metadata: {}, status: 'Failure', reason, message });

/** The Status for the end of a program, from which clients read the exit code. */
function statusOf({ exitCode, reason, message }: ProcessEnd): JsonObject {
  if (exitCode === 0) return SUCCESS;
  if (reason === 'StartError')
    return { ...failure('InternalError', `error executing command: ${message ?? ''}`), code: 500 };
  return {
    ...failure('NonZeroExitCode', `command terminated with non-zero exit code: exit status ${exitCode}`),
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}
