import type { JsonValue } from '@typekro/kit/core';
import { expressionScopes, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import type { SchemaSource } from '@typekro/engine/schema';
import type { DocumentPart } from './editor-document.ts';

type Scopes = ReturnType<typeof expressionScopes>;

interface Known {
  readonly source: SchemaSource;
  readonly scopes: Scopes;
}

const known = new WeakMap<DocumentPart, Known>();

/**
 * The scopes of the definition or Graph in a part; `undefined` for other objects. The scopes of a part are kept until
 * `source` changes.
 */
export function scopesOf(part: DocumentPart, source: SchemaSource): Scopes {
  const before = known.get(part);
  if (before?.source === source) return before.scopes;
  const scopes = scopesOfValue(part.value, source);
  known.set(part, { source, scopes });
  return scopes;
}

/**
 * The scopes of a value. Completions use this function, because the text with the mark at the cursor is not a part of
 * the document.
 */
export function scopesOfValue(value: JsonValue, source: SchemaSource): Scopes {
  return expressionScopes(value, { sources: source, target: 'typekro', features: TYPEKRO_FEATURES });
}
