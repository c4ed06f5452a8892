import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import {
  definedMembers,
  isJsonObject,
  readUserFile,
  TypeKroError,
  whyUnreadable,
  yamlLibrary,
} from '@typekro/kit/core';
import { asObjects } from '@typekro/kit/kubernetes';
import { parsePlainYaml } from './plain-yaml.ts';
import { inClusterConfig, isInCluster } from './in-cluster.ts';
import type { Impersonation, ExecPlugin, Credentials, KubeConfig } from '../kube-api.ts';

/** The source of a configuration. `text` has precedence over `path`. */
export interface LoadKubeConfigOptions {
  /** The content of a kubeconfig. If it is given, no kubeconfig file is read. */
  readonly text?: string;
  /** The path of a file. Default: the files of `KUBECONFIG`, else `~/.kube/config`, else the pod's service account. */
  readonly path?: string;
  /** Default: the file's `current-context`. */
  readonly context?: string;
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** An entry of `clusters`, `users` or `contexts`, with the folder to which its paths are relative. */
interface Entry {
  readonly value: JsonObject;
  readonly folder: string;
}

interface Merged {
  readonly clusters: Map<string, Entry>;
  readonly users: Map<string, Entry>;
  readonly contexts: Map<string, Entry>;
  currentContext: string | undefined;
}

/**
 * Reads kubeconfig files as kubectl does. If several files have an entry with the same name, the first file has
 * precedence. Relative paths are relative to the folder of their file. Without any file, the pod's service account is
 * used.
 *
 * @throws TypeKroError `kube/no-config` when there is no configuration, `kube/bad-config` when it cannot be used.
 */
export async function loadKubeConfig(options: LoadKubeConfigOptions = {}): Promise<KubeConfig> {
  const env = options.env ?? process.env;
  const sources = await readSources(options, env);
  if (sources.length === 0) {
    if (isInCluster(env)) return inClusterConfig(env);
    throw noConfig(env['KUBECONFIG'] ?? '');
  }
  const merged: Merged = { clusters: new Map(), users: new Map(), contexts: new Map(), currentContext: undefined };
  for (const source of sources) addFile(merged, await parseFile(source), source.folder);
  const files = sources.map((source) => source.name).join(', ');
  const config = await resolveContext(merged, options.context ?? merged.currentContext, files);
  return options.text === undefined ? { ...config, source: files } : config;
}

/** The name that messages use for a kubeconfig that was passed as text. */
const TEXT = 'kubeconfig';

interface Source {
  readonly name: string;
  readonly text: string;
  readonly folder: string;
}

async function readSources(
  options: LoadKubeConfigOptions,
  env: NonNullable<LoadKubeConfigOptions['env']>,
): Promise<Source[]> {
  if (options.text !== undefined) return [{ name: TEXT, text: options.text, folder: process.cwd() }];
  if (options.path !== undefined) return [await readSource(options.path)];
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const paths = listed.length > 0 ? listed : [join(env['HOME'] ?? homedir(), '.kube', 'config')];
  // A file that is listed several times is read once.
  const once = new Map(paths.map((path) => [resolve(path), path]));
  const found = await Promise.all(Array.from(once.values(), readSourceIfThere));
  return found.filter((source) => source !== undefined);
}

async function readSource(path: string): Promise<Source> {
  try {
    return { name: path, text: (await readUserFile(path)).toString(), folder: dirname(resolve(path)) };
  } catch (thrown) {
    throw new TypeKroError(`the kubeconfig ${path} cannot be read: ${whyUnreadable(thrown)}`, {
      code: 'kube/bad-config',
      remedy: 'name another with --kubeconfig, or with the variable KUBECONFIG',
      cause: thrown,
    });
  }
}

/** Reads a file of `KUBECONFIG`. As in kubectl, the file may be missing. */
async function readSourceIfThere(path: string): Promise<Source | undefined> {
  try {
    return await readSource(path);
  } catch (thrown) {
    const { cause } = thrown instanceof Error ? thrown : {};
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw thrown;
  }
}

async function parseFile(source: Source): Promise<JsonObject> {
  try {
    const value: unknown = parsePlainYaml(source.text) ?? yamlLibrary().parse(source.text);
    if (isJsonObject(value)) return value;
    // As in kubectl, an empty file is valid.
    if (value === null) return {};
  } catch (cause) {
    throw await noYaml(source, cause);
  }
  throw new TypeKroError(`${source.name} is not a kubeconfig`, {
    code: 'kube/bad-config',
    remedy: 'name a kubeconfig, as `kubectl config view` shows it',
  });
}

/**
 * The error for a kubeconfig that is not YAML. Like errors about definitions, it names the position and the reason. The
 * parser of definitions is loaded only for this error.
 */
async function noYaml({ name, text }: Source, cause: unknown): Promise<TypeKroError> {
  const { parseDefinitions } = await import('@typekro/engine/graph');
  const [problem] = parseDefinitions(text, name).diagnostics;
  const [firstLine = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  const place = problem?.source === undefined ? '' : `:${problem.source.line}:${problem.source.column}`;
  return new TypeKroError(`the kubeconfig ${name}${place} is not YAML: ${problem?.message ?? firstLine}`, {
    code: 'kube/bad-config',
    remedy: problem?.hint ?? 'correct that line, or name another kubeconfig',
    cause,
  });
}

function addFile(merged: Merged, file: JsonObject, folder: string): void {
  for (const [list, kind, entries] of [
    ['clusters', 'cluster', merged.clusters],
    ['users', 'user', merged.users],
    ['contexts', 'context', merged.contexts],
  ] as const) {
    for (const entry of asObjects(file[list])) {
      const name = string(entry['name']);
      const value = entry[kind];
      if (name === undefined || entries.has(name)) continue;
      entries.set(name, { value: isJsonObject(value) ? value : {}, folder });
    }
  }
  const current = string(file['current-context']);
  merged.currentContext ??= current;
}

async function resolveContext(merged: Merged, name: string | undefined, files: string): Promise<KubeConfig> {
  const context = name === undefined ? undefined : merged.contexts.get(name);
  if (name === undefined || context === undefined) {
    const known = [...merged.contexts.keys()];
    const what = known.length === 0 ? `there is no context in ${files}` : 'no context is chosen';
    throw new TypeKroError(name === undefined ? what : `there is no context "${name}"`, {
      code: 'kube/bad-config',
      remedy:
        known.length === 0
          ? 'name a kubeconfig with a context, as `kubectl config view` shows it'
          : `use one of: ${known.join(', ')}`,
    });
  }
  const clusterName = string(context.value['cluster']);
  const cluster = merged.clusters.get(clusterName ?? '');
  const server = cluster === undefined ? undefined : string(cluster.value['server']);
  if (cluster === undefined || server === undefined) {
    throw new TypeKroError(`context "${name}" names no usable cluster ("${clusterName ?? ''}")`, {
      code: 'kube/bad-config',
      remedy:
        'set the cluster of the context to one in the kubeconfig that has "server: https://…"; `kubectl config view` shows its contexts and clusters',
    });
  }
  const userName = string(context.value['user']) ?? '';
  const user = merged.users.get(userName);
  if (user === undefined && userName !== '') {
    throw new TypeKroError(`context "${name}" names the user "${userName}", which the kubeconfig does not have`, {
      code: 'kube/bad-config',
      remedy: `name a user of the kubeconfig (${[...merged.users.keys()].join(', ') || 'there is none'}), or log in again`,
    });
  }
  const authority = await pem(cluster, 'certificate-authority');
  return {
    server: serverUrl(server, name, authority !== undefined || cluster.value['insecure-skip-tls-verify'] === true),
    ...definedMembers({ certificateAuthority: authority }),
    ...definedMembers({ certificateAuthorityFile: pemFile(cluster, 'certificate-authority') }),
    insecureSkipTlsVerify: cluster.value['insecure-skip-tls-verify'] === true,
    ...definedMembers({ tlsServerName: string(cluster.value['tls-server-name']) }),
    ...definedMembers({ proxyUrl: string(cluster.value['proxy-url']) }),
    credentials: user === undefined ? {} : await readCredentials(user, cluster),
    namespace: string(context.value['namespace']) ?? 'default',
    context: name,
    ...(merged.contexts.size > 1 ? { hasOtherContexts: true as const } : {}),
  };
}

function noConfig(named: string): TypeKroError {
  const where = named === '' ? '' : ` at ${named}, which KUBECONFIG names,`;
  const first = named === '' ? 'set KUBECONFIG' : 'correct KUBECONFIG';
  return new TypeKroError(`there is no kubeconfig${where} and no service account of a pod`, {
    code: 'kube/no-config',
    remedy: `${first}, name a file with --kubeconfig, or start a cluster with \`typekro up\``,
  });
}

/**
 * The server's URL as kubectl reads it. For an address without a scheme, the scheme is HTTPS if the entry has TLS
 * settings, and HTTP if it has none.
 */
function serverUrl(text: string, context: string, isSecure: boolean): string {
  const url = text.includes('://') ? text : `${isSecure ? 'https' : 'http'}://${text}`;
  if (/^https?:/i.test(url) && URL.canParse(url)) return url;
  throw new TypeKroError(`the server "${text}" of context "${context}" is not a URL`, {
    code: 'kube/bad-config',
    remedy: 'write e.g. https://10.0.0.1:6443',
  });
}

async function readCredentials(user: Entry, cluster: Entry): Promise<Credentials> {
  const tokenFile = string(user.value['tokenFile']);
  const exec = user.value['exec'];
  return {
    ...definedMembers({ clientCertificate: await pem(user, 'client-certificate') }),
    ...definedMembers({ clientKey: await pem(user, 'client-key') }),
    ...definedMembers({ clientCertificateFile: pemFile(user, 'client-certificate') }),
    ...definedMembers({ clientKeyFile: pemFile(user, 'client-key'), token: string(user.value['token']) }),
    ...definedMembers({ tokenFile: tokenFile === undefined ? undefined : resolve(user.folder, tokenFile) }),
    ...definedMembers({ username: string(user.value['username']), password: string(user.value['password']) }),
    ...(isJsonObject(exec) ? { exec: readExec(exec, user.folder, cluster) } : {}),
    ...definedMembers({ impersonate: readImpersonation(user) }),
  };
}

/**
 * Reads the `as…` fields. An unsupported field is an error. If the client ignored it, the impersonation could have more
 * rights than intended.
 */
function readImpersonation({ value }: Entry): Impersonation | undefined {
  for (const key of ['as-uid', 'as-groups', 'as-user-extra']) {
    const setting = value[key] ?? '';
    if (setting === '' || (typeof setting === 'object' && Object.keys(setting).length === 0)) continue;
    throw new TypeKroError(`"${key}" of a user is not supported`, {
      code: 'kube/bad-config',
      remedy: `remove "${key}"; only "as", the name of a user, is supported`,
    });
  }
  const user = string(value['as']);
  return user === undefined ? undefined : { user };
}

/** The name of the extension of a cluster entry that contains the settings for exec plugins. */
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';

function readExec(exec: JsonObject, folder: string, cluster: Entry): ExecPlugin {
  const command = string(exec['command']) ?? '';
  const env: Record<string, string> = {};
  const extension = asObjects(cluster.value['extensions']).find(({ name }) => name === EXEC_EXTENSION);
  for (const entry of asObjects(exec['env'])) env[string(entry['name']) ?? ''] = string(entry['value']) ?? '';
  return {
    apiVersion: string(exec['apiVersion']) ?? 'client.authentication.k8s.io/v1',
    // A command with a slash is relative to the folder of the kubeconfig. A bare name is looked up in PATH.
    command: /[/\\]/.test(command) ? resolve(folder, command) : command,
    args: Array.isArray(exec['args']) ? exec['args'].map(String) : [],
    env,
    ...definedMembers({ installHint: string(exec['installHint']) }),
    provideClusterInfo: exec['provideClusterInfo'] === true,
    ...definedMembers({ clusterConfig: extension?.['extension'] }),
  };
}

/** Reads PEM data, which the entry has in base64 (`<key>-data`) or as the path of a file (`<key>`). */
async function pem(entry: Entry, key: string): Promise<string | undefined> {
  const data = string(entry.value[`${key}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const path = pemFile(entry, key);
  if (path === undefined) return undefined;
  try {
    return (await readUserFile(path)).toString();
  } catch (thrown) {
    throw new TypeKroError(
      `the file ${string(entry.value[key]) ?? path}, which "${key}" in the kubeconfig names, cannot be read: ${whyUnreadable(thrown)}`,
      {
        code: 'kube/bad-config',
        remedy: `correct "${key}", or write the certificate itself as ${key}-data`,
        cause: thrown,
      },
    );
  }
}

/** The path of the file that `pem` reads; `undefined` when the entry itself contains the data. */
function pemFile({ value, folder }: Entry, key: string): string | undefined {
  const path = string(value[key]);
  return path === undefined || string(value[`${key}-data`]) !== undefined ? undefined : resolve(folder, path);
}

/** Reads a string like kubectl: an empty string counts as absent, and a YAML number or boolean counts as a string. */
function string(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
