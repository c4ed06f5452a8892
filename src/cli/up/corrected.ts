import { controllerCrds } from '../../graph/index.ts';
import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject, parseApiVersion, nearestName } from '../../core/index.ts';
import type { DefinitionDocument, PathStep } from '../../graph/index.ts';
import { crdSource, prune, schemaNodeAt, stepsIn, valueAtSteps } from '../../schema/index.ts';

/**
 * The definition or Graph with misspelt fields renamed to the most likely field, unless the object has that field
 * already. The compiler then finds the other errors, and no consequences of the misspelling. `checkObject` reports the
 * misspelling itself. The positions are positions in the original text.
 */
export function corrected(document: DefinitionDocument): DefinitionDocument {
  const { value } = document;
  const [apiVersion, kind] = isJsonObject(value) ? [value['apiVersion'], value['kind']] : [];
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return document;
  const schema = crdSource(controllerCrds()).schemaOf({ ...parseApiVersion(apiVersion), kind });
  const unknown = schema === undefined ? [] : prune(schema, value).unknown;
  if (schema === undefined || unknown.length === 0) return document;
  const copy = structuredClone(value);
  const written: { readonly meant: readonly PathStep[]; readonly name: string }[] = [];
  for (const field of unknown) {
    const steps = stepsIn(value, field);
    const parentSteps = steps.slice(0, -1);
    const name = String(steps.at(-1) ?? '');
    const parent = valueAtSteps(copy, parentSteps);
    const meant = nearestName(name, Object.keys(schemaNodeAt(schema, parentSteps)?.properties ?? {}));
    if (!isJsonObject(parent) || meant === undefined || Object.hasOwn(parent, meant)) continue;
    rename(parent, name, meant);
    written.push({ meant: [...parentSteps, meant], name });
  }
  if (written.length === 0) return document;
  const asWritten = (path: readonly PathStep[]): PathStep[] =>
    path.map((step, index) => {
      const found = written.find(
        ({ meant }) => meant.length === index + 1 && meant.every((part, at) => part === path[at]),
      );
      return found?.name ?? step;
    });
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

function rename(object: JsonObject, from: string, to: string): void {
  const value: JsonValue | undefined = object[from];
  delete object[from];
  if (value !== undefined) object[to] = value;
}
