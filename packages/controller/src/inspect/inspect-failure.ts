import { type TypeKroErrorDetails, TypeKroError } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import type { InstanceRow, InspectProblem, SourceDiagnostic } from './inspect-model.ts';

/** The maximum length of an unknown name in a message. */
const MAX_NAME_LENGTH = 100;

/** The details of an `InspectFailure`. */
interface InspectFailureDetails extends TypeKroErrorDetails {
  /** The status of the response, 400 or more. */
  readonly status: number;
  readonly last?: InstanceRow;
  readonly diagnostics?: readonly SourceDiagnostic[];
}

/** A failed request, with the status of its response. */
export class InspectFailure extends TypeKroError {
  readonly status: number;
  readonly last: InstanceRow | undefined;
  readonly diagnostics: readonly SourceDiagnostic[] | undefined;

  constructor(message: string, { status, last, diagnostics, ...details }: InspectFailureDetails) {
    super(message, details);
    this.status = status;
    this.last = last;
    this.diagnostics = diagnostics;
  }
}

/** The status and body of the response to a request that failed with this error. */
export function problemOf(error: unknown): { readonly status: number; readonly body: InspectProblem } {
  const { code, message, remedy } = TypeKroError.from(error, { code: 'inspect/unexpected' });
  const body = { code, message, ...(remedy === undefined ? {} : { remedy }) };
  if (error instanceof InspectFailure) {
    const { status, last, diagnostics } = error;
    return {
      status,
      body: { ...body, ...(last === undefined ? {} : { last }), ...(diagnostics === undefined ? {} : { diagnostics }) },
    };
  }
  return { status: error instanceof KubeError ? statusOf(error) : 500, body };
}

/**
 * The statuses 400, 403, 404, 409 and 422 of the API server are kept. Any other failure of the API server becomes 502
 * (Bad Gateway).
 */
function statusOf({ status }: KubeError): number {
  return status === 400 || status === 403 || status === 404 || status === 409 || status === 422 ? status : 502;
}

/** Parses the body of a `POST`. */
export function jsonBody(text: string): Readonly<Record<string, unknown>> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw badInspectRequest(`the body is not JSON: ${error.message}`);
    throw error;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badInspectRequest('the body must be a JSON object');
  return body as Readonly<Record<string, unknown>>;
}

/** The failure of a request that the client has written wrongly. */
export const badInspectRequest = (message: string): InspectFailure =>
  new InspectFailure(message, { status: 400, code: 'inspect/bad-request' });

/**
 * Refuses a query with an option that the path does not have. If a misspelled filter were ignored, the response would
 * contain more than the caller wants.
 *
 * @throws InspectFailure 400, which names the known options.
 */
export function refuseUnknownParameters(parameters: URLSearchParams, known: readonly string[]): void {
  const unknown = [...parameters.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const options = known.length === 0 ? 'this path has none' : `the options of this path are ${known.join(', ')}`;
  throw badInspectRequest(`there is no option ${JSON.stringify(unknown.slice(0, MAX_NAME_LENGTH))}: ${options}`);
}
