import { type CelType, type TypeProvider, DYN, isOptional, typeToString } from '@typekro/cel';

/**
 * The maximum number of compared parts. When a comparison needs more, as for recursive types, the types count as
 * assignable. This agrees with kro, which treats circular types as empty objects.
 */
const MAX_COMPARISONS = 5000;
/** The maximum depth of a comparison. Deeper parts count as assignable. */
const MAX_DEPTH = 100;

/**
 * cel-go's assignability: two types are equal, except that dyn in either type matches any part of the other type. kro
 * tests this before its structural comparison.
 */
export function isAssignableWithDyn(from: CelType, to: CelType): boolean {
  if (from.kind === 'dyn' || to.kind === 'dyn') return true;
  if (from.kind !== to.kind || from.name !== to.name || from.params.length !== to.params.length) return false;
  return from.params.every((param, index) => isAssignableWithDyn(param, to.params[index] ?? DYN));
}

/**
 * kro's structural comparison of the type of an expression with the type of its field. Returns undefined when the types
 * match, or else kro's message. If several fields do not match, the message names the first in the order of
 * declaration. kro's rules have loopholes, which this comparison reproduces: see {@link acceptedByKroLoophole}.
 */
export function explainMismatch(
  output: CelType,
  expected: CelType,
  types: TypeProvider,
  budget = { left: MAX_COMPARISONS },
  depth = 0,
): string | undefined {
  budget.left -= 1;
  if (budget.left < 0 || depth > MAX_DEPTH || output.kind === 'dyn' || expected.kind === 'dyn') return undefined;
  if (isOptional(output) && !isOptional(expected))
    return explainMismatch(param(output, 0), expected, types, budget, depth + 1);
  const next = (from: CelType, to: CelType): string | undefined => explainMismatch(from, to, types, budget, depth + 1);
  if (expected.kind === 'struct') {
    return output.kind === 'map' ? mapToStruct(output, expected, types, next) : toStruct(output, expected, types, next);
  }
  if (expected.kind === 'map') {
    return output.kind === 'struct' ? structToMap(output, expected, types, next) : toMap(output, expected, next);
  }
  if (expected.kind === 'list') {
    const [element] = output.params;
    if (element === undefined) return 'list parameter count mismatch: got 0, expected 1';
    return within('list element type incompatible', next(element, param(expected, 0)));
  }
  if (output.kind === expected.kind && (output.kind !== 'opaque' || output.name === expected.name)) return undefined;
  return `type kind mismatch: got "${typeToString(output)}", expected "${typeToString(expected)}"`;
}

type Compare = (from: CelType, to: CelType) => string | undefined;

function param(type: CelType, index: number): CelType {
  return type.params[index] ?? DYN;
}

function within(what: string, inner: string | undefined): string | undefined {
  return inner === undefined ? undefined : `${what}: ${inner}`;
}

function mapToStruct(output: CelType, expected: CelType, types: TypeProvider, next: Compare): string | undefined {
  if (types.findType(expected.name) === undefined) return undefined;
  if (param(output, 0).kind !== 'string') return 'map keys must be strings to assign to struct';
  for (const name of types.fieldNames(expected.name)) {
    const field = types.findField(expected.name, name);
    const inner = field === undefined ? undefined : next(param(output, 1), field.type);
    if (inner !== undefined) return `map value incompatible with struct field "${name}": ${inner}`;
  }
  return undefined;
}

function structToMap(output: CelType, expected: CelType, types: TypeProvider, next: Compare): string | undefined {
  if (param(expected, 0).kind !== 'string') return 'map key type must be string when assigning struct → map';
  for (const name of types.fieldNames(output.name)) {
    const field = types.findField(output.name, name);
    const inner = field === undefined ? undefined : next(field.type, param(expected, 1));
    if (inner !== undefined) return `struct field "${name}" incompatible with map value type: ${inner}`;
  }
  return undefined;
}

function toMap(output: CelType, expected: CelType, next: Compare): string | undefined {
  if (output.params.length < 2) return `map parameter count mismatch: got ${output.params.length}, expected 2`;
  return (
    within('map key type incompatible', next(param(output, 0), param(expected, 0))) ??
    within('map value type incompatible', next(param(output, 1), param(expected, 1)))
  );
}

/** Does the object type keep fields that it does not declare? If so, the provider knows a field of any name. */
function allowsAnyField(type: CelType, types: TypeProvider): boolean {
  return types.findField(type.name, 'a name that no field has') !== undefined;
}

function toStruct(output: CelType, expected: CelType, types: TypeProvider, next: Compare): string | undefined {
  if (types.findType(output.name) === undefined || types.findType(expected.name) === undefined) return undefined;
  if (allowsAnyField(expected, types)) return undefined;
  for (const name of types.fieldNames(output.name)) {
    const target = types.findField(expected.name, name);
    if (target === undefined) return `field "${name}" exists in output but not in expected type`;
    const field = types.findField(output.name, name);
    const inner = field === undefined ? undefined : next(field.type, target.type);
    if (inner !== undefined) return `field "${name}" has incompatible type: ${inner}`;
  }
  return undefined;
}

/**
 * Does kro accept a value that the API server must refuse? True for a scalar or list in an object field, and for a map
 * in a list field. Must be called only for types that kro accepts. It does not check kro's condition for a map in a
 * list field: the map's keys must have the type of the list's elements.
 */
export function acceptedByKroLoophole(output: CelType, expected: CelType): boolean {
  const from = isOptional(output) ? param(output, 0) : output;
  if (from.kind === 'dyn' || expected.kind === 'dyn' || from.kind === 'null') return false;
  if (expected.kind === 'struct') return from.kind !== 'struct' && from.kind !== 'map';
  if (expected.kind === 'list') return from.kind !== 'list';
  return false;
}

/** Is bytes the type, or a part of it, such as the type of the elements of a list? */
export const hasBytes = (type: CelType): boolean => type.kind === 'bytes' || type.params.some(hasBytes);
