import { closeSync, lstatSync, openSync, rmSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import type { Document, YAMLMap, YAMLSeq } from 'yaml';
import type { JsonObject } from '@typekro/kit/core';
import {
  EMBEDDED_CONTEXT,
  errorCode,
  homeDirectory,
  isJsonObject,
  isLoopbackHost,
  makeDirectory,
  readRegularFile,
  TypeKroError,
  YAML_OUTPUT,
  yamlLibrary,
  yamlOutput,
} from '@typekro/kit/core';
import { asObjects } from '@typekro/kit/kubernetes';
import { statOf } from '../file-paths.ts';
import { replaceFile } from '../write-file.ts';
import { writePrivate } from './cluster-files.ts';
import { changedText } from './kubeconfig-text.ts';
import { poll } from './cluster-folder.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A named cluster has a context, a cluster and a user in the user's kubeconfig. All three have this name. */
export const contextName = (cluster: string): string => `${EMBEDDED_CONTEXT}-${cluster}`;

/**
 * The kubeconfig to which kubectl would write a new entry: the first file of `KUBECONFIG` that exists and can be
 * reached, or the last file of `KUBECONFIG` when none exists. Without the variable, the kubeconfig is `~/.kube/config`.
 * The path is absolute, because the cluster's process removes the entry later and has another working directory.
 *
 * @param cwd the folder to which relative paths of the variable refer
 */
export function userKubeconfig(env: Environment, cwd: string): string {
  const listed = (env['KUBECONFIG'] ?? '')
    .split(delimiter)
    .filter((path) => path !== '')
    .map((path) => resolve(cwd, path));
  const existing = listed.find((path) => statOf(path) !== undefined);
  return existing ?? listed.at(-1) ?? join(homeDirectory(env), '.kube', 'config');
}

/**
 * The result of an edit. `contextBefore` is the context that was current before the edit. It is absent without `use`,
 * when no context was current, and when the cluster's own context was current.
 */
export interface EditedKubeconfig {
  readonly text: string;
  readonly contextBefore?: string;
}

/**
 * The lists of a kubeconfig. Each row has the name of the list, the member with the content of an entry, and a
 * predicate: does the entry belong to a named cluster of this name? The predicate protects an entry that has this name
 * but was made by the user.
 */
const LISTS = [
  ['clusters', 'cluster', ({ server }: JsonObject) => typeof server === 'string' && isLocalServer(server)],
  ['contexts', 'context', ({ cluster, user }: JsonObject, name: string) => cluster === name && user === name],
  ['users', 'user', (content: JsonObject) => Object.keys(content).join() === 'token'],
] as const;

function isLocalServer(server: string): boolean {
  return URL.canParse(server) && isLoopbackHost(new URL(server).hostname);
}

/**
 * Adds the entries of a cluster to a kubeconfig, or updates the entries that an earlier start added. Other entries,
 * comments and unknown fields are not changed. `current-context` changes only with `use`.
 *
 * @param kubeconfig the cluster's own kubeconfig, with one cluster, one context and one user
 * @throws TypeKroError `cluster/kubeconfig` for a string that is not a kubeconfig, and for a kubeconfig with an entry
 *   of this name that does not belong to a named cluster.
 */
export function withContext(
  text: string,
  file: string,
  { name, kubeconfig, use }: { readonly name: string; readonly kubeconfig: string; readonly use: boolean },
): EditedKubeconfig {
  const document = parse(text, file);
  const own: unknown = yamlLibrary().parse(kubeconfig);
  for (const [list, member, isOwn] of LISTS) {
    const [entry] = asObjects(isJsonObject(own) ? own[list] : undefined);
    const known = contentOf(document, list, member, name);
    if (known !== undefined && !isOwn(known, name)) {
      throw new TypeKroError(
        `${file} already has an entry ${name} in "${list}", which does not belong to a named cluster`,
        {
          code: 'cluster/kubeconfig',
          remedy: 'rename the entry, choose another name for the cluster, or name another kubeconfig with --kubeconfig',
        },
      );
    }
    // An existing context is not changed, because the user may have set its namespace.
    if (list === 'contexts' && known !== undefined) continue;
    const content = list === 'contexts' ? { cluster: name, user: name } : entry?.[member];
    put(document, file, list, name, { name, [member]: content });
  }
  if (!document.has('apiVersion')) document.set('apiVersion', 'v1');
  if (!document.has('kind')) document.set('kind', 'Config');
  const current = currentContext(document);
  if (use) document.set('current-context', name);
  const contextBefore = use && current !== '' && current !== name ? { contextBefore: current } : {};
  return { text: textOf(document, text), ...contextBefore };
}

/**
 * Removes the entries of a named cluster from a kubeconfig. If its context was the current context, an earlier context
 * becomes current. Returns `undefined` when nothing changes.
 *
 * @param contextsBefore the contexts that may become current. The first of them that still exists becomes current. If
 *   none exists, no context is current.
 * @throws TypeKroError `cluster/kubeconfig` for a string that is not a kubeconfig.
 */
export function withoutContext(
  text: string,
  file: string,
  name: string,
  contextsBefore: readonly string[] = [],
): string | undefined {
  const document = parse(text, file);
  let isChanged = false;
  for (const [list, member, isOwn] of LISTS) {
    const entries = document.get(list);
    const content = contentOf(document, list, member, name);
    if (!isSeq(entries) || content === undefined || !isOwn(content, name)) continue;
    entries.items.splice(
      entries.items.findIndex((entry) => nameOf(entry) === name),
      1,
    );
    isChanged = true;
  }
  const contexts = document.get('contexts');
  const names = isSeq(contexts) ? contexts.items.map(nameOf) : [];
  if (currentContext(document) === name && !names.includes(name)) {
    document.set('current-context', contextsBefore.find((context) => names.includes(context)) ?? '');
    isChanged = true;
  }
  return isChanged ? textOf(document, text) : undefined;
}

function put(document: Document, file: string, list: string, name: string, entry: object): void {
  const entries = document.get(list);
  const node = document.createNode(entry);
  // kubectl writes `clusters: null` into an empty kubeconfig.
  if (entries === undefined || entries === null) {
    document.set(list, document.createNode([node]));
    return;
  }
  if (!isSeq(entries)) throw noKubeconfig(file, `"${list}" is not a list`);
  const index = entries.items.findIndex((each) => nameOf(each) === name);
  if (index < 0) entries.items.push(node);
  else entries.items[index] = node;
  entries.flow = false;
}

const isSeq = (value: unknown): value is YAMLSeq => yamlLibrary().isSeq(value);

/** The content of the list entry with the name; `undefined` when there is no such entry. */
function contentOf(document: Document, list: string, member: string, name: string): JsonObject | undefined {
  const entries = document.get(list);
  const entry = isSeq(entries) ? entries.items.find((each) => nameOf(each) === name) : undefined;
  if (entry === undefined) return undefined;
  const value = (entry as YAMLMap).toJS(document) as JsonObject;
  const content = value[member];
  return isJsonObject(content) ? content : {};
}

function nameOf(entry: unknown): unknown {
  return yamlLibrary().isMap(entry) ? entry.get('name') : undefined;
}

function currentContext(document: Document): string {
  const current = document.get('current-context');
  return typeof current === 'string' ? current : '';
}

function parse(text: string, file: string): Document {
  const document = yamlLibrary().parseDocument(text, YAML_OUTPUT) as Document;
  const [problem] = document.errors;
  if (problem !== undefined) throw noKubeconfig(file, (problem.message.split('\n')[0] ?? '').replace(/:$/, ''));
  if (document.contents === null) document.contents = document.createNode({});
  if (!yamlLibrary().isMap(document.contents)) throw noKubeconfig(file, 'it is not an object');
  return document;
}

/**
 * Edits the text so that it has the value of the document. If the layout of the text does not allow such an edit,
 * prints the whole document. The printed document keeps the list indentation of the text, and does not wrap long
 * certificates.
 */
function textOf(document: Document, before: string): string {
  const changed = changedText(before, document.toJS() as JsonObject);
  if (changed !== undefined) return changed;
  const isIndented = /^(?:clusters|contexts|users):[^\n]*\n +- /m.test(before);
  return yamlOutput(document, { indentSeq: isIndented });
}

const noKubeconfig = (file: string, reason: string): TypeKroError =>
  new TypeKroError(`${file} is not a kubeconfig: ${reason}`, {
    code: 'cluster/kubeconfig',
    remedy: 'correct it, or name another with --kubeconfig',
  });

/**
 * The maximum time to wait while another program holds the lock of a kubeconfig, in milliseconds. kubectl holds the
 * lock for a few milliseconds.
 */
const MAX_LOCKED_MS = 2000;

/**
 * Changes a kubeconfig atomically. Holds kubectl's lock file during the change, so that no change by kubectl is lost. A
 * missing file counts as empty and is created with mode 600. An existing file keeps its mode, and a symbolic link is
 * not replaced.
 *
 * @param edit returns the new text, or `undefined` to leave the file unchanged
 * @param maxLockedMs the maximum time to wait while another program holds the lock, in milliseconds
 * @throws TypeKroError `cluster/kubeconfig` when another program holds the lock, or the file cannot be written.
 */
export async function editKubeconfig(
  path: string,
  edit: (text: string) => string | undefined,
  maxLockedMs: number = MAX_LOCKED_MS,
): Promise<void> {
  const unlock = await lockKubeconfig(path, maxLockedMs);
  try {
    const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
    if (!isThere && lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
      throw new TypeKroError(`${path} is a symbolic link whose target does not exist`, {
        code: 'cluster/kubeconfig',
        remedy: 'create its target, or name another kubeconfig with --kubeconfig',
      });
    }
    const before = isThere ? readRegularFile(path).toString() : '';
    const after = edit(before);
    if (after === undefined || after === before) return;
    if (isThere)
      await replaceFile(path, after, { code: 'cluster/kubeconfig', remedy: 'name another with --kubeconfig' });
    else writePrivate(path, after);
  } catch (error) {
    throw notWritten(path, error);
  } finally {
    unlock();
  }
}

/** Makes the lock file. Returns the function that removes it. */
async function lockKubeconfig(path: string, maxLockedMs: number): Promise<() => void> {
  const lock = `${path}.lock`;
  const isTaken = await poll(maxLockedMs, new AbortController().signal, () => {
    try {
      makeDirectory(dirname(path), 0o700);
      closeSync(openSync(lock, 'wx', 0o600));
      return true;
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return undefined;
      throw notWritten(path, error);
    }
  });
  if (isTaken === true) return () => rmSync(lock, { force: true });
  throw new TypeKroError(`another program changes ${path}: ${lock} exists`, {
    code: 'cluster/kubeconfig',
    remedy: `run the command again; if no other program uses the kubeconfig, remove the lock: rm ${lock}`,
  });
}

const notWritten = (path: string, error: unknown): TypeKroError =>
  TypeKroError.from(error, {
    code: 'cluster/kubeconfig',
    what: `change ${path}`,
    remedy: 'name another kubeconfig with --kubeconfig',
  });
