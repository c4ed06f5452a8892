import type { ServedResource } from '../registry/resource.ts';
import type { Representation } from '../store/representation.ts';
import type { Stored } from '../store/stored.ts';
import { partialOf } from '../table/partial-object.ts';
import { ApiError } from '../errors/status.ts';
import type { Output, PartialOutput } from '../protocol/negotiate.ts';
import type { ApiReply } from '../protocol/request.ts';
import { warningHeader, replyValue } from '../protocol/reply.ts';

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

const COMMA = Buffer.from(',');
const OPEN = Buffer.from('{');
const CLOSE = Buffer.from(']}');

/** A response with a list. */
export function replyList(
  resource: ServedResource,
  items: readonly Stored[],
  metadata: ListMeta,
  output: Output,
  query: { includeObject: string },
  warnings: readonly string[],
): ApiReply {
  const headers = warningHeader(warnings);
  const shown = items.map((stored) => representation(resource, stored));
  const { shardInfo: _shardInfo, ...brief } = metadata;
  if (output.form === 'table') {
    return replyValue(
      200,
      output.tableOf(
        resource,
        shown.map(({ object }) => object),
        brief,
        tableOptions(query, output),
      ),
      output,
      headers,
    );
  }
  if (output.form === 'partial') {
    if (!output.isList) {
      throw notAcceptable(
        `you requested PartialObjectMetadata, but the requested object is a list (${goType(resource, 'List')})`,
      );
    }
    const list = {
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${output.version}`,
      metadata: brief,
      // As in the API server, an empty list is null here.
      items: shown.length === 0 ? null : shown.map(({ object }) => partialOf(object, output.version)),
    };
    return replyValue(200, list, output, headers);
  }
  if (output.yaml) {
    const bare = shown.map(({ object }) => (resource.custom === undefined ? withoutType(object) : object));
    return replyValue(
      200,
      { kind: resource.listKind, apiVersion: resource.apiVersion, metadata, items: bare },
      output,
      headers,
    );
  }
  const head = `{"kind":${JSON.stringify(resource.listKind)},"apiVersion":${JSON.stringify(resource.apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`;
  const chunks: Buffer[] = [Buffer.from(head)];
  for (const [index, { bytes, bodyStart }] of shown.entries()) {
    if (index > 0) chunks.push(COMMA);
    if (resource.custom === undefined) chunks.push(OPEN, bytes.subarray(bodyStart));
    else chunks.push(bytes);
  }
  chunks.push(CLOSE);
  return {
    status: 200,
    headers: { 'content-type': output.contentType, 'cache-control': 'no-cache, private', ...headers },
    body: chunks,
  };
}

function withoutType(object: Representation['object']): unknown {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}
