import { type Diagnostic, type KubeObject, type ObjectRef, hasErrors, objectName, refOf } from '@typekro/kit/core';
import { Kinds } from '@typekro/engine/graph';
import { type KubernetesApi, isUnanswered, KubeError, systemClock } from '@typekro/kube';
import { Outcome } from '@typekro/engine/runtime';
import { OBJECT_READER, readSources } from '../generate/read-sources.ts';
import { FILE_MANAGER, waitUntilEstablished } from '@typekro/app/plan';
import { type ManifestObject, parseManifest } from '../inputs/read-manifest.ts';

/** The objects of files, folders and the standard input, with their problems. */
export interface ReadObjects {
  readonly objects: readonly ManifestObject[];
  readonly diagnostics: readonly Diagnostic[];
  /** The content of each file, keyed by file name. Problems quote excerpts of it. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Reads YAML and JSON files, folders with their subfolders, and for `-` the standard input.
 *
 * @throws TypeKroError as `readSources` does.
 */
export async function readObjects(
  names: readonly string[],
  cwd: string,
  readInput: () => Promise<string>,
): Promise<ReadObjects> {
  const sources = await readSources(names, cwd, readInput, { name: 'cluster load', ...OBJECT_READER });
  // With syntax errors in a file, the parsed documents are unreliable, so no objects are returned.
  if (hasErrors(sources.diagnostics)) return { objects: [], ...sources };
  const parsed = [...sources.texts].map(([file, text]) => parseManifest(text, file));
  return {
    objects: parsed.flatMap(({ objects }) => objects),
    diagnostics: [...sources.diagnostics, ...parsed.flatMap(({ diagnostics }) => diagnostics)],
    texts: sources.texts,
  };
}

const isNamespace = ({ apiVersion, kind }: KubeObject): boolean => apiVersion === 'v1' && kind === 'Namespace';

/** Sorts objects: Namespaces, then CustomResourceDefinitions, then all others, each in the order of the files. */
export function inLoadOrder<Each extends { readonly object: KubeObject }>(objects: readonly Each[]): readonly Each[] {
  const rank = ({ object }: Each): number => (isNamespace(object) ? 0 : Kinds.isCrd(object) ? 1 : 2);
  return objects.toSorted((a, b) => rank(a) - rank(b));
}

/** The outcome for an object of a file. */
export interface LoadedObject {
  readonly object: ObjectRef;
  readonly outcome: 'created' | 'configured' | 'unchanged' | 'refused';
  /** The reason why the object was refused. */
  readonly message?: string;
}

/**
 * Applies objects with server-side apply, in the order of their dependencies. Waits until the API server serves the
 * kinds of the CRDs before it applies the objects that follow. A refused object does not stop the function, but a CRD
 * that is not served in time does.
 *
 * @throws TypeKroError `apply/not-served` for a CRD that is not established after the time limit
 */
export async function loadObjects(
  api: KubernetesApi,
  objects: readonly ManifestObject[],
  signal: AbortSignal,
  onLoaded: (loaded: LoadedObject) => void,
): Promise<readonly LoadedObject[]> {
  const loaded: LoadedObject[] = [];
  const established: KubeObject[] = [];
  for (const { object } of inLoadOrder(objects)) {
    if (!Kinds.isCrd(object)) {
      for (const crd of established.splice(0)) await waitUntilEstablished({ api, signal, clock: systemClock }, crd);
    }
    const result = await applyOne(api, object, signal, established);
    loaded.push(result);
    onLoaded(result);
  }
  for (const crd of established) await waitUntilEstablished({ api, signal, clock: systemClock }, crd);
  return loaded;
}

async function applyOne(
  api: KubernetesApi,
  object: KubeObject,
  signal: AbortSignal,
  established: KubeObject[],
): Promise<LoadedObject> {
  const ref = refOf(object);
  try {
    const before = await api.find(ref, { signal });
    const after = await api.apply(object, { fieldManager: FILE_MANAGER, force: true, signal });
    if (Kinds.isCrd(object)) established.push(after);
    const outcome = Outcome.ofWrite(before, after);
    return { object: refOf(after), outcome: outcome === 'replaced' ? 'configured' : outcome };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof KubeError)) throw error;
    const { message } = error;
    if (isUnanswered(error)) throw error;
    return { object: ref, outcome: 'refused', message };
  }
}

/** The output line for an object that was loaded or refused. */
export const loadedLine = ({ object, outcome, message }: LoadedObject): string =>
  message === undefined ? `${outcome} ${objectName(object)}` : `refused ${objectName(object)}: ${message}`;
