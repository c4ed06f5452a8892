import { isJsonObject, textPrefix, TypeKroError, tryParseJson } from '@typekro/kit/core';
import { type Descriptor, jsonOf, MEDIA_TYPES, readDescriptor, sha256Digest } from './image-manifest.ts';
import { isTag, type OciReference, referrersTag, registryOrigin } from './reference.ts';
import { type LoginOptions, RegistryLogin } from './registry-login.ts';
import {
  badRegistry,
  isAllowedUrl,
  WebClient,
  type WebOptions,
  type WebRequest,
  type WebResponse,
} from './web-client.ts';

/** The settings of a client for one registry. */
export interface RegistryOptions extends WebOptions, LoginOptions {
  /** Speaks HTTP instead of HTTPS, which is only possible with a registry on this machine. */
  readonly plainHttp?: boolean;
}

/** An image that is attached to another one. */
export interface Referrer extends Descriptor {
  /** What the image is. */
  readonly artifactType: string;
}

/** A manifest as the registry stores it. */
export interface StoredManifest {
  readonly bytes: Buffer;
  readonly digest: string;
}

const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** The maximum length of a response that is only an acknowledgement or an error. */
const MAX_NOTE_BYTES = 1024 * 1024;
const MAX_REDIRECTS = 5;
const MAX_DETAIL_LENGTH = 500;
const MAX_PAGES = 20;
/** The responses of registries without the API for attached images. */
const NO_REFERRERS: ReadonlySet<number> = new Set([400, 404, 405, 406]);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

type Request = Omit<WebRequest, 'headers' | 'isRepeatable' | 'maxBodyBytes'> &
  Partial<Pick<WebRequest, 'headers' | 'isRepeatable' | 'maxBodyBytes'>>;

/**
 * The client for one repository of a registry (OCI distribution specification 1.1). It trusts no response: what it
 * returns has the digest and the length that it must have.
 */
export class RegistryClient {
  readonly #origin: string;
  readonly #repository: string;
  readonly #web: WebClient;
  readonly #login: RegistryLogin;
  #authorization: string | undefined;
  /** The scope of a token. A token for writes also permits reads. */
  #actions: 'pull' | 'pull,push' = 'pull';

  constructor({ registry, repository }: OciReference, options: RegistryOptions) {
    this.#origin = registryOrigin(registry, options.plainHttp === true);
    this.#repository = repository;
    this.#web = new WebClient(this.#origin, options);
    this.#login = new RegistryLogin(this.#origin, this.#web, options);
  }

  close(): Promise<void> {
    return this.#web.close();
  }

  /**
   * Reads a manifest by its tag or digest; `undefined` if there is none.
   *
   * @throws TypeKroError `oci/registry` for bytes of another digest than the registry says or the reference has
   */
  async manifest({ tag, digest }: Pick<OciReference, 'tag' | 'digest'>): Promise<StoredManifest | undefined> {
    const response = await this.#request({
      method: 'GET',
      url: this.#url(`manifests/${digest ?? tag}`),
      headers: { accept: `${MEDIA_TYPES.manifest}, ${MEDIA_TYPES.index}` },
      maxBodyBytes: MAX_MANIFEST_BYTES,
    });
    if (response.status === 404) return undefined;
    this.#require(response, 200);
    const type = response.headers['content-type'] ?? '';
    if (type.startsWith('text/'))
      throw this.#lies(`it responds with ${type} instead of a manifest, as a login page or a proxy does`);
    const found = sha256Digest(response.body);
    const said = digest ?? response.headers['docker-content-digest'] ?? found;
    if (said !== found) throw this.#lies(`the manifest ${said} has the digest ${found}`);
    return { bytes: response.body, digest: found };
  }

  /**
   * The images that are attached to a digest, in an order that stays. A registry without the API for them has them at a
   * tag.
   *
   * @throws TypeKroError `oci/registry` for a list that is none
   */
  async referrers(digest: string): Promise<readonly Referrer[]> {
    const found: Referrer[] = [];
    for await (const response of this.#pages(`referrers/${digest}`, MEDIA_TYPES.index, 'attached images')) {
      if (NO_REFERRERS.has(response.status) && found.length === 0) return this.#taggedReferrers(digest);
      this.#require(response, 200);
      found.push(...this.#listed(response.body));
    }
    return found;
  }

  /**
   * The tags of the repository, in the order of the registry; none if the repository does not exist.
   *
   * @throws TypeKroError `oci/registry` for a list that is none, or that does not end
   */
  async tags(): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const response of this.#pages('tags/list?n=1000', 'application/json', 'tags')) {
      if (response.status === 404 && found.length === 0) return [];
      this.#require(response, 200);
      const value = jsonOf(response.body);
      const listed = isJsonObject(value) ? (value['tags'] ?? []) : undefined;
      if (!Array.isArray(listed)) throw this.#lies('its list of tags is none');
      found.push(...listed.filter(isTag));
    }
    return found;
  }

  /** The responses for the pages of a list, of which the caller refuses what is no page. */
  async *#pages(path: string, accept: string, list: string): AsyncGenerator<WebResponse> {
    const seen = new Set<string>();
    for (let url: URL | undefined = this.#url(path); url !== undefined;) {
      seen.add(url.href);
      const response = await this.#request({
        method: 'GET',
        url,
        headers: { accept },
        maxBodyBytes: MAX_MANIFEST_BYTES,
      });
      yield response;
      const [, next] = /^<([^>]*)>;\s*rel="?next"?$/.exec(response.headers['link'] ?? '') ?? [];
      if (next === undefined) return;
      url = URL.canParse(next, url.href) ? new URL(next, url.href) : undefined;
      if (url?.origin !== this.#origin || seen.has(url.href) || seen.size >= MAX_PAGES)
        throw this.#lies(`its list of ${list} does not end`);
    }
  }

  async #taggedReferrers(digest: string): Promise<readonly Referrer[]> {
    const stored = await this.manifest({ tag: referrersTag(digest) });
    return stored === undefined ? [] : this.#listed(stored.bytes);
  }

  #listed(bytes: Uint8Array): Referrer[] {
    const value = jsonOf(bytes);
    const listed = isJsonObject(value) && value['mediaType'] === MEDIA_TYPES.index ? value['manifests'] : undefined;
    if (!Array.isArray(listed)) throw this.#lies('its list of attached images is no index');
    return listed.flatMap((each) => {
      const image = readDescriptor(each);
      const type = isJsonObject(each) ? each['artifactType'] : undefined;
      return image === undefined ? [] : [{ ...image, artifactType: typeof type === 'string' ? type : '' }];
    });
  }

  /** Reads the content of a descriptor. Throws `oci/registry` for any other content, and reads no more than its size. */
  async blob({ digest, size }: Descriptor): Promise<Buffer> {
    const response = await this.#request({ method: 'GET', url: this.#url(`blobs/${digest}`), maxBodyBytes: size });
    if (response.status === 404) throw this.#lies(`it has no blob ${digest}, which a manifest of it names`);
    this.#require(response, 200);
    const { length } = response.body;
    if (length !== size) throw this.#lies(`the blob ${digest} has ${length} bytes instead of ${size}`);
    const found = sha256Digest(response.body);
    if (found !== digest) throw this.#lies(`the blob ${digest} has the digest ${found}`);
    return response.body;
  }

  /** Writes content, unless the repository has it. */
  async putBlob(bytes: Uint8Array): Promise<void> {
    this.#write();
    const digest = sha256Digest(bytes);
    const known = await this.#request({ method: 'HEAD', url: this.#url(`blobs/${digest}`) });
    if (known.status === 200) return;
    if (known.status !== 404) this.#require(known, 200);
    const begun = await this.#request({ method: 'POST', url: this.#url('blobs/uploads/'), body: '' });
    this.#require(begun, 202);
    const { location = '' } = begun.headers;
    const url = URL.canParse(location, this.#origin) ? new URL(location, this.#origin) : undefined;
    if (url?.origin !== this.#origin) throw this.#lies('it wants the upload to be sent to another host');
    url.searchParams.set('digest', digest);
    const headers = { 'content-type': 'application/octet-stream' };
    this.#require(await this.#request({ method: 'PUT', url, headers, body: bytes }), 201);
  }

  /**
   * Writes a manifest, and lets the tag name it. The blobs of the manifest must exist. Returns whether the registry itself
   * lists the image as attached to its subject.
   */
  async putManifest(bytes: Uint8Array, reference: string, type: string = MEDIA_TYPES.manifest): Promise<boolean> {
    this.#write();
    const headers = { 'content-type': type };
    const url = this.#url(`manifests/${reference}`);
    const response = await this.#request({ method: 'PUT', url, headers, body: bytes, isRepeatable: true });
    this.#require(response, 201);
    const digest = sha256Digest(bytes);
    const said = response.headers['docker-content-digest'] ?? digest;
    if (said !== digest) throw this.#lies(`it has stored ${said} instead of ${digest}`);
    return response.headers['oci-subject'] !== undefined;
  }

  #write(): void {
    if (this.#actions === 'pull') this.#authorization = undefined;
    this.#actions = 'pull,push';
  }

  #url(rest: string): URL {
    return new URL(`/v2/${this.#repository}/${rest}`, this.#origin);
  }

  /** Sends a request with the credentials that the registry asks for. A second refusal is final. */
  async #request(request: Request): Promise<WebResponse> {
    const first = await this.#follow(request);
    if (first.status !== 401) return first;
    this.#authorization = await this.#login.authorization(first, `repository:${this.#repository}:${this.#actions}`);
    const second = await this.#follow(request);
    if (second.status === 401) throw this.#login.unauthorized('it does not accept the login that it has asked for');
    return second;
  }

  /** Sends a request, and follows redirects of reads. Only the registry gets credentials. */
  async #follow({
    method,
    url,
    headers = {},
    body,
    maxBodyBytes = MAX_NOTE_BYTES,
    ...rest
  }: Request): Promise<WebResponse> {
    const isRead = method === 'GET' || method === 'HEAD';
    const limit = Math.max(maxBodyBytes, MAX_NOTE_BYTES);
    for (let redirects = 0, at = url; ; redirects += 1) {
      const isRegistry = at.origin === this.#origin;
      const proof = isRegistry && this.#authorization !== undefined ? { authorization: this.#authorization } : {};
      const response = await this.#web.send({
        method,
        url: at,
        headers: { ...headers, ...proof },
        ...(body === undefined ? {} : { body }),
        // An error can be longer than the content.
        maxBodyBytes: limit,
        isRepeatable: rest.isRepeatable ?? isRead,
      });
      if (!REDIRECTS.has(response.status)) {
        if (response.status !== 401 || isRegistry) return response;
        throw this.#lies(`it redirects to ${at.host}, which asks for a login of its own`);
      }
      const { location = '' } = response.headers;
      if (!isRead || redirects >= MAX_REDIRECTS)
        throw this.#lies(isRead ? 'it redirects too often' : 'it redirects a write');
      if (!URL.canParse(location, at.href)) throw this.#lies('it redirects to an address that is no URL');
      at = new URL(location, at);
      if (!isAllowedUrl(at, this.#origin))
        throw this.#lies(`it redirects to ${at.protocol}//${at.host}, which is not secure`);
    }
  }

  #require(response: WebResponse, expected: number): void {
    if (response.status === expected) return;
    const value = tryParseJson(response.body.toString('utf8'));
    const errors = isJsonObject(value) && Array.isArray(value['errors']) ? value['errors'] : [];
    const details = errors.flatMap((each) =>
      isJsonObject(each) ? [`${String(each['code'])}: ${String(each['message'])}`] : [],
    );
    const detail = textPrefix(this.#login.withoutSecrets(details.join('; ')), MAX_DETAIL_LENGTH);
    const { host } = new URL(this.#origin);
    const isDenied = response.status === 401 || response.status === 403;
    throw new TypeKroError(
      `the registry ${host} responds with ${response.status}${detail === '' ? '' : ` (${detail})`} for the repository ${this.#repository}`,
      {
        code: isDenied ? 'oci/unauthorized' : 'oci/refused',
        remedy: isDenied
          ? `run docker login ${host} as a user who may do this`
          : 'check the name of the repository; if the registry is busy, try again later',
      },
    );
  }

  #lies(why: string): TypeKroError {
    return badRegistry(new URL(this.#origin).host, this.#login.withoutSecrets(why));
  }
}
