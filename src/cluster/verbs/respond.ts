import type { ServedResource } from '../registry/resource.ts';
import type { Representation } from '../store/representation.ts';
import type { Stored } from '../store/store.ts';
import { partialOf } from '../table/partial.ts';
import type { Output } from '../protocol/negotiate.ts';
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

/** An answer with one object. `stored` is the object's form in the store, when the answer is a stored object. */
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
      : partialOf(object);
  return replyValue(status, value, output, headers);
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

/** An answer with a list. */
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
    const list = {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: brief,
      // The server writes null for an empty list here.
      items: shown.length === 0 ? null : shown.map(({ object }) => partialOf(object)),
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
