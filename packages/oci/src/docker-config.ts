import { join } from 'node:path';
import {
  errorCode,
  getOwn,
  homeDirectory,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  processLibrary,
  readUserFile,
  tryParseJson,
  TypeKroError,
  whyUnreadable,
} from '@typekro/kit/core';

/** The credentials of a user of a registry. */
export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** A token for the token server, which exchanges it for tokens of the registry. */
  | { readonly kind: 'identity'; readonly token: string };

/** Where the configuration of docker says that credentials are. */
export type CredentialSource =
  | Credentials
  | { readonly kind: 'helper'; readonly name: string; readonly server: string };

/** The key of Docker Hub in configurations, for historical reasons. */
const DOCKER_HUB = 'https://index.docker.io/v1/';
const DOCKER_HUB_NAMES: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);
const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_OUTPUT_BYTES = 256 * 1024;
const HELPER_MS = 60_000;
/** The user in the output of a helper whose secret is an identity token. */
const IDENTITY_USER = '<token>';
/** The words of helpers that have no credentials for a server. */
const NOT_FOUND = /credentials not found in native keychain|no credentials server URL/i;

/**
 * Chooses the credentials of a registry in docker's configuration, as docker does: the helper of the registry, the
 * helper of all registries, and then the entry in `auths`. `undefined` if there are none.
 *
 * @throws TypeKroError `oci/docker-config` for an entry that is malformed; the message has no part of the entry
 */
export function chooseCredentials(config: JsonValue, registry: string): CredentialSource | undefined {
  if (!isJsonObject(config)) throw badConfig('it is not an object');
  const server = DOCKER_HUB_NAMES.has(registry) ? DOCKER_HUB : registry;
  const helpers = objectAt(config, 'credHelpers');
  const name = getOwn(helpers, server) ?? getOwn(helpers, registry) ?? config['credsStore'];
  if (name !== undefined && name !== '') {
    // The name is a part of the name of a program that is run.
    if (typeof name !== 'string' || !/^[\w.-]+$/.test(name)) throw badConfig('it has a helper that is not a name');
    return { kind: 'helper', name, server };
  }
  const auths = objectAt(config, 'auths');
  const key = [server, `https://${server}`, `https://${server}/v1/`, `https://${server}/v2/`, `http://${server}`].find(
    (each) => Object.hasOwn(auths, each),
  );
  return key === undefined ? undefined : entryOf(auths[key]);
}

function entryOf(entry: JsonValue | undefined): Credentials | undefined {
  if (!isJsonObject(entry)) throw badConfig('an entry of auths is not an object');
  const { auth, identitytoken, username, password } = entry;
  if (typeof identitytoken === 'string' && identitytoken !== '') return { kind: 'identity', token: identitytoken };
  if (typeof username === 'string' && typeof password === 'string')
    return { kind: 'password', user: username, password };
  if (auth === undefined || auth === '') return undefined;
  const text = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  if (colon < 1) throw badConfig('an entry of auths is not the Base64 of "user:password"');
  return { kind: 'password', user: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}

function objectAt(config: JsonObject, key: string): JsonObject {
  const value = getOwn(config, key);
  if (value === undefined || value === null) return {};
  if (!isJsonObject(value)) throw badConfig(`"${key}" is not an object`);
  return value;
}

/** Reads the output of `docker-credential-… get`; `undefined` for one without a name and a secret. */
export function helperCredentials(output: string): Credentials | undefined {
  const value = tryParseJson(output);
  const { Username: user, Secret: secret } = isJsonObject(value) ? value : ({} as JsonObject);
  if (typeof user !== 'string' || typeof secret !== 'string') return undefined;
  return user === IDENTITY_USER ? { kind: 'identity', token: secret } : { kind: 'password', user, password: secret };
}

/**
 * The credentials of the user for a registry, from docker's configuration in `DOCKER_CONFIG` or `~/.docker`; `undefined`
 * for a registry without any. Runs the helper that the configuration names.
 *
 * @throws TypeKroError `oci/docker-config` for a file that cannot be read, and `oci/helper` for a helper that fails
 */
export async function readDockerCredentials(
  registry: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const folder = env['DOCKER_CONFIG'];
  const path = join(
    folder === undefined || folder === '' ? join(homeDirectory(env), '.docker') : folder,
    'config.json',
  );
  const bytes = await readUserFile(path, MAX_CONFIG_BYTES).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw badConfig(whyUnreadable(error), error);
  });
  if (bytes === undefined) return undefined;
  // The message of a syntax error would quote the text, which has credentials.
  const config = tryParseJson(bytes.toString('utf8'));
  if (config === undefined) throw badConfig('it is not JSON');
  const source = chooseCredentials(config, registry);
  return source?.kind === 'helper' ? runHelper(source.name, source.server, env, signal) : source;
}

function runHelper(
  name: string,
  server: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  return new Promise((resolve, reject) => {
    const options = { env: { ...env }, maxBuffer: MAX_OUTPUT_BYTES, timeout: HELPER_MS, signal };
    const child = processLibrary().execFile(program, ['get'], options, (error, stdout, stderr) => {
      const found = error === null ? helperCredentials(stdout) : undefined;
      if (found !== undefined) return resolve(found);
      if (NOT_FOUND.test(stdout) || NOT_FOUND.test(stderr)) return resolve(undefined);
      if (signal.aborted) return reject(signal.reason);
      // The output can have secrets, so the message has none of it.
      const why =
        error === null
          ? 'its output is no JSON with Username and Secret'
          : errorCode(error) === 'ENOENT'
            ? 'PATH has no such program'
            : error.killed === true
              ? `it did not end within ${HELPER_MS / 1000} seconds`
              : 'it failed';
      reject(
        new TypeKroError(`the credential helper ${program} gives no credentials for ${server}: ${why}`, {
          code: 'oci/helper',
          remedy: `run: echo ${server} | ${program} get, or correct credHelpers and credsStore in docker's config.json`,
        }),
      );
    });
    // A helper that ends without reading closes the pipe, which is no failure of its own.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(server);
  });
}

const badConfig = (why: string, cause?: unknown): TypeKroError =>
  new TypeKroError(`docker's config.json cannot be used: ${why}`, {
    code: 'oci/docker-config',
    remedy: 'run docker login again, or name another folder in DOCKER_CONFIG',
    ...(cause === undefined ? {} : { cause }),
  });
