import { inProcessTransport } from './http/in-process.ts';
import type { HandlerContext } from './http/handler.ts';

/** The response to a request that the cluster sends to itself. */
export interface OwnAnswer {
  readonly status: number;
  readonly text: string;
}

/** Sends a request to the cluster as the administrator. A PATCH is sent as a forced server-side apply. */
export async function ownRequest(
  context: HandlerContext,
  method: 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
): Promise<OwnAnswer> {
  const isApply = method === 'PATCH';
  const reply = await inProcessTransport(context).request({
    method,
    path: `${path}${isApply ? '?fieldManager=typekro&force=true' : ''}`,
    headers: { 'content-type': isApply ? 'application/apply-patch+yaml' : 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  let text = '';
  for await (const chunk of reply.body) text += Buffer.from(chunk).toString();
  return { status: reply.status, text };
}
