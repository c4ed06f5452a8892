import { parseJson, stringifyJson } from '@typekro/kit/core';
import { parseBool } from '@typekro/kit/golang';
import { sizeOf } from './compress.ts';
import { type ApiReply, type IncomingRequest, Query, splitTarget } from '../protocol/request.ts';

/**
 * Matches browsers and command-line programs. An API server indents its responses to them even without the parameter
 * `pretty`.
 */
const HUMAN_CLIENT = /^(?:curl|Wget|Mozilla\/5\.0)/;

/**
 * Indents a JSON response if the request asks for it or comes from a client with a human reader. Streams are not
 * indented.
 */
export function prettyReply(request: IncomingRequest, reply: ApiReply): ApiReply {
  const isJson = String(reply.headers['content-type']).startsWith('application/json');
  return isJson && reply.stream === undefined && wantsPretty(request) ? indentedReply(reply) : reply;
}

/** The maximum length of a response that is indented, in bytes. The whole response is parsed and printed at once. */
const MAX_INDENTED_BYTES = 8 * 1024 * 1024;

/** Indents a JSON response, unless it is too long. */
export function indentedReply(reply: ApiReply): ApiReply {
  const { body } = reply;
  if (body === undefined || sizeOf(body) > MAX_INDENTED_BYTES) return reply;
  const text = (Buffer.isBuffer(body) ? body : Buffer.concat(body)).toString('utf8');
  return { ...reply, body: Buffer.from(stringifyJson(parseJson(text), 2)) };
}

/**
 * Does the request want indented JSON? `pretty=1` in the header `Accept` takes precedence over the query parameter
 * `pretty`, and the parameter over the client's name.
 */
function wantsPretty({ target, headers }: IncomingRequest): boolean {
  if (/;\s*pretty=1\b/.test(headers['accept'] ?? '')) return true;
  const value = target.includes('pretty') ? new Query(splitTarget(target).query).get('pretty') : '';
  return value === '' ? HUMAN_CLIENT.test(headers['user-agent'] ?? '') : parseBool(value) === true;
}
