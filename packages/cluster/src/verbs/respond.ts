import type { ServedResource } from '../registry/served-resource.ts';
import type { Representation } from '../store/representation.ts';
import type { Stored } from '../store/stored.ts';
import { partialOf } from '../table/partial-object.ts';
import { ApiError } from '../errors/api-error.ts';
import type { Output, PartialOutput } from '../protocol/negotiate.ts';
import type { ApiReply } from '../protocol/request.ts';
import { warningHeader, replyValue } from '../protocol/reply.ts';
import { replyParts } from './list-reply.ts';

/** The stored object in the resource's version. */
export function representation(resource: ServedResource, stored: Stored): Representation {
  return stored.as(resource);
}

const tableOptions = ({ includeObject }: { includeObject: string }, { version }: Output) => ({
  includeObject,
  withColumns: true,
  version,
});

/**
 * A response with one object. `stored` is given when the object is a stored object, so that its cached bytes can be
 * sent.
 */
export function replyObject(
  status: number,
  resource: ServedResource,
  object: Representation['object'],
  output: Output,
  query: { includeObject: string },
  warnings: readonly string[],
  stored?: Representation,
): ApiReply {
  const headers = warningHeader(warnings);
  if (output.form === 'object') {
    if (stored !== undefined && !output.yaml) {
      return {
        status,
        headers: { 'content-type': output.contentType, 'cache-control': 'no-cache, private', ...headers },
        body: stored.bytes,
      };
    }
    return replyValue(status, object, output, headers);
  }
  const value =
    output.form === 'table'
      ? output.tableOf(
          resource,
          [object],
          { resourceVersion: object.metadata.resourceVersion },
          tableOptions(query, output),
        )
      : output.form === 'partial'
        ? asPartial(resource, object, output)
        : object;
  return replyValue(status, value, output, headers);
}

/** The metadata of one object. */
function asPartial(resource: ServedResource, object: Representation['object'], output: PartialOutput): unknown {
  if (!output.isList) return partialOf(object, output.version);
  throw notAcceptable(
    `you requested PartialObjectMetadataList, but the requested object is not a list (${goType(resource, '')})`,
  );
}

const notAcceptable = (message: string): ApiError => new ApiError({ code: 406, reason: 'NotAcceptable', message });

/** The name of the Go type that an API server uses for the objects of a resource, as messages contain it. */
function goType({ custom, group, kind }: ServedResource, suffix: '' | 'List'): string {
  if (custom !== undefined) return `*unstructured.Unstructured${suffix}`;
  const [name = ''] = group.split('.');
  return `*${name === '' || name === 'events' ? 'core' : name}.${kind}${suffix}`;
}

/** `metadata` of a list. */
export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
  /** The shard selector of the list. Tables and lists of metadata do not have it. */
  readonly shardInfo?: { readonly selector: string };
}

/** A response with a list. The forms of its objects are created one by one. */
export function replyList(
  resource: ServedResource,
  items: readonly Stored[],
  metadata: ListMeta,
  output: Output,
  query: { includeObject: string },
  warnings: readonly string[],
): Promise<ApiReply> | ApiReply {
  const headers = warningHeader(warnings);
  const { shardInfo: _shardInfo, ...brief } = metadata;
  const mapped = function* (show: (form: Representation) => unknown) {
    for (const stored of items) yield show(representation(resource, stored));
  };
  if (output.form === 'table') {
    const table = (objects: readonly Representation['object'][]) =>
      output.tableOf(resource, objects, brief, tableOptions(query, output)) as { readonly rows: readonly unknown[] };
    const { rows: _rows, ...head } = table([]);
    return replyParts(
      { head, member: 'rows', items: mapped(({ object }) => table([object]).rows[0]) },
      output,
      headers,
    );
  }
  if (output.form === 'partial') {
    const { isList, version } = output;
    if (!isList) {
      throw notAcceptable(
        `you requested PartialObjectMetadata, but the requested object is a list (${goType(resource, 'List')})`,
      );
    }
    const head = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata: brief };
    // As in the API server, an empty list is null here.
    if (items.length === 0) return replyValue(200, { ...head, items: null }, output, headers);
    return replyParts(
      { head, member: 'items', items: mapped(({ object }) => partialOf(object, version)) },
      output,
      headers,
    );
  }
  const head = { kind: resource.listKind, apiVersion: resource.apiVersion, metadata };
  const isTyped = resource.custom !== undefined;
  const shown = output.yaml
    ? mapped(({ object }) => (isTyped ? object : withoutType(object)))
    : mapped(({ bytes, bodyStart }) => (isTyped ? bytes : bytes.subarray(bodyStart)));
  const prefix = isTyped ? '' : '{';
  return replyParts({ head, member: 'items', items: shown, prefix }, output, headers);
}

function withoutType(object: Representation['object']): unknown {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}
