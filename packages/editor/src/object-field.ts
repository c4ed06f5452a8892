import type { Position } from 'vscode-languageserver';
import { type JsonValue, type ObjectRef, isJsonObject } from '@typekro/kit/core';
import type { PathStep } from '@typekro/engine/graph';
import type { EditorDocument } from './editor-document.ts';
import { placeAt } from './yaml-tree.ts';

/**
 * A field of an object whose kind and name a document states without expressions, so that the object can be read from a
 * cluster.
 */
export interface ObjectField {
  readonly ref: ObjectRef;
  readonly path: readonly PathStep[];
}

/**
 * The object and the field at a position. `undefined` in a definition or a Graph, for an object whose name has an
 * expression, and for a Secret.
 */
export function objectFieldAt(document: EditorDocument, position: Position): ObjectField | undefined {
  const offset = document.text.offsetAt(position);
  const placed = document.partAt(offset);
  const place = placed === undefined ? undefined : placeAt(placed.part.tree, offset - placed.from);
  const value = placed?.part.value;
  if (place === undefined || !isJsonObject(value)) return undefined;
  const { apiVersion, kind } = value;
  const metadata: JsonValue | undefined = value['metadata'];
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  const namespace = isJsonObject(metadata) ? metadata['namespace'] : undefined;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return undefined;
  const isSecret = kind === 'Secret' || kind === 'SecretList';
  const isTemplate = kind === 'ResourceGraphDefinition' || kind === 'Graph';
  if (isSecret || isTemplate || name.includes('${')) return undefined;
  const ref = { apiVersion, kind, name, ...(typeof namespace === 'string' ? { namespace } : {}) };
  return { ref, path: place.path };
}
