import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, setOwn } from '@typekro/kit/core';
import { Path } from '@typekro/engine/graph';
import { FieldWriter, keys } from '@typekro/engine/runtime';

/** A change that another client can make to a child. */
export interface ChildChange {
  /** The path of the field: `spec.replicas`. */
  readonly path: string;
  /** A merge patch. */
  readonly patch: JsonObject;
}

/** The controller's labels whose keys have none of its reserved prefixes. */
const OWN_NAMES: ReadonlySet<string> = new Set([keys.PART_OF_LABEL, keys.MANAGED_BY_LABEL]);

/**
 * The possible changes of the fields that the controller owns in a child. Each change sets one field to another value
 * of the same type. Fields inside lists are skipped, because a merge patch replaces whole lists. The last change sets
 * an annotation that the controller does not own and that every server accepts.
 *
 * @param from a number in [0, 1) that selects the change with which the list begins
 */
export function changesOf(child: KubeObject, from: number): ChildChange[] {
  const found: ChildChange[] = [];
  collect(FieldWriter.values(child), [], found);
  const start = Math.floor(from * found.length);
  const path = ['metadata', 'annotations', 'another-client'];
  return [
    ...found.slice(start),
    ...found.slice(0, start),
    { path: Path.format(path), patch: nested(path, 'was here') },
  ];
}

function collect(value: JsonObject, path: readonly string[], found: ChildChange[]): void {
  for (const [name, member] of Object.entries(value)) {
    if (path[0] === 'metadata' && isOwnName(name)) continue;
    const at = [...path, name];
    if (isJsonObject(member)) collect(member, at, found);
    else {
      const other = otherValue(member);
      if (other !== undefined && at[1] !== 'ownerReferences')
        found.push({ path: Path.format(at), patch: nested(at, other) });
    }
  }
}

function isOwnName(name: string): boolean {
  return OWN_NAMES.has(name) || keys.isReservedKey(name);
}

function otherValue(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value === 'string') return `${value}-changed`;
  if (typeof value === 'number') return value + 1;
  return typeof value === 'boolean' ? !value : undefined;
}

function nested(path: readonly string[], value: JsonValue): JsonObject {
  const [name = '', ...rest] = path;
  const result: JsonObject = {};
  setOwn(result, name, rest.length === 0 ? value : nested(rest, value));
  return result;
}
