import {
  backoffMs,
  isLoopbackHost,
  REQUEST_RETRIES,
  RETRY_POLICIES,
  tlsLibrary,
  TypeKroError,
} from '@typekro/kit/core';
import {
  type Clock,
  type Connections,
  errorOfResponse,
  isTimeout,
  isUnknownAuthority,
  openSockets,
  pause,
  proxyFromEnvironment,
  tunnelsThrough,
  withDeadline,
} from '@typekro/kube';
import { classify } from '@typekro/kit/kubernetes';

/** What the connections to a registry, and to the servers that it names, need. */
export interface WebOptions {
  /** Certificates of authorities, in PEM format, in addition to those of Node. */
  readonly authorities?: string;
  /** The certificate of the client and its key, in PEM format. Only the registry gets them. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Random numbers in [0, 1) for jitter. */
  readonly random: () => number;
}

/** A request to any server. */
export interface WebRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly maxBodyBytes: number;
  /** May the request be sent again when the server may have executed it? */
  readonly isRepeatable: boolean;
}

/** A complete response. */
export interface WebResponse {
  readonly status: number;
  /** The headers, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The time for one request with its response, in milliseconds. */
const REQUEST_MS = 120_000;

/** Sends requests over connections that are kept open. Follows no redirects, and knows no credentials. */
export class WebClient {
  readonly #options: WebOptions;
  readonly #registry: string;
  readonly #connections = new Map<string, Connections>();

  /** `registry` is the origin that gets the certificate of the client. */
  constructor(registry: string, options: WebOptions) {
    this.#registry = registry;
    this.#options = options;
  }

  /**
   * Sends a request. Sends it again, after a pause, while the server is busy (429, 5xx) or the connection fails, if the
   * request allows it.
   *
   * @throws TypeKroError `oci/unreachable`, `oci/timeout` for a response that takes too long, and `oci/registry` for one
   *   that is too long
   */
  async send(request: WebRequest): Promise<WebResponse> {
    const { clock, random, signal } = this.#options;
    for (let failures = 1; ; failures += 1) {
      const sent = await this.#once(request).then(
        (response) => ({ response, error: undefined }),
        (error: unknown) => ({ response: undefined, error }),
      );
      const refusal =
        sent.response && errorOfResponse({ status: sent.response.status, headers: sent.response.headers }, '');
      const failure = refusal && classify(refusal);
      const isUnsure = failure === 'unanswered' || failure === 'server-fault' || mayPass(sent.error);
      const isBusy = failure === 'throttled' || (request.isRepeatable && isUnsure);
      if (!isBusy || failures > REQUEST_RETRIES || signal.aborted) {
        if (sent.response === undefined) throw sent.error;
        return sent.response;
      }
      await pause(clock, refusal?.retryAfterMs ?? backoffMs(RETRY_POLICIES.request, failures, random()), signal);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map((each) => each.close()));
  }

  async #once({ method, url, headers, body, maxBodyBytes }: WebRequest): Promise<WebResponse> {
    const { clock, signal } = this.#options;
    return withDeadline(REQUEST_MS, [signal], clock, async (limited) => {
      try {
        const path = `${url.pathname}${url.search}`;
        const part = body === undefined ? {} : { body };
        const {
          status,
          headers: given,
          body: chunks,
        } = await this.#connectionsTo(url.origin).send({
          method,
          path,
          headers: { 'user-agent': 'typekro', ...headers },
          ...part,
          maxBodyBytes,
          signal: limited,
        });
        const read: Uint8Array[] = [];
        for await (const chunk of chunks) read.push(chunk);
        return { status, headers: given, body: Buffer.concat(read) };
      } catch (thrown) {
        if (signal.aborted) throw signal.reason;
        throw isTimeout(limited) ? tooSlow(url) : unreachable(url, thrown);
      }
    });
  }

  #connectionsTo(origin: string): Connections {
    const known = this.#connections.get(origin);
    if (known !== undefined) return known;
    const { authorities, certificate, env } = this.#options;
    const proxy = proxyFromEnvironment(origin, env);
    const tls = {
      ...(authorities === undefined ? {} : { ca: [...tlsLibrary().rootCertificates, authorities].join('\n') }),
      ...(origin === this.#registry ? certificate : {}),
      rejectUnauthorized: true,
    };
    const opened = openSockets(origin, tls, proxy === undefined ? undefined : tunnelsThrough(proxy, origin));
    this.#connections.set(origin, opened);
    return opened;
  }
}

/** May a server have this address? Plain HTTP is only for this machine, and only for a registry that has it, too. */
export const isAllowedUrl = (url: URL, registry: string): boolean =>
  url.protocol === 'https:' ||
  (url.protocol === 'http:' && registry.startsWith('http:') && isLoopbackHost(url.hostname));

/** The error when a registry sends what it must not send. */
export const badRegistry = (host: string, why: string): TypeKroError =>
  new TypeKroError(`the registry ${host} cannot be used: ${why}`, {
    code: 'oci/registry',
    remedy: 'check the name of the registry, and tell its operator',
  });

/** Can a later try succeed? Not after a limit of time or size, or with a certificate that is not trusted. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof TypeKroError) || error.code !== 'oci/unreachable') return false;
  return !isUnknownAuthority(error.cause);
}

function unreachable({ host }: URL, cause: unknown): TypeKroError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/^the response has more than \d+ bytes$/.test(message)) return badRegistry(host, message);
  return new TypeKroError(`there is no response from ${host}: ${message}`, {
    code: 'oci/unreachable',
    remedy: isUnknownAuthority(cause)
      ? 'name the authority of its certificate with --ca-file'
      : 'check the name and the port of the registry, the network and HTTPS_PROXY; for a registry of this machine without TLS add --plain-http',
    cause,
  });
}

const tooSlow = ({ host }: URL): TypeKroError =>
  new TypeKroError(`${host} did not complete its response within ${REQUEST_MS / 1000} seconds`, {
    code: 'oci/timeout',
    remedy: 'try again later, or with a faster connection to the registry',
  });
