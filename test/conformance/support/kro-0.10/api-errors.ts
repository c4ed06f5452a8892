import type { JsonValue } from '@typekro/kit/core';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { ofGraphs, refuse } from './case-world.ts';
import { UnknownForm } from './graph-input.ts';

/** An error response of the API server that a case names, and the requests that receive it. */
export interface ApiError {
  readonly methods: readonly string[];
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

const VERBS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\b(GET|LIST|get|list|read)\b/, ['GET']],
  [/\b(create|update|apply|patch|write|PATCH|POST|PUT)\b/, ['PATCH', 'POST', 'PUT']],
  [/\b(delete|DELETE)\b/, ['DELETE']],
];
const REASONS: Readonly<Record<string, number>> = {
  BadRequest: 400,
  Forbidden: 403,
  NotFound: 404,
  Conflict: 409,
  Invalid: 422,
  InternalError: 500,
};

/**
 * Parses the errors from words such as `create answers Invalid or BadRequest` or `GET fails with a non-404`. Without a
 * verb, the errors concern the methods `otherwise`. Without a known reason, the error is an InternalError. The message
 * of each error is the whole string.
 */
export function apiErrorsOf(words: JsonValue | undefined, otherwise: readonly string[] = []): ApiError[] {
  if (words === undefined) return [];
  const text = String(words);
  const methods = VERBS.find(([pattern]) => pattern.test(text))?.[1] ?? otherwise;
  if (methods.length === 0) throw new UnknownForm(`no request in "${text}"`);
  const reasons = Object.keys(REASONS).filter((reason) => new RegExp(`\\b${reason}\\b`).test(text));
  const named = reasons.length === 0 ? ['InternalError'] : reasons;
  return named.map((reason) => ({ methods, status: REASONS[reason] ?? 500, reason, message: text }));
}

/** Makes the server refuse the requests that the accounts of Graphs send. */
export function refuseGraphs(world: VirtualWorld, { methods, status, reason, message }: ApiError): void {
  refuse(world, ofGraphs(...methods), status, reason, message);
}
