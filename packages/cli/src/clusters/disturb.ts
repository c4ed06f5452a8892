import type { IncomingMessage } from 'node:http';
import type { JsonObject } from '@typekro/kit/core';
import {
  isJsonObject,
  isoTime,
  percentDecoded,
  readLimitedBody,
  releaseBody,
  tryParseJson,
  TypeKroError,
} from '@typekro/kit/core';
import { goParseDurationMs } from '@typekro/kit/golang';
import { Path } from '@typekro/engine/graph';
import type { ControlAction, ControlledCluster } from './control-protocol.ts';
import { readFaultRules } from './read-fault-rules.ts';
import { moveClock } from './move-clock.ts';

/** A response of the control interface. */
export interface ControlAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/**
 * The actions on the fault rules, the clock and the server of a cluster. The actions `faults` and `clock` only read.
 */
export type DisturbAction = Exclude<ControlAction, 'status' | 'snapshot' | 'restore' | 'reset' | 'stop'>;

/** The maximum size of a JSON request body, in bytes. */
const MAX_BODY_BYTES = 1024 * 1024;
/** The longest move of the clock in one request: a day. */
export const MAX_ADVANCE_MS = 86_400_000;
/** The longest pause of a restart: a minute. */
export const MAX_PAUSE_MS = 60_000;

/**
 * Carries out an action.
 *
 * @throws TypeKroError `cluster/faults`, `cluster/clock` or `cluster/restart` for a value that is refused;
 *   `cluster/control` for a body that is too large, incomplete or not JSON, or has another content type. For every
 *   action except `addFaults`, also for a body that is not an object or has an unknown member. The body of a restart
 *   may be empty.
 */
export async function disturb(
  cluster: ControlledCluster,
  action: DisturbAction,
  name: string,
  request: IncomingMessage,
): Promise<ControlAnswer> {
  const { faults, clock } = cluster;
  switch (action) {
    case 'faults':
      return answer(200, { rules: faults.list() });
    case 'addFaults': {
      const mistakes: string[] = [];
      const rules = readFaultRules((await jsonBody(request)) ?? null, (path, message, hint) => {
        const place = path.length === 0 ? '' : `${Path.format(path)}: `;
        mistakes.push(`${place}${message}${hint === undefined ? '' : ` (${hint})`}`);
      });
      if (mistakes.length > 0)
        throw problem(
          'cluster/faults',
          mistakes.join('; '),
          'correct them, and add all rules again: no rule was added',
        );
      return answer(201, { rules: faults.add(rules) });
    }
    case 'removeFault':
      return answer(200, { rules: [faults.remove(percentDecoded(name))] });
    case 'clearFaults': {
      const rules = faults.list();
      faults.clear();
      return answer(200, { rules });
    }
    case 'clock':
      return answer(200, timeOf(clock));
    case 'advanceClock': {
      const { advance, ...others } = requireObject(await jsonBody(request));
      refuseOtherMembers(others, 'advance');
      await moveClock(cluster, durationOf(advance, 'advance', MAX_ADVANCE_MS, 'cluster/clock'));
      return answer(200, timeOf(clock));
    }
    case 'restart': {
      const body = await jsonBody(request);
      const { pause = '0s', ...others } = body === undefined ? {} : requireObject(body);
      refuseOtherMembers(others, 'pause');
      await cluster.restart(durationOf(pause, 'pause', MAX_PAUSE_MS, 'cluster/restart'));
      return answer(200, {});
    }
  }
}

const answer = (status: number, body: object): ControlAnswer => ({ status, body: { schemaVersion: 1, ...body } });

const timeOf = ({ now, aheadMs }: ControlledCluster['clock']) => ({ now: isoTime(now()), aheadMs });

/** Reads the JSON body of a request; undefined for an empty body. */
async function jsonBody(request: IncomingMessage): Promise<JsonObject[string]> {
  const body = await readLimitedBody(request, MAX_BODY_BYTES);
  releaseBody(request);
  if (body === 'too-large') throw problem('cluster/control', `a request has at most ${MAX_BODY_BYTES} bytes`);
  if (body === 'crowded') throw problem('cluster/control', 'too many requests are sent at once; try again');
  if (body === 'broken')
    throw problem('cluster/control', 'the connection ended before the body of the request was complete');
  if (body.length === 0) return undefined;
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw problem('cluster/control', `the header Content-Type must be application/json, not ${JSON.stringify(type)}`);
  }
  const value = tryParseJson(body.toString('utf8'));
  if (value === undefined) throw problem('cluster/control', 'the body is not JSON');
  return value;
}

function requireObject(value: JsonObject[string]): JsonObject {
  if (!isJsonObject(value)) throw problem('cluster/control', 'the body is not a JSON object');
  return value;
}

function refuseOtherMembers(others: JsonObject, known: string): void {
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw problem('cluster/control', `${JSON.stringify(other)} is not known; the only member is "${known}"`);
}

function durationOf(value: JsonObject[string], member: string, maxMs: number, code: string): number {
  const milliseconds = typeof value === 'string' ? goParseDurationMs(value) : undefined;
  if (milliseconds !== undefined && milliseconds >= 0 && milliseconds <= maxMs) return milliseconds;
  throw problem(code, `"${member}" must be a duration such as "30s", up to ${maxMs / 1000} seconds`);
}

const problem = (code: string, message: string, remedy?: string): TypeKroError =>
  new TypeKroError(message, { code, ...(remedy === undefined ? {} : { remedy }) });
