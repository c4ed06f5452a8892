import { isJsonObject, TypeKroError, tryParseJson } from '@typekro/kit/core';
import { parseChallenges } from './challenge.ts';
import type { Credentials } from './docker-config.ts';
import { chooseProof } from './token-server.ts';
import { badRegistry, type WebClient, type WebResponse } from './web-client.ts';

/** How a client proves its identity to a registry. */
export interface LoginOptions {
  /** Reads the credentials of the user. Called at most once, and only if the registry asks for them. */
  readonly credentials: () => Promise<Credentials | undefined>;
  /** The host of a token server outside of the registry's domain that may get the credentials. */
  readonly tokenHost?: string | undefined;
}

const MAX_TOKEN_BYTES = 1024 * 1024;
const CLIENT_ID = 'typekro';

/** The login at one registry. Nothing that it sends goes to another host than the registry and its token server. */
export class RegistryLogin {
  readonly #origin: string;
  readonly #web: WebClient;
  readonly #options: LoginOptions;
  readonly #secrets = new Set<string>();
  #credentials: Promise<Credentials | undefined> | undefined;

  constructor(origin: string, web: WebClient, options: LoginOptions) {
    this.#origin = origin;
    this.#web = web;
    this.#options = options;
  }

  /**
   * The header `authorization` for a request that the registry has refused with this response.
   *
   * @param scope of a token, such as `repository:platform/app:pull`
   * @throws TypeKroError `oci/unauthorized` without usable credentials, and the codes of `chooseProof` and of
   *   `readDockerCredentials`
   */
  async authorization(refusal: WebResponse, scope: string): Promise<string> {
    const challenges = parseChallenges(refusal.headers['www-authenticate'] ?? '');
    const credentials = await (this.#credentials ??= this.#options.credentials());
    const proof = chooseProof(challenges, this.#origin, credentials !== undefined, this.#options.tokenHost);
    if (proof?.kind === 'token') return `Bearer ${await this.#token(proof.realm, proof.service, scope, credentials)}`;
    if (proof === undefined) throw badRegistry(new URL(this.#origin).host, 'it asks for a login that is not supported');
    if (credentials?.kind !== 'password') throw this.unauthorized('it asks for a password');
    return this.#basic(credentials);
  }

  /** The error when the registry refuses what it has asked for. */
  unauthorized(why: string): TypeKroError {
    const { host } = new URL(this.#origin);
    return new TypeKroError(`the registry ${host} refuses the request: ${why}`, {
      code: 'oci/unauthorized',
      remedy: `run docker login ${host} as a user who may read and write the repository`,
    });
  }

  /** Removes the secrets of this login from a text of a server, which could repeat what it was sent. */
  withoutSecrets(text: string): string {
    return [...this.#secrets].reduce((left, secret) => left.replaceAll(secret, '***'), text);
  }

  #basic({ user, password }: Extract<Credentials, { kind: 'password' }>): string {
    const text = Buffer.from(`${user}:${password}`).toString('base64');
    if (password !== '') this.#secrets.add(password);
    this.#secrets.add(text);
    return `Basic ${text}`;
  }

  async #token(realm: URL, service: string, scope: string, credentials: Credentials | undefined): Promise<string> {
    const url = new URL(realm);
    const shared = { maxBodyBytes: MAX_TOKEN_BYTES, isRepeatable: true };
    if (credentials?.kind === 'identity') this.#secrets.add(credentials.token);
    else {
      url.searchParams.set('service', service);
      url.searchParams.set('scope', scope);
    }
    const response =
      credentials?.kind === 'identity'
        ? await this.#web.send({
            ...shared,
            method: 'POST',
            url,
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: new URLSearchParams({
              grant_type: 'refresh_token',
              service,
              scope,
              client_id: CLIENT_ID,
              refresh_token: credentials.token,
            }).toString(),
          })
        : await this.#web.send({
            ...shared,
            method: 'GET',
            url,
            headers: credentials === undefined ? {} : { authorization: this.#basic(credentials) },
          });
    if (response.status === 401 || response.status === 403) {
      throw this.unauthorized(
        `its token server refuses ${credentials === undefined ? 'a request without login' : 'the login'}`,
      );
    }
    const value = tryParseJson(response.body.toString('utf8'));
    const answer = isJsonObject(value) ? value : {};
    const token = answer['token'] ?? answer['access_token'];
    // The token becomes a part of a header.
    if (response.status !== 200 || typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
      throw badRegistry(url.host, `its token server responds with ${response.status} and no token`);
    }
    this.#secrets.add(token);
    return token;
  }
}
