/** `exec` and `attach` of containers that are local processes, by WebSocket in the protocol of Kubernetes. */
import { existsSync } from 'node:fs';
import type { JsonObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { badRequest, internalError } from '../errors/status.ts';
import type { ContainerProcess, ProcessEnd } from '../processes/container-process.ts';
import { hasStarted } from '../processes/container-process.ts';
import type { ContainerRun } from '../processes/container-run.ts';
import type { ApiReply, ApiRequest, MessageConnection } from '../protocol/request.ts';

/** The protocols, the best one first. Version 5 lets a client close its input. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** The first byte of each message. */
const CHANNELS = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** A client is paused when its program has more unread bytes than this. */
const MAX_INPUT_BYTES = 1024 * 1024;

/** The program that gives another program a terminal. */
const TERMINAL_PROGRAM = '/usr/bin/script';

/** Connects a client to a container. Throws 400 for a request in another protocol. */
export function processStreamReply(container: ContainerRun, request: ApiRequest, subresource: string): ApiReply {
  const { headers, query } = request;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((text) => text.trim());
  const protocol = PROTOCOLS.find((name) => offered.includes(name));
  if ((headers['upgrade'] ?? '').toLowerCase() !== 'websocket' || protocol === undefined) {
    throw badRequest(
      `local processes are reached by WebSocket with the protocol ${PROTOCOLS.join(' or ')}; use kubectl 1.31 or later`,
    );
  }
  if (container.facts.state.is !== 'running') throw internalError(`container not found (${goQuote(container.name)})`);
  const hasInput = query.flag('stdin');
  const open =
    subresource === 'exec'
      ? (connection: MessageConnection) => exec(connection, container, execWords(request), hasInput)
      : (connection: MessageConnection) => attach(connection, container, hasInput);
  return { status: 101, headers: {}, upgrade: { protocol, open } };
}

interface ExecWords {
  readonly words: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * The words of the program, and further variables. Throws 400 without a program, and when a terminal is not possible.
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
  container: ContainerRun,
  { words, variables }: ExecWords,
  hasInput: boolean,
): void {
  const result = container.exec({
    words,
    variables,
    hasInput,
    onOutput: (stream, chunk) => send(connection, CHANNELS[stream], chunk),
    onEnd: (end) => finish(connection, statusOf(end)),
  });
  if (result === undefined) {
    return finish(connection, failure('InternalError', `container not found (${goQuote(container.name)})`));
  }
  if (!hasStarted(result)) return finish(connection, statusOf(result));
  connection.onClose = () => result.kill();
  connection.onMessage = (message) => passInput(connection, result, message);
}

function attach(connection: MessageConnection, container: ContainerRun, hasInput: boolean): void {
  const attached = container.attach({
    write: (stream, chunk) => send(connection, CHANNELS[stream], chunk),
    end: () => finish(connection, SUCCESS),
  });
  if (attached === undefined) {
    return finish(connection, failure('InternalError', `container not found (${goQuote(container.name)})`));
  }
  connection.onClose = () => attached.detach();
  connection.onMessage = (message) => {
    if (hasInput) passInput(connection, attached.process, message);
  };
}

function passInput(connection: MessageConnection, { input }: ContainerProcess, message: Buffer): void {
  const [channel] = message;
  if (input === undefined || input.writableEnded) return;
  if (channel === CHANNELS.close && message[1] === CHANNELS.stdin) input.end();
  if (channel !== CHANNELS.stdin || message.length === 1) return;
  input.write(message.subarray(1));
  if (input.writableLength <= MAX_INPUT_BYTES) return;
  connection.pause();
  input.once('drain', () => connection.resume());
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

/** The status of a program's end, in the form from which clients read the exit code. */
function statusOf({ exitCode, reason, message }: ProcessEnd): JsonObject {
  if (exitCode === 0) return SUCCESS;
  if (reason === 'StartError')
    return { ...failure('InternalError', `error executing command: ${message ?? ''}`), code: 500 };
  return {
    ...failure('NonZeroExitCode', `command terminated with non-zero exit code: exit status ${exitCode}`),
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}
