import { buffer } from 'node:stream/consumers';
import { httpLibrary, isJsonObject, tryParseJson, TypeKroError } from '@typekro/kit/core';
import type { RunningRecord } from './cluster-files.ts';
import { type ControlAction, CONTROL_PATHS } from './control-protocol.ts';

/** The time limit for the response of a cluster, in milliseconds. Large snapshots take several seconds. */
const ANSWER_TIMEOUT_MS = 120_000;

/** The time limit for the response to `askState`, in milliseconds. */
const QUESTION_TIMEOUT_MS = 5000;

/** The options of a request to the control interface. */
export interface ControlOptions {
  readonly signal: AbortSignal;
  readonly body?: Uint8Array;
  /** The name of a fault rule, for an action on a single fault rule. */
  readonly name?: string;
  /** The time limit in milliseconds. Default: two minutes. */
  readonly timeoutMs?: number;
}

/**
 * Sends a request to the control interface of a running cluster, and returns the body of the response.
 *
 * @throws TypeKroError `cluster/no-answer` when no response arrives, or when another program responds at the address.
 *   Other codes mean that the cluster refused the request. Rejects with the signal's reason when the signal aborts.
 */
export async function control(
  { controlPort, controlToken }: Pick<RunningRecord, 'controlPort' | 'controlToken'>,
  action: ControlAction,
  { signal, body, name = '', timeoutMs = ANSWER_TIMEOUT_MS }: ControlOptions,
): Promise<Buffer> {
  const [method, path] = CONTROL_PATHS[action];
  const timeout = AbortSignal.timeout(timeoutMs);
  let status: number;
  let bytes: Buffer;
  try {
    [status, bytes] = await new Promise<[number, Buffer]>((resolve, reject) => {
      const request = httpLibrary().request(
        {
          host: '127.0.0.1',
          port: controlPort,
          method,
          path: path + encodeURIComponent(name),
          agent: false,
          headers: {
            authorization: `Bearer ${controlToken}`,
            'content-type': 'application/json',
            'content-length': body?.length ?? 0,
          },
          signal: AbortSignal.any([signal, timeout]),
        },
        (response) => {
          buffer(response).then((content) => resolve([response.statusCode ?? 0, content]), reject);
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  } catch (error) {
    signal.throwIfAborted();
    const silent = `it sent nothing in ${timeoutMs / 1000} seconds. It is suspended, or too busy`;
    const reason = timeout.aborted ? silent : error instanceof Error ? error.message : String(error);
    throw noAnswer(`does not respond: ${reason}`, error);
  }
  if (status >= 200 && status < 300) return bytes;
  const refusal = tryParseJson(bytes.toString('utf8'));
  if (status !== 422 || !isJsonObject(refusal)) throw noAnswer(`responds with the status ${status}`);
  const { message, code, remedy } = refusal;
  throw new TypeKroError(String(message), { code: String(code), ...(typeof remedy === 'string' ? { remedy } : {}) });
}

/**
 * Asks a running cluster for its state, within a short time limit. Commands call this function before longer requests,
 * so that they do not wait long for a suspended process.
 *
 * @throws TypeKroError `cluster/no-answer`. Rejects with the signal's reason when the signal aborts.
 */
export const askState = (
  record: Pick<RunningRecord, 'controlPort' | 'controlToken'>,
  signal: AbortSignal,
): Promise<Buffer> => control(record, 'status', { signal, timeoutMs: QUESTION_TIMEOUT_MS });

/** Reads the number of objects from a response of the control interface. */
export function objectsInAnswer(bytes: Buffer): number | undefined {
  const value = tryParseJson(bytes.toString('utf8'));
  const objects = isJsonObject(value) ? value['objects'] : undefined;
  return typeof objects === 'number' ? objects : undefined;
}

/** Reads from a response of the control interface the reason why the cluster refuses writes or fails. */
export function problemInAnswer(bytes: Buffer): string | undefined {
  const value = tryParseJson(bytes.toString('utf8'));
  const problem = isJsonObject(value) ? value['problem'] : undefined;
  return typeof problem === 'string' ? problem : undefined;
}

const noAnswer = (problem: string, cause?: unknown): TypeKroError =>
  new TypeKroError(`the process of the cluster ${problem}`, {
    code: 'cluster/no-answer',
    remedy:
      'wait and try again; typekro cluster status NAME names its log; typekro cluster stop NAME ends the process, with a signal if necessary',
    ...(cause === undefined ? {} : { cause }),
  });
