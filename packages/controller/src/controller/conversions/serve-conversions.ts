import {
  stringifyJson,
  type JsonObject,
  type KubeObject,
  httpsLibrary,
  readLimitedBody,
  releaseBody,
  tryParseJson,
  TypeKroError,
} from '@typekro/kit/core';
import { createHttpServer, openServer } from '@typekro/kit/servers';
import { objectAt } from '@typekro/kit/kubernetes';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, ServerOptions } from 'node:https';
import { type Clock, type KubernetesApi, KubeError } from '@typekro/kube';
import type { Logger } from '../logger.ts';
import { parseListenAddress } from '../probes.ts';
import type { ConversionAddress, ConversionService } from './conversion-address.ts';
import { ConversionServer } from './conversion-server.ts';
import {
  type ServingCertificates,
  dueCertificates,
  readSecretData,
  secretData,
  trustedCertificates,
} from './serving-certificates.ts';

/** The maximum size of a review, in bytes. An API server sends all objects of a page of a list in one review. */
const MAX_REVIEW_BYTES = 48 * 1024 * 1024;
/** The interval in which the certificates are read again. Another replica may have renewed them. */
const CHECK_MS = 10 * 60_000;

/** The name of the Secret with the certificates, in the namespace of the Service. */
export const CERTIFICATES_SECRET = 'typekro-conversions-tls';

/** The dependencies of `serveConversions`. */
export interface ServeConversionsOptions {
  readonly client: KubernetesApi;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The address to listen on, in Go's notation. */
  readonly bind: string;
  /** The Service whose pods are the replicas of the controller. */
  readonly service: ConversionService;
}

/** An open conversion server. */
export interface OpenConversions {
  readonly url: string;
  /** The option `conversions` of the controller. */
  readonly address: ConversionAddress;
  close(): Promise<void>;
}

/**
 * Answers ConversionReviews over HTTPS. Every replica does so, also while another one leads, because reads of a kind
 * fail as long as nobody answers. The replicas share certificates in a Secret, which they make and renew themselves.
 *
 * @throws TypeKroError `controller/listen` when the address cannot be opened.
 * @throws KubeError when the Secret cannot be read or written.
 */
export async function serveConversions(options: ServeConversionsOptions): Promise<OpenConversions> {
  const { bind, service } = options;
  const ended = new AbortController();
  const store = new CertificateStore(options, ended.signal);
  let certificates = await store.due();
  const conversions = new ConversionServer(options.client);
  const tls: ServerOptions = { ...certificates.current };
  const server: Server = createHttpServer(
    httpsLibrary(),
    tls,
    (request, response) => void answer(request, response, conversions, ended.signal),
  ) as Server;
  const { host, port } = parseListenAddress(bind);
  const { authority, close } = await openServer(server, port, host).catch((cause: unknown) => {
    throw new TypeKroError(`${bind} could not be opened: ${(cause as Error).message}`, {
      code: 'controller/listen',
      cause,
      remedy: 'choose another address with --conversion-bind-address',
    });
  });
  const listeners: (() => void)[] = [];
  store.check(CHECK_MS, (changed) => {
    const isTrustChanged = trustedCertificates(changed) !== trustedCertificates(certificates);
    certificates = changed;
    server.setSecureContext({ ...changed.current });
    if (isTrustChanged) for (const listener of listeners) listener();
  });
  return {
    url: `https://${authority}`,
    address: {
      ...service,
      caBundle: () => trustedCertificates(certificates),
      onChange: (listener) => void listeners.push(listener),
    },
    async close() {
      ended.abort();
      await close();
    },
  };
}

/** Reads, makes and renews the certificates in the Secret. */
class CertificateStore {
  readonly #options: ServeConversionsOptions;
  readonly #signal: AbortSignal;
  readonly #names: readonly string[];

  constructor(options: ServeConversionsOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    const { name, namespace, url } = options.service;
    const host = `${name}.${namespace}.svc`;
    this.#names = [
      host,
      `${host}.cluster.local`,
      ...(url === undefined ? [] : [new URL(url).hostname.replace(/^\[|\]$/g, '')]),
    ];
  }

  /** The certificates of the Secret, after due changes. Another replica may write the Secret at the same time. */
  async due(): Promise<ServingCertificates> {
    const { client, clock, service } = this.#options;
    const ref = { apiVersion: 'v1', kind: 'Secret', name: CERTIFICATES_SECRET, namespace: service.namespace };
    for (;;) {
      const live = await client.find(ref, { signal: this.#signal });
      const known = live === undefined ? {} : readSecretData(objectAt(live, 'data'));
      const due = dueCertificates(known, this.#names, clock.now());
      if (due.current === known.current && due.next === known.next) return due;
      try {
        await this.#write(live, due);
        return due;
      } catch (thrown) {
        // Another replica was faster: read what it has written.
        if (!(thrown instanceof KubeError) || thrown.status !== 409) throw thrown;
      }
    }
  }

  async #write(live: KubeObject | undefined, due: ServingCertificates): Promise<void> {
    const { client, service } = this.#options;
    const metadata = { name: CERTIFICATES_SECRET, namespace: service.namespace };
    const { resourceVersion } = live?.metadata ?? {};
    const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', data: secretData(due) };
    const options = { fieldManager: 'kro', signal: this.#signal };
    if (resourceVersion === undefined) await client.create({ ...secret, metadata }, options);
    else await client.update({ ...secret, metadata: { ...metadata, resourceVersion } }, options);
  }

  /** Calls `onRead` with the certificates after each interval, until the signal aborts. */
  check(intervalMs: number, onRead: (certificates: ServingCertificates) => void): void {
    const timer = this.#options.clock.setTimer(intervalMs, () => {
      void this.due()
        .then(onRead, (error: unknown) => {
          if (!this.#signal.aborted)
            this.#options.logger.log('warn', 'the certificates of the conversions cannot be read', {
              error: (error as Error).message,
            });
        })
        .finally(() => {
          if (!this.#signal.aborted) this.check(intervalMs, onRead);
        });
    });
    this.#signal.addEventListener('abort', () => timer.cancel(), { once: true });
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  conversions: ConversionServer,
  signal: AbortSignal,
): Promise<void> {
  const respond = (status: number, body: JsonObject | string): void => {
    response.sendDate = false;
    response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' });
    response.end(typeof body === 'string' ? body : stringifyJson(body));
  };
  try {
    if (request.method !== 'POST') return respond(405, 'a ConversionReview is posted');
    const body = await readLimitedBody(request, MAX_REVIEW_BYTES);
    if (typeof body === 'string') return respond(413, `the review is larger than ${MAX_REVIEW_BYTES} bytes`);
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    respond(200, await conversions.answer(path, tryParseJson(body.toString('utf8')), signal));
  } catch (error) {
    respond(500, `the conversion failed: ${(error as Error).message}`);
  } finally {
    releaseBody(request);
  }
}
