import type { Output } from '../protocol/negotiate.ts';
import type { ApiReply } from '../protocol/request.ts';
import { Turns } from './list-reply.ts';
import { replyList } from './respond.ts';
import { warningHeader } from '../protocol/reply.ts';
import { ApiError } from '../errors/api-error.ts';
import { deleteObject, warnOfOrphans } from './delete.ts';
import type { DeleteRequestOptions, ListRequestOptions } from './request-options.ts';
import { type ReadContext, selectionOf, selectItems } from './read.ts';
import type { WriteRequest, WriteServices } from './write.ts';

/**
 * Deletes the objects that the list options select, and leaves turns to other requests. With `limit`, deletes only one
 * page of them. The response is the list of these objects before their deletion; if it would be too long, nothing is
 * deleted. `admitted` runs each deletion, and runs it again after a wait for a webhook.
 */
export async function deleteCollection(
  context: ReadContext,
  write: WriteRequest,
  options: DeleteRequestOptions,
  listOptions: ListRequestOptions,
  output: Output,
  admitted: (attempt: (services: WriteServices) => void) => void | Promise<void>,
): Promise<ApiReply> {
  const { resource, namespace } = write;
  const { items, metadata } = await selectItems(
    context,
    resource,
    namespace,
    listOptions,
    selectionOf(context, resource, listOptions),
  );
  const reply = await replyList(resource, items, metadata, output, { includeObject: '' }, []);
  warnOfOrphans(write, options);
  const turns = new Turns();
  for (const stored of items) {
    try {
      const { name = '', namespace: place = '' } = stored.object.metadata;
      await admitted((services) => void deleteObject({ ...write, services, name, namespace: place }, options));
    } catch (thrown) {
      if (!(thrown instanceof ApiError) || thrown.httpCode !== 404) throw thrown;
    }
    await turns.next();
  }
  return { ...reply, headers: { ...reply.headers, ...warningHeader(write.warnings) } };
}
