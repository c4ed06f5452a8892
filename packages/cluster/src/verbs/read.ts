import { goParseUint, goQuote } from '@typekro/kit/golang';
import { type FormsContext, prepareForms } from '../conversion/forms.ts';
import type { Output } from '../protocol/negotiate.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import { Turns } from './list-reply.ts';
import { type ListMeta, replyList, replyObject, representation } from './respond.ts';
import { type Matcher, type ShardSelector, parseLabelSelector } from '../protocol/selectors.ts';
import type { SchemaEngineSource } from '../crd/needs-schemas.ts';
import { ApiError, badRequest, expired, internalError, notFound } from '../errors/api-error.ts';
import { fieldMatcher } from '../registry/field-selectors.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { Stored } from '../store/stored.ts';
import { type Store, ofNamespace, positionAfter, storeKey } from '../store/store.ts';
import { decodeToken, encodeToken, isExpired } from './continue-token.ts';
import { type ListRequestOptions, listOptions } from './request-options.ts';
import type { ClusterClock } from '../cluster-clock.ts';

/**
 * The parts of the cluster that `selectionOf` uses. The schema engine must be loaded for a request with a
 * `shardSelector`.
 */
export interface SelectionContext {
  readonly schemas: SchemaEngineSource;
}

/**
 * The parts of the cluster that a read uses in addition to its resource, such as the store, for whose version a read
 * may wait, and a clock for this wait.
 */
export interface ReadContext extends SelectionContext, FormsContext, VersionContext {
  readonly store: Pick<Store, 'version' | 'subscribe' | 'recordCompaction'>;
}

/** The parts of the cluster that `untilVersion` uses. */
export interface VersionContext {
  readonly store: Pick<Store, 'version' | 'subscribe'>;
  readonly clock: ClusterClock;
}

/** The target of a read: an object, or a collection if `name` is empty. */
export interface RequestTarget {
  readonly resource: ServedResource;
  readonly namespace: string;
  readonly name: string;
}

const FUTURE_WAIT_MS = 3000;

/** Handles a GET of one object. */
export async function getObject(
  context: ReadContext,
  request: ApiRequest,
  target: RequestTarget,
  output: Output,
  warnings: readonly string[],
): Promise<ApiReply> {
  const { resource, namespace, name } = target;
  const requestedVersion = request.query.get('resourceVersion');
  if (requestedVersion !== '') await untilVersion(context, parseVersion(requestedVersion, internalError));
  const key = storeKey(namespace, name);
  const stored =
    request.asOf === undefined
      ? resource.collection.get(key)
      : pastItems(resource, request.asOf).find((entry) => entry.key === key);
  if (stored === undefined) throw notFound(resource, name);
  await prepareForms(context, resource, [stored], true);
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

/** Parses a `resourceVersion`; 0 for an empty string. `error` creates the error for a malformed string. */
export function parseVersion(text: string, error: (message: string) => ApiError, prefix = ''): number {
  if (text === '') return 0;
  const parsed = goParseUint(text);
  if (parsed.ok) return Number(parsed.value);
  throw error(`${prefix}resourceVersion: Invalid value: ${goQuote(text)}: ${parsed.error}`);
}

/** Waits until the store has the version. Throws 504 after `FUTURE_WAIT_MS`. */
export async function untilVersion(context: VersionContext, version: number): Promise<void> {
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
  /** The name that the field selector requires; `undefined` when it requires no name. */
  readonly onlyName: string | undefined;
  /** The shard selector of the request. `matches` also checks it. */
  readonly shard: ShardSelector | undefined;
  /**
   * Does the request have neither a label selector nor a field selector? Only then the metadata contain
   * `remainingItemCount`, which ignores the shard selector.
   */
  readonly countsAll: boolean;
}

/** Parses the selectors of a list or watch. Throws 400, and 500 for a malformed shard selector. */
export function selectionOf(
  { schemas }: SelectionContext,
  resource: ServedResource,
  options: Pick<ListRequestOptions, 'labelSelector' | 'fieldSelector' | 'shardSelector'>,
): ListSelection {
  const labels = parseLabelSelector(options.labelSelector);
  const fields = fieldMatcher(resource, options.fieldSelector);
  const shard = options.shardSelector === '' ? undefined : schemas().parseShardSelector(options.shardSelector);
  const all = [labels, fields?.matches, shard?.matches].filter((matcher) => matcher !== undefined);
  return {
    matches: allOf(all),
    onlyName: fields?.only,
    shard,
    countsAll: labels === undefined && fields === undefined,
  };
}

/** A matcher that requires all given matchers; `undefined` when the list is empty. */
function allOf(matchers: readonly Matcher[]): Matcher | undefined {
  const [first, ...more] = matchers;
  return more.length === 0 ? first : (object) => matchers.every((matches) => matches(object));
}

/** Handles a GET of a collection. */
export async function listObjects(
  context: ReadContext,
  request: ApiRequest,
  target: RequestTarget,
  output: Output,
  warnings: readonly string[],
): Promise<ApiReply> {
  const { resource, namespace } = target;
  const options = listOptions(request.query, false);
  const selection = selectionOf(context, resource, options);
  const { items, metadata } = await selectItems(context, resource, namespace, options, selection, request.asOf);
  return replyList(resource, items, metadata, output, { includeObject: request.query.get('includeObject') }, warnings);
}

/**
 * The objects at a resource version. If the store no longer has this version, the objects at the oldest version that it
 * has.
 */
function pastItems(resource: ServedResource, version: number): readonly Stored[] {
  const { collection } = resource;
  return collection.at(Math.max(version, collection.oldest)) ?? collection.all();
}

/** The objects and the metadata of a list. With `asOf`, selects from the objects at this resource version. */
export async function selectItems(
  context: ReadContext,
  resource: ServedResource,
  namespace: string,
  options: ListRequestOptions,
  selection: ListSelection,
  asOf?: number,
): Promise<{ items: readonly Stored[]; metadata: ListMeta }> {
  const start: ListStart =
    asOf === undefined
      ? await startOf(context, resource, namespace, options)
      : { items: ofNamespace(pastItems(resource, asOf), namespace), from: 0, version: asOf };
  await prepareForms(context, resource, start.items);
  const { matches } = selection;
  const selects = (stored: Stored) => matches === undefined || matches(representation(resource, stored).object);
  const metadata: ListMeta = {
    resourceVersion: String(start.version),
    ...(selection.shard === undefined ? {} : { shardInfo: { selector: selection.shard.text } }),
  };
  // The API server serves lists at version `0` from its cache, without paging.
  const paged = options.limit > 0 && options.resourceVersion !== '0';
  if (!paged && matches === undefined) return { items: start.items.slice(start.from), metadata };
  const limit = paged ? options.limit : Infinity;
  const items: Stored[] = [];
  const turns = new Turns();
  // The loop ends at the limit, without checking whether a later object matches. The next page may therefore be empty.
  let index = start.from;
  for (; index < start.items.length && items.length < limit; index++) {
    const stored = start.items[index];
    if (stored !== undefined && selects(stored)) items.push(stored);
    await turns.next();
  }
  const isOneObject = selection.onlyName !== undefined && (namespace !== '' || !resource.namespaced);
  if (!paged || isOneObject || index === start.items.length) return { items, metadata };
  const remaining = start.items.length - start.from - options.limit;
  const next = {
    continue: encodeToken({
      version: start.version,
      key: items.at(-1)?.key ?? '',
      listedAt: start.listedAt ?? context.clock.now(),
    }),
    ...(selection.countsAll ? { remainingItemCount: remaining } : {}),
  };
  return { items, metadata: { ...metadata, ...next } };
}

/** The start of a page. For a list that is continued, `listedAt` is the time of its first page. */
interface ListStart {
  readonly items: readonly Stored[];
  readonly from: number;
  readonly version: number;
  readonly listedAt?: number;
}

async function startOf(
  context: ReadContext,
  resource: ServedResource,
  namespace: string,
  options: ListRequestOptions,
): Promise<ListStart> {
  const { resourceVersion: requestedVersion } = options;
  if (options.continue !== '') {
    const token = decodeToken(options.continue);
    if (requestedVersion !== '' && requestedVersion !== '0')
      throw badRequest('specifying resource version is not allowed when using continue');
    const version = token.version < 0 ? context.store.version : token.version;
    await untilVersion(context, version);
    const all = isExpired(token, context.clock.now()) ? undefined : resource.collection.at(version);
    if (all === undefined) {
      // The store records a compaction, which increases its version. The remaining pages therefore have a later
      // version, even if no object has changed.
      if (context.store.version === version) context.store.recordCompaction();
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
        encodeToken({ version: -1, key: token.key }),
      );
    }
    const items = ofNamespace(all, namespace);
    const from = positionAfter(items, token.key);
    const { listedAt } = token;
    const dated = listedAt === undefined || token.version < 0 ? {} : { listedAt };
    return { items, from, version, ...dated };
  }
  const version = parseVersion(requestedVersion, badRequest, 'invalid resource version: ');
  await untilVersion(context, version);
  const match = options.resourceVersionMatch;
  if (version > 0 && (match === 'Exact' || (options.limit > 0 && match === ''))) {
    const all = resource.collection.at(version);
    if (all === undefined) throw expired(`The resourceVersion for the provided list is too old.`);
    return { items: ofNamespace(all, namespace), from: 0, version };
  }
  return { items: resource.collection.inNamespace(namespace), from: 0, version: context.store.version };
}
