import type { ObjectRef } from '@typekro/kit/core';
import { Explanation } from '@typekro/engine/runtime';
import { readActionRequest, readPlanRequest } from './bodies.ts';
import type { InspectCall, InspectDetails } from './details.ts';
import { badInspectRequest, InspectFailure, refuseUnknownParameters } from './inspect-failure.ts';
import {
  INSTANCE_OPTIONS,
  instancePage,
  allowedValue,
  readInstanceQuery,
  wholeNumber,
  withInstanceCounts,
} from './instance-page.ts';
import { type InspectIndex, byDefinition } from './inspect-index.ts';
import type { DefinitionList, InspectMeta, InstancePage } from './inspect-model.ts';
import { parseInstanceRef } from './paths.ts';
import type { InspectSource } from './inspect-source.ts';
import { DEFINITION, maySeeInstance, visibleRows } from './visible-rows.ts';

/** The parts of a request that the routes read. */
export interface InspectRequest {
  readonly method: string;
  /** The decoded segments of the path after `/api/v1/`. */
  readonly segments: readonly string[];
  readonly parameters: URLSearchParams;
  /** Reads the body of a `POST`. */
  readonly body: () => Promise<string>;
}

/** The data that the routes return. */
export interface RouteContext {
  readonly index: InspectIndex;
  /** The reports of the controller in this process. Absent when no controller runs in this process. */
  readonly source?: InspectSource;
  /** Absent for a server that has only the reports of a controller. */
  readonly details?: InspectDetails;
  readonly call: InspectCall;
  readonly epoch: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The default number of lines of a log, and the maximum. */
const LOG_LINES = 200;
const MAX_LOG_LINES = 2000;

/**
 * The body of the response to a request. Requests for the event stream are answered elsewhere.
 *
 * @throws InspectFailure for an invalid request and for a subject that does not exist; also throws the errors of
 *   `context.details`.
 */
export async function answerInspect(request: InspectRequest, context: RouteContext): Promise<unknown> {
  const [collection, ...rest] = request.segments;
  switch (collection) {
    case 'meta':
      return rest.length === 0 ? read(request, [], () => metaOf(context)) : nothing();
    case 'definitions':
      return read(request, [], () => answerDefinitions(rest, context));
    case 'instances':
      return rest.length === 0
        ? read(request, INSTANCE_OPTIONS, () => pageOf(request.parameters, context))
        : answerInstance(request, rest, context);
    case 'plan':
      if (rest.length > 0) return nothing();
      return post(request, async (body) => {
        const { files } = readPlanRequest(body);
        return detailsOf(context).plan(files, context.call);
      });
    default:
      return nothing();
  }
}

/** Handles a read. Refuses methods other than GET and HEAD, and query options that `options` does not contain. */
function read<Answer>(
  { method, parameters }: InspectRequest,
  options: readonly string[],
  answer: () => Promise<Answer>,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') throw otherMethod('GET');
  refuseUnknownParameters(parameters, options);
  return answer();
}

async function post<Answer>(
  { method, body, parameters }: InspectRequest,
  answer: (body: string) => Promise<Answer>,
): Promise<Answer> {
  if (method !== 'POST') throw otherMethod('POST');
  refuseUnknownParameters(parameters, []);
  return answer(await body());
}

async function metaOf({ index, details, call, epoch, now }: RouteContext): Promise<InspectMeta> {
  if (details === undefined) {
    const cluster = { name: '' };
    return { version: '', cluster, source: 'controller', actions: [], plans: false, limits: [], epoch, now };
  }
  const meta = await details.meta(call);
  return { ...meta, limits: [...meta.limits, ...index.limits()], epoch, now };
}

async function answerDefinitions(rest: readonly string[], context: RouteContext): Promise<unknown> {
  const { call, index } = context;
  if (!(await call.viewer.mayList(DEFINITION))) {
    throw new InspectFailure('you may not list resourcegraphdefinitions.kro.run', {
      status: 403,
      code: 'inspect/forbidden',
      remedy: 'ask for a ClusterRole with the right to list them',
    });
  }
  const [name, part, number, ...more] = rest;
  if (name === undefined) return definitionList(context);
  if (more.length > 0 || (part !== undefined && part !== 'revisions')) return nothing();
  if (part === 'revisions') {
    const revision = wholeNumber('the revision', number ?? '');
    const found = await detailsOf(context).revision(name, revision, call);
    return found ?? missing(`the definition ${name} has no revision ${revision}`, 'inspect/no-revision');
  }
  const found = await detailsOf(context).definition(name, call);
  if (found === undefined) return missing(`there is no definition ${name}`, 'inspect/no-definition');
  const row = (await definitionList(context)).items.find((each) => each.name === name);
  return row === undefined || !index.definitions().some((each) => each.name === name)
    ? found
    : { ...found, definition: row };
}

/** The definitions, each with the counts of the instances that the caller may list. */
async function definitionList({ index, call }: RouteContext): Promise<DefinitionList> {
  const { rows, countLimits } = await visibleRows(index.instances(), call.viewer, { kinds: index.kinds() });
  const instances = byDefinition(rows);
  const items = index
    .definitions()
    .map((definition) => withInstanceCounts(definition, instances.get(definition.name) ?? []));
  return { items, limits: countLimits };
}

async function pageOf(parameters: URLSearchParams, { index, call }: RouteContext): Promise<InstancePage> {
  const query = readInstanceQuery(parameters);
  const all = index.instances();
  const { namespace } = query;
  const { rows, limits } = await visibleRows(
    namespace === undefined ? all : all.filter((row) => row.namespace === namespace),
    call.viewer,
    { kinds: index.kinds(query.definition), ...(namespace === undefined ? {} : { namespace }) },
  );
  return { ...instancePage(rows, query), limits };
}

async function answerInstance(
  request: InspectRequest,
  rest: readonly string[],
  context: RouteContext,
): Promise<unknown> {
  const { ref, path } = takeRef(rest);
  const { call, source, index } = context;
  const { parameters } = request;
  const subject = parseInstanceRef(ref);
  if (subject === undefined) return nothing();
  if (!(await maySeeInstance(subject, call.viewer))) {
    throw new InspectFailure(
      `you may not list ${subject.kind}${subject.namespace === undefined ? '' : ` in ${subject.namespace}`}`,
      { status: 403, code: 'inspect/forbidden' },
    );
  }
  const gone = (): never => {
    const last = index.removed(ref);
    throw new InspectFailure(last === undefined ? `there is no instance ${ref}` : `the instance ${ref} is gone`, {
      status: 404,
      code: 'inspect/no-instance',
      ...(last === undefined ? {} : { last }),
    });
  };
  const node = parameters.get('node') ?? undefined;
  const [part, name, ...more] = path;
  if (more.length > 0 || (name !== undefined && part !== 'nodes')) return nothing();
  switch (part) {
    case undefined:
      return read(request, [], async () => (await detailsOf(context).instance(ref, call)) ?? gone());
    case 'report':
      return read(request, [], async () => {
        if (source === undefined) throw noReports();
        const report = source.report(ref);
        if (report !== undefined) return { ...report, explanations: report.nodes.map(Explanation.of) };
        return index.instance(ref) === undefined
          ? gone()
          : missing(`the controller has no report of ${ref} yet`, 'inspect/no-report');
      });
    case 'why':
      return read(request, ['node'], async () => (await detailsOf(context).why(ref, node, call)) ?? gone());
    case 'nodes':
      return read(request, ['object'], async () => {
        const object = parameters.has('object') ? objectOf(parameters) : undefined;
        return (await detailsOf(context).node(ref, name ?? '', object, call)) ?? gone();
      });
    case 'object':
      return read(
        request,
        ['object'],
        async () => (await detailsOf(context).object(ref, objectOf(parameters), call)) ?? gone(),
      );
    case 'events':
      return read(request, ['node'], async () => (await detailsOf(context).events(ref, node, call)) ?? gone());
    case 'logs':
      return read(
        request,
        ['object', 'container', 'previous', 'tail'],
        async () => (await detailsOf(context).log(ref, logOf(parameters), call)) ?? gone(),
      );
    case 'actions':
      return post(request, async (body) => {
        const action = readActionRequest(body);
        const details = detailsOf(context);
        const { actions } = await details.meta(call);
        if (!actions.includes(action.action)) throw notAllowed();
        return (await details.act(ref, action, call)) ?? gone();
      });
    default:
      return nothing();
  }
}

/** Takes the address of an instance from the path. The address is one encoded segment, or four or five segments. */
function takeRef(rest: readonly string[]): { readonly ref: string; readonly path: readonly string[] } {
  const [first = '', ...others] = rest;
  if (first.includes('/')) return { ref: first, path: others };
  // An address in the core group has no segment for the group: `v1/ConfigMap/…`.
  const length = /^v\d+(?:(?:alpha|beta)\d+)?$/.test(first) ? 4 : 5;
  return { ref: rest.slice(0, length).join('/'), path: rest.slice(length) };
}

function objectOf(parameters: URLSearchParams): ObjectRef {
  const object = parseInstanceRef(parameters.get('object') ?? '');
  if (object === undefined)
    throw badInspectRequest('object must be apiVersion/Kind/namespace/name, with - for no namespace');
  return object;
}

function logOf(parameters: URLSearchParams) {
  const pod = objectOf(parameters);
  const container = parameters.get('container') ?? '';
  if (pod.kind !== 'Pod' || pod.apiVersion !== 'v1' || pod.namespace === undefined || container === '')
    throw badInspectRequest('a log needs object=v1/Pod/NAMESPACE/NAME and container=NAME');
  const tail = wholeNumber('tail', parameters.get('tail') ?? String(LOG_LINES));
  if (tail === 0) throw badInspectRequest('tail must be at least 1');
  const previous = allowedValue('previous', parameters.get('previous') ?? 'false', ['true', 'false']) === 'true';
  return { pod, container, previous, tail: Math.min(tail, MAX_LOG_LINES) };
}

function detailsOf({ details }: RouteContext): InspectDetails {
  if (details !== undefined) return details;
  throw new InspectFailure('this server has only the reports of its controller', {
    status: 404,
    code: 'inspect/no-details',
    remedy: 'start the controller with --dashboard-bind-address, or use typekro dashboard',
  });
}

function noReports(): InspectFailure {
  return new InspectFailure('this server has no reports of a controller', {
    status: 404,
    code: 'inspect/no-reports',
    remedy: 'start the controller with --inspect-bind-address, and read the reports there',
  });
}

function notAllowed(): InspectFailure {
  return new InspectFailure('this server changes nothing', {
    status: 403,
    code: 'inspect/read-only',
    remedy: 'use typekro dashboard, up or dev with --allow-actions',
  });
}

function otherMethod(allowed: 'GET' | 'POST'): InspectFailure {
  return new InspectFailure(`only ${allowed} is allowed here`, { status: 405, code: 'inspect/method' });
}

function missing(message: string, code: string): never {
  throw new InspectFailure(message, { status: 404, code });
}

function nothing(): never {
  throw new InspectFailure('there is nothing here', { status: 404, code: 'inspect/no-path' });
}
