import { TypeKroError, withGroup } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import type { FieldError } from '@typekro/kit/kubernetes';

/** One entry of `details.causes`. */
export interface StatusCause {
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

/** `details` of a Status. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** The body of an error response. Also the body of the response to a deletion that returns no object. */
export interface StatusBody {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: { readonly continue?: string };
  readonly status: 'Failure' | 'Success';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** The content of an error response. */
export interface ApiErrorInit {
  readonly code: number;
  readonly reason?: string;
  readonly message: string;
  readonly details?: StatusDetails;
  /**
   * The `continue` token of an expired list. With this token, the client can continue the list at the current resource
   * version.
   */
  readonly metadata?: StatusBody['metadata'];
  /** Messages for the `Warning` header, in addition to earlier warnings. */
  readonly warnings?: readonly string[];
  /** Headers in addition to the content type. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The refusal of a request. The handler converts the error to a `Status` response. */
export class ApiError extends TypeKroError {
  readonly status: StatusBody;
  readonly httpCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];

  constructor(init: ApiErrorInit) {
    super(init.message, { code: `cluster/${init.reason === undefined ? 'internal' : kebab(init.reason)}` });
    this.httpCode = init.code;
    this.headers = init.headers ?? {};
    this.warnings = init.warnings ?? [];
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: init.metadata ?? {},
      status: 'Failure',
      message: init.message,
      ...(init.reason === undefined ? {} : { reason: init.reason }),
      ...(init.details === undefined ? {} : { details: init.details }),
      code: init.code,
    };
  }
}

function kebab(reason: string) {
  return reason.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

/** The group and plural of a resource. Messages print them as `deployments.apps`. */
export interface GroupResource {
  readonly group: string;
  readonly plural: string;
}

const named = (resource: GroupResource, name: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(resource.group === '' ? {} : { group: resource.group }),
  kind: resource.plural,
});

export function badRequest(message: string): ApiError {
  return new ApiError({ code: 400, reason: 'BadRequest', message });
}

/** 503: the server, or a server that it depends on, cannot respond at the moment. */
export function serviceUnavailable(message: string): ApiError {
  return new ApiError({ code: 503, reason: 'ServiceUnavailable', message });
}

/** An internal error of the server. Its status has no reason. */
export function internalError(message: string): ApiError {
  return new ApiError({ code: 500, message });
}

/** Makes an error 500 in the form of an API server's internal errors: the cause repeats the message. */
export function errorWithCause(message: string): ApiError {
  return new ApiError({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
  });
}

export function notFound(resource: GroupResource, name: string): ApiError {
  const message = `${withGroup(resource.plural, resource.group)} ${goQuote(name)} not found`;
  return new ApiError({ code: 404, reason: 'NotFound', message, details: named(resource, name) });
}

/** 409: the name is taken. `prefix` precedes the message. */
export function alreadyExists(resource: GroupResource, name: string, prefix = ''): ApiError {
  const message = `${prefix}${withGroup(resource.plural, resource.group)} ${goQuote(name)} already exists`;
  return new ApiError({ code: 409, reason: 'AlreadyExists', message, details: named(resource, name) });
}

export function conflict(resource: GroupResource, name: string, problem: string): ApiError {
  const type = withGroup(resource.plural, resource.group);
  const message = `Operation cannot be fulfilled on ${type} ${goQuote(name)}: ${problem}`;
  return new ApiError({ code: 409, reason: 'Conflict', message, details: named(resource, name) });
}

export function forbidden(
  resource: GroupResource,
  name: string,
  problem: string,
  causes?: readonly StatusCause[],
): ApiError {
  const type = withGroup(resource.plural, resource.group);
  const message =
    name === '' ? `${type} is forbidden: ${problem}` : `${type} ${goQuote(name)} is forbidden: ${problem}`;
  const details = { ...named(resource, name), ...(causes === undefined ? {} : { causes }) };
  return new ApiError({ code: 403, reason: 'Forbidden', message, details });
}

/** 404: the server does not know the path. */
export function unknownResource(): ApiError {
  const message = 'the server could not find the requested resource';
  return new ApiError({ code: 404, reason: 'NotFound', message, details: {} });
}

export function methodNotAllowed(): ApiError {
  const message = 'the server does not allow this method on the requested resource';
  return new ApiError({ code: 405, reason: 'MethodNotAllowed', message, details: {} });
}

/**
 * 410: the requested resource version, or the version in a list's `continue` token, is older than all events that the
 * server keeps.
 */
export function expired(message: string, token?: string): ApiError {
  const metadata = token === undefined ? {} : { continue: token };
  return new ApiError({ code: 410, reason: 'Expired', message, metadata });
}

export function requestTooLarge(limit: number): ApiError {
  return new ApiError({
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `Request entity too large: limit is ${limit}`,
  });
}

/** An API server's refusal of a request while it handles too many. Clients repeat the request after a second. */
export function tooManyRequests(): ApiError {
  const message = 'Too many requests, please try again later.';
  return new ApiError({
    code: 429,
    reason: 'TooManyRequests',
    message,
    details: { retryAfterSeconds: 1 },
    headers: { 'retry-after': '1' },
  });
}

/** The maximum size of a stored object, in bytes: the default of etcd's flag `--max-request-bytes`. */
export const MAX_STORED_BYTES = 1.5 * 1024 * 1024;

/** etcd's message for an object that is too large to be stored. An API server returns it with the status 500. */
export const STORED_TOO_LARGE = 'etcdserver: request is too large';

/** The maximum number of problems of one object, and the maximum length of their texts together, in characters. */
const MAX_PROBLEMS = 2000;
const MAX_PROBLEMS_LENGTH = 4 * 1024 * 1024;

/** The problems that a response lists: as many as the limits allow, and at least one. */
export function firstProblems<T extends Pick<FieldError, 'field' | 'message'>>(problems: readonly T[]): readonly T[] {
  let length = 0;
  const end = problems.findIndex(({ field, message }, index) => {
    length += field.length + message.length;
    return index >= MAX_PROBLEMS || (index > 0 && length > MAX_PROBLEMS_LENGTH);
  });
  return end < 0 ? problems : problems.slice(0, end);
}

/** 422: the object of this group and kind is invalid. */
export function invalid(group: string, kind: string, name: string, problems: readonly FieldError[]): ApiError {
  const shown = firstProblems(problems);
  const causes = shown.map(({ reason, field, message }) => ({ reason, message, field }));
  const texts = [...new Set(shown.map((problem) => `${problem.field}: ${problem.message}`))];
  if (shown.length < problems.length) texts.push(`and ${problems.length - shown.length} more`);
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new ApiError({
    code: 422,
    reason: 'Invalid',
    message: `${withGroup(kind, group)} ${goQuote(name)} is invalid: ${text}`,
    details: {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      ...(kind === '' ? {} : { kind }),
      causes,
    },
  });
}
