import { isJsonObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import type { Output } from '../protocol/negotiate.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import type { ListMeta } from './respond.ts';
import { replyList, replyObject, representation } from './respond.ts';
import type { Matcher } from '../protocol/selectors.ts';
import { parseLabelSelector } from '../protocol/selectors.ts';
import { ApiError, badRequest, expired, internalError, notFound } from '../errors/status.ts';
import { fieldMatcher } from '../registry/field-selectors.ts';
import type { ServedResource } from '../registry/resource.ts';
import type { Store, Stored } from '../store/store.ts';
import { storeKey } from '../store/store.ts';
import type { ListRequestOptions } from './options.ts';
import { listOptions } from './options.ts';
import type { ClusterClock } from '../clock.ts';

/** What reads use of the cluster in addition to their resource: the version of the store, and a clock for waits. */
export interface ReadContext {
  readonly store: Pick<Store, 'version' | 'subscribe'>;
  readonly clock: ClusterClock;
}

/** The target of a read. A target without a name is a collection. */
export interface RequestTarget {
  readonly resource: ServedResource;
  readonly namespace: string;
  readonly name: string;
}

const FUTURE_WAIT_MS = 3000;

/** Answers a GET of one object. */
export async function getObject(
  context: ReadContext,
  request: ApiRequest,
  target: RequestTarget,
  output: Output,
  warnings: readonly string[],
): Promise<ApiReply> {
  const { resource, namespace, name } = target;
  const requestedVersion = request.query.get('resourceVersion');
  if (requestedVersion !== '') {
    if (!/^\d+$/.test(requestedVersion)) throw malformedVersion(requestedVersion, internalError);
    await untilVersion(context, Number(requestedVersion));
  }
  const key = storeKey(namespace, name);
  const stored =
    request.asOf === undefined
      ? resource.collection.get(key)
      : pastItems(resource, request.asOf).find((entry) => entry.key === key);
  if (stored === undefined) throw notFound(resource, name);
  const shown = representation(resource, stored);
  return replyObject(
    200,
    resource,
    shown.object,
    output,
    { includeObject: request.query.get('includeObject') },
    warnings,
    shown,
  );
}

export const malformedVersion = (asked: string, error: (message: string) => ApiError, prefix = ''): ApiError =>
  error(
    `${prefix}resourceVersion: Invalid value: ${goQuote(asked)}: strconv.ParseUint: parsing ${goQuote(asked)}: invalid syntax`,
  );

/** Waits until the store has the version. Throws 504 after `FUTURE_WAIT_MS`. */
export async function untilVersion(context: ReadContext, version: number): Promise<void> {
  if (version <= context.store.version) return;
  await new Promise<void>((resolve) => {
    const finish = () => {
      timer.cancel();
      unsubscribe();
      resolve();
    };
    const timer = context.clock.setTimer(FUTURE_WAIT_MS, finish);
    const unsubscribe = context.store.subscribe(() => {
      if (context.store.version >= version) finish();
    });
  });
  if (version <= context.store.version) return;
  throw new ApiError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${version}, current: ${context.store.version}`,
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
    headers: { 'retry-after': '1' },
  });
}

/** The selection of a list or watch. */
export interface ListSelection {
  readonly matches: Matcher | undefined;
  /** The name that the field selector requires; `undefined` when it requires none. */
  readonly onlyName: string | undefined;
}

/** Parses the selectors of a list or watch. Throws 400. */
export function selectionOf(
  resource: ServedResource,
  options: Pick<ListRequestOptions, 'labelSelector' | 'fieldSelector'>,
): ListSelection {
  const labels = parseLabelSelector(options.labelSelector);
  const fields = fieldMatcher(resource, options.fieldSelector);
  if (labels === undefined) return { matches: fields?.matches, onlyName: fields?.only };
  if (fields === undefined) return { matches: labels, onlyName: undefined };
  return { matches: (object) => labels(object) && fields.matches(object), onlyName: fields.only };
}

/** Answers a GET of a collection. */
export async function listObjects(
  context: ReadContext,
  request: ApiRequest,
  target: RequestTarget,
  output: Output,
  warnings: readonly string[],
): Promise<ApiReply> {
  const { resource, namespace } = target;
  const options = listOptions(request.query, false);
  const selection = selectionOf(resource, options);
  const { items, metadata } = await selectItems(context, resource, namespace, options, selection, request.asOf);
  return replyList(resource, items, metadata, output, { includeObject: request.query.get('includeObject') }, warnings);
}

/** The objects at a version, or at the oldest version for which the store has all events. */
function pastItems(resource: ServedResource, version: number): readonly Stored[] {
  const { collection } = resource;
  return collection.at(Math.max(version, collection.oldest)) ?? collection.all();
}

/** The objects and the metadata of a list. With `asOf`, the objects are those at this version. */
export async function selectItems(
  context: ReadContext,
  resource: ServedResource,
  namespace: string,
  options: ListRequestOptions,
  selection: ListSelection,
  asOf?: number,
): Promise<{ items: readonly Stored[]; metadata: ListMeta }> {
  const start =
    asOf === undefined
      ? await startOf(context, resource, namespace, options)
      : { items: inNamespace(pastItems(resource, asOf), namespace), from: 0, version: asOf };
  const { matches } = selection;
  const selects = (stored: Stored) => matches === undefined || matches(representation(resource, stored).object);
  // The API server answers version `0` from its cache. That answer has no pages.
  const paged = options.limit > 0 && options.resourceVersion !== '0';
  const limit = paged ? options.limit : Number.POSITIVE_INFINITY;
  if (limit === Number.POSITIVE_INFINITY) {
    const items = matches === undefined ? start.items.slice(start.from) : start.items.slice(start.from).filter(selects);
    return { items, metadata: { resourceVersion: String(start.version) } };
  }
  const items: Stored[] = [];
  // The loop ends at the limit. Only the next page finds out whether later objects match.
  let index = start.from;
  for (; index < start.items.length && items.length < limit; index++) {
    const stored = start.items[index];
    if (stored !== undefined && selects(stored)) items.push(stored);
  }
  const rest = selection.onlyName === undefined ? start.items.length - index : 0;
  if (rest === 0) return { items, metadata: { resourceVersion: String(start.version) } };
  const token = encodeToken(start.version, items.at(-1)?.key ?? '');
  const metadata = {
    resourceVersion: String(start.version),
    continue: token,
    ...(matches === undefined ? { remainingItemCount: rest } : {}),
  };
  return { items, metadata };
}

async function startOf(
  context: ReadContext,
  resource: ServedResource,
  namespace: string,
  options: ListRequestOptions,
): Promise<{ items: readonly Stored[]; from: number; version: number }> {
  const { resourceVersion: asked } = options;
  if (asked !== '' && !/^\d+$/.test(asked)) throw malformedVersion(asked, badRequest, 'invalid resource version: ');
  if (options.continue !== '') {
    const token = decodeToken(options.continue);
    if (asked !== '' && asked !== '0')
      throw badRequest('specifying resource version is not allowed when using continue');
    const version = token.version < 0 ? context.store.version : token.version;
    const all = resource.collection.at(version);
    if (all === undefined) {
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
        encodeToken(-1, token.key),
      );
    }
    const items = inNamespace(all, namespace);
    const from = items.findIndex((stored) => stored.key > token.key);
    return { items, from: from < 0 ? items.length : from, version };
  }
  if (asked !== '' && asked !== '0') {
    await untilVersion(context, Number(asked));
    if (options.resourceVersionMatch === 'Exact' || (options.limit > 0 && options.resourceVersionMatch === '')) {
      const all = resource.collection.at(Number(asked));
      if (all === undefined) throw expired(`The resourceVersion for the provided list is too old.`);
      return { items: inNamespace(all, namespace), from: 0, version: Number(asked) };
    }
  }
  return { items: resource.collection.inNamespace(namespace), from: 0, version: context.store.version };
}

function inNamespace(items: readonly Stored[], namespace: string): readonly Stored[] {
  return namespace === '' ? items : items.filter((stored) => stored.key.startsWith(`${namespace}/`));
}

function encodeToken(version: number, key: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: `${key}\u0000` })).toString('base64url');
}

function decodeToken(token: string): { version: number; key: string } {
  const bad = (problem: string) => badRequest(`invalid continue token: continue key is not valid: ${problem}`);
  const bytes = Buffer.from(token, 'base64url');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    const first = bytes[0] ?? 0;
    const character = first >= 0x80 ? `\\u${first.toString(16).padStart(4, '0')}` : String.fromCharCode(first);
    throw bad(`invalid character '${character}' looking for beginning of value`);
  }
  if (!isJsonObject(value)) throw bad('unexpected end of JSON input');
  const { v, rv, start } = value;
  if (v !== 'meta.k8s.io/v1')
    throw bad(`server does not recognize this encoded version ${typeof v === 'string' ? v : ''}`);
  if (typeof rv !== 'number' || rv === 0) throw bad('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '') throw bad('encoded start key empty (version meta.k8s.io/v1)');
  if (start.split('/').includes('..')) throw bad(start);
  return { version: rv, key: start.endsWith('\u0000') ? start.slice(0, -1) : start };
}
