import { explainNodes } from '../runtime/index.ts';
import type { InspectSource } from './reports.ts';

/** The response to a request for anything but the stream. */
export interface InspectAnswer {
  readonly status: number;
  /** Sent as JSON. */
  readonly body: unknown;
}

/** The result of routing: a response, or the stream of events after an id. */
export type InspectRoute =
  | { readonly kind: 'answer'; readonly answer: InspectAnswer }
  | { readonly kind: 'events'; readonly afterId: number | undefined };

/** The parts of a request that the interface reads. */
export interface InspectRequest {
  readonly method: string;
  /** Path with the query. */
  readonly url: string;
  readonly lastEventId?: string;
}

const PREFIX = '/api/v1/';
const REPORT = /^instances\/(.+)\/report$/;

/** Decides the response to a request. The address of an instance may be written with `/` or percent-encoded. */
export function routeInspect(source: InspectSource, request: InspectRequest): InspectRoute {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refuse(405, 'this interface only answers GET');
  }
  const { pathname, searchParams } = new URL(request.url, 'http://inspect');
  if (!pathname.startsWith(PREFIX)) return refuse(404, `there is nothing at ${pathname}`);
  const path = pathname.slice(PREFIX.length);
  switch (path) {
    case 'definitions':
      return answer({ items: source.definitions() });
    case 'instances':
      return answer({ items: filtered(source, searchParams.get('definition')) });
    case 'events':
      return { kind: 'events', afterId: idOf(request.lastEventId ?? searchParams.get('lastEventId')) };
    default:
      break;
  }
  const match = REPORT.exec(path);
  const ref = match?.[1] === undefined ? undefined : decode(match[1]);
  if (ref === undefined) return refuse(404, `there is nothing at ${pathname}`);
  const report = source.report(ref);
  return report === undefined
    ? refuse(404, `there is no instance ${ref}`)
    : answer({ ...report, explanations: explainNodes(report) });
}

function filtered(source: InspectSource, definition: string | null) {
  const instances = source.instances();
  return definition === null ? instances : instances.filter((instance) => instance.definition === definition);
}

function idOf(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function answer(body: unknown): InspectRoute {
  return { kind: 'answer', answer: { status: 200, body } };
}

function refuse(status: number, message: string): InspectRoute {
  return { kind: 'answer', answer: { status, body: { message } } };
}
