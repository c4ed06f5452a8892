import { text } from 'node:stream/consumers';
import type { Cluster, UserInfo } from '@typekro/cluster';

/** The response to a request of `sendJson`. */
export interface JsonReply<Body> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

/** The body of a request of `sendJson`, its media type, and its user. */
export interface JsonRequest {
  readonly body?: object | undefined;
  /** Default: `application/json`. */
  readonly type?: string | undefined;
  /** Default: the administrator. */
  readonly user?: UserInfo | undefined;
}

/** Sends a request with a JSON body to a cluster. The response must also be JSON. */
export async function sendJson<Body = Record<string, unknown>>(
  cluster: Pick<Cluster, 'transport'>,
  method: string,
  path: string,
  { body, type = 'application/json', user }: JsonRequest = {},
): Promise<JsonReply<Body>> {
  const {
    status,
    headers,
    body: chunks,
  } = await cluster
    .transport(user)
    .request({
      method,
      path,
      headers: { 'content-type': type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return { status, headers, body: JSON.parse(await text(chunks)) as Body };
}
