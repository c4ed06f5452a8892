import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { markerAdvice } from '../../schema/simple/marker-advice.ts';
import type { ParsedDefinition } from '../parsed-definition.ts';
import type { PathStep } from '../model.ts';
import type { Problems } from '../problems.ts';

const CODES = {
  contradiction: 'graph/contradicting-markers',
  'no-effect': 'graph/useless-marker',
  brackets: 'graph/enum-brackets',
} as const;

/** Warns of markers in `spec` and `types` that are certainly mistakes, although kro accepts them. */
export function warnMarkers({ schema }: ParsedDefinition, problems: Problems): void {
  warnBlock(schema.types, ['spec', 'schema', 'types'], problems);
  warnBlock(schema.spec, ['spec', 'schema', 'spec'], problems);
}

function warnBlock(block: JsonValue | undefined, path: readonly PathStep[], problems: Problems): void {
  if (isJsonObject(block)) {
    for (const [name, value] of Object.entries(block)) {
      if (name.endsWith('?')) warnOptionalName(name, [...path, name], problems);
      warnBlock(value, [...path, name], problems);
    }
    return;
  }
  if (typeof block !== 'string') return;
  for (const { kind, message, hint, offset } of markerAdvice(block)) {
    problems.warn({ code: CODES[kind], message, hint, place: { path, offset } });
  }
}

/**
 * Warns of a name that ends with `?`. In TypeScript, `?` marks an optional member, but in SimpleSchema it is part of
 * the name.
 */
function warnOptionalName(name: string, path: readonly PathStep[], problems: Problems): void {
  const plain = name.slice(0, -1);
  problems.warn({
    code: 'graph/optional-mark',
    message: `the question mark is part of the name "${name}": instances must write it, and no expression can read the field`,
    place: { path, key: true },
    hint: `write ${plain}: a field is optional unless it has the marker required=true`,
  });
}
