import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createAuthority } from '@typekro/kube/certificates';
import type { JsonObject } from '@typekro/kit/core';

/** The member `request` of an `AdmissionReview`. */
export interface ReviewRequest {
  readonly uid: string;
  readonly operation: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly subResource?: string;
  readonly dryRun: boolean;
  readonly object: (JsonObject & { readonly metadata: JsonObject }) | null;
  readonly oldObject: JsonObject | null;
  readonly kind: JsonObject;
  readonly resource: JsonObject;
  readonly requestKind: JsonObject;
  readonly options: JsonObject;
  readonly userInfo: JsonObject;
}

/** The response of a webhook: its members without `uid`, or a function that writes the HTTP response itself. */
export type ReviewAnswer = JsonObject | ((response: ServerResponse, request: ReviewRequest) => void);

/** A server of admission webhooks. */
export interface WebhookServer extends TlsServer {
  /** The received reviews in order, with their paths. */
  readonly seen: { readonly path: string; readonly apiVersion: string; readonly request: ReviewRequest }[];
}

/** The response of a mutating webhook with a JSON patch. */
export const patchAnswer = (operations: readonly object[]): JsonObject => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});

/** Starts a webhook server. `decide` makes its responses. `serverNames` are the names in its certificate. */
export async function openWebhookServer(
  decide: (request: ReviewRequest, path: string) => ReviewAnswer,
  serverNames: readonly string[] = [],
): Promise<WebhookServer> {
  const seen: WebhookServer['seen'] = [];
  const server = await openTlsServer(serverNames, async (message, response) => {
    const { apiVersion, request } = JSON.parse(await text(message)) as { apiVersion: string; request: ReviewRequest };
    const path = message.url ?? '';
    seen.push({ path, apiVersion, request });
    const decided = decide(request, path);
    if (typeof decided === 'function') return decided(response, request);
    const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
    response.end(JSON.stringify({ ...review, response: { uid: request.uid, ...decided } }));
  });
  return { ...server, seen };
}

/** An HTTPS server on a free port of this machine. */
export interface TlsServer extends AsyncDisposable {
  readonly url: string;
  /** The certificate of the authority that issued the server's certificate, for `clientConfig.caBundle`. */
  readonly caBundle: string;
  /** The certificate of the server itself, in the form of `caBundle`. */
  readonly certificate: string;
}

/** Starts a server. If `answer` fails, the server breaks the connection. */
export async function openTlsServer(
  serverNames: readonly string[],
  answer: (message: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<TlsServer> {
  const authority = createAuthority(Date.now());
  const pair = authority.issue(['localhost', ...serverNames], ['127.0.0.1']);
  const server = createServer(pair, (message, response) => {
    answer(message, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    caBundle: Buffer.from(authority.ca).toString('base64'),
    certificate: Buffer.from(pair.cert).toString('base64'),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
