import { parseApiVersion, isJsonObject } from '@typekro/kit/core';
import { type DefinitionDocument, controllerCrds } from '@typekro/engine/graph';
import { crdSource } from '@typekro/engine/schema';
import { correctFields } from './corrected-fields.ts';

/**
 * Returns the definition or Graph with misspelt fields renamed to the most similar field, unless the object already has
 * that field. The compiler then finds the other errors, without consequences of the misspelling. `checkObject` reports
 * the misspelling itself. Positions refer to the original text.
 */
export function corrected(document: DefinitionDocument): DefinitionDocument {
  const { value } = document;
  const [apiVersion, kind] = isJsonObject(value) ? [value['apiVersion'], value['kind']] : [];
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return document;
  const schema = crdSource(controllerCrds()).schemaOf({ ...parseApiVersion(apiVersion), kind });
  if (schema === undefined) return document;
  const { value: copy, asWritten } = correctFields(schema, value);
  if (copy === value) return document;
  return {
    value: copy,
    index: document.index,
    ...(document.file === undefined ? {} : { file: document.file }),
    position: (path) => document.position(asWritten(path)),
    keyPosition: (path) => document.keyPosition(asWritten(path)),
    positionInside: (path, offset) => document.positionInside(asWritten(path), offset),
    written: (path) => document.written?.(asWritten(path)),
    writtenKey: (path) => document.writtenKey?.(asWritten(path)),
  };
}
