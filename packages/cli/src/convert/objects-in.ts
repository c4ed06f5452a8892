import type { JsonValue, KubeObject } from '@typekro/kit/core';
import { objectsOf, parseManifest } from '../inputs/read-manifest.ts';

/**
 * Returns the Kubernetes objects in documents. A `List` is replaced by its items, and documents that are not objects
 * are left out. `documentsLeftOut` lists these documents.
 */
export function objectsIn(documents: readonly JsonValue[]): KubeObject[] {
  return documents.flatMap(objectsOf);
}

/**
 * Returns one line for each document that is not a Kubernetes object: `app.yaml:7:1: an object needs a name`. Such a
 * document is not an error, because a folder may contain files of other tools.
 *
 * @param texts the content of each file, keyed by file name
 */
export function documentsLeftOut(texts: ReadonlyMap<string, string>): string[] {
  return [...texts].flatMap(([file, text]) =>
    parseManifest(text, file)
      .diagnostics.filter(({ code }) => code === 'input/not-an-object')
      .map(({ message, source }) => `${file}:${source?.line ?? 1}:${source?.column ?? 1}: ${message}`),
  );
}
