import type { Diagnostic, KubeObject, SourcePosition } from '@typekro/kit/core';
import { type PathStep, Path } from '@typekro/engine/graph';
import { type ManifestObject, parseManifest } from '../inputs/read-manifest.ts';

/** An object of the user's files, with its document and its file. */
export interface OriginalObject extends ManifestObject {
  readonly file: string;
}

/** Finds the objects in files, each with its document and its file. */
export function originals(texts: ReadonlyMap<string, string>): OriginalObject[] {
  return [...texts].flatMap(([file, text]) => parseManifest(text, file).objects.map((entry) => ({ ...entry, file })));
}

/**
 * Locates a problem of a generated definition in the user's object from which the faulty part of the definition was
 * generated. If this part does not come from an object, the problem keeps its path in the definition and has no
 * location, because no file contains the generated text.
 *
 * @param objects the objects of the definition, in the order of its resources
 */
export function placedInObjects(
  { source: _made, ...diagnostic }: Diagnostic,
  objects: readonly KubeObject[],
  all: readonly OriginalObject[],
): Diagnostic {
  const parsed = diagnostic.path === undefined ? undefined : Path.parse(diagnostic.path);
  const [, resources, index, part, ...rest]: readonly PathStep[] = parsed?.ok === true ? parsed.steps : [];
  const object = resources === 'resources' && typeof index === 'number' ? objects[index] : undefined;
  if (object === undefined) return diagnostic;
  const { name = '', namespace } = object.metadata;
  const origin = all.find(
    ({ object: { kind, apiVersion, metadata } }) =>
      kind === object.kind &&
      apiVersion === object.apiVersion &&
      metadata.name === name &&
      metadata.namespace === namespace,
  );
  const what = `${object.kind} ${name}`;
  const message = `${what}: ${diagnostic.message}`;
  if (origin === undefined) return { ...diagnostic, message };
  const steps = part === 'template' ? rest : [];
  const { path: _path, ...others } = diagnostic;
  const path = steps.length === 0 ? {} : { path: (diagnostic.path ?? '').replace(/^.*?\.template\.?/, '') };
  const place = { source: { file: origin.file, ...origin.document.position(steps) } };
  return { ...others, ...path, message, ...place, ...(object.kind === 'Secret' ? { isSecret: true } : {}) };
}

/** Returns the location, in a file, of a part of a definition. */
export function placeInFile({ document, file }: OriginalObject, path: string): string {
  const parsed = Path.parse(path);
  return placeText({ ...document.position(parsed.ok ? parsed.steps : []), file }, path);
}

/**
 * Returns the location in the user's files of a part of a generated definition; `undefined` when the part does not come
 * from an object.
 */
export function placeInObject(place: (problem: Diagnostic) => Diagnostic, path: string): string | undefined {
  const { source, path: inObject = path } = place({ code: '', severity: 'error', message: '', path });
  return source === undefined ? undefined : placeText(source, inObject);
}

const placeText = ({ file = '', line, column }: SourcePosition, path: string): string =>
  `${file}:${line}:${column}: ${path}`;
