import type { Schema } from '@typekro/engine/schema';
import { nearestName } from '@typekro/kit/core';
import { ELEMENT } from '../interp/returned-fields.ts';
import type { StaticType } from '../ir/types.ts';
import { type Site, refuse, Refusal } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { resolveMerged } from '../value/merge.ts';
import { mergedPieces } from '../value/value-nodes.ts';
import { symbolic } from '../value/proxy.ts';
import { Maybe, Phi, SeenList, Splice, Sym } from '../value/symbolic.ts';

/** The places in the author's code: of the returned object as a whole, and of each field of the status. */
export interface StatusPlaces {
  readonly whole: Site;
  readonly field: (path: readonly string[]) => Site | undefined;
}

/** A possible value of a field: either a value from the composition, or only a type. */
type Candidate = { readonly value: unknown } | { readonly type: StaticType };

/**
 * The fields of an object. `open`: the object may have more fields. `passed`: the author passes on an object from
 * elsewhere as a whole, for example the status of a resource.
 */
interface Shape {
  readonly fields: Map<string, Candidate[]>;
  readonly open: boolean;
  readonly passed: boolean;
}

/** Fields that a status may have without a declaration. kro writes them, or takes them from the author's status. */
const BUILT_IN: ReadonlySet<string> = new Set(['conditions', 'state']);

/**
 * Compares what a composition returns with the status that its definition declares. Refuses an undeclared field, a
 * value whose type differs from the declared type, and a required field that no path through the function returns. Only
 * warns about an undeclared field that comes from a spread or from a function outside the composition. Does not report
 * an undeclared field of an object that the author passes on as a whole. Does not check an object whose fields are
 * unknown, such as hand-written CEL.
 */
export function checkDeclaredStatus(status: unknown, schema: Schema, places: StatusPlaces): void {
  const value = resolveMerged(status);
  const inner = symbolic(value);
  const isResource = inner instanceof Sym && inner.resource !== undefined;
  const none = value === undefined || value === null || isResource;
  new StatusCheck(places).object([{ value: none ? {} : value }], schema, []);
}

class StatusCheck {
  readonly #places: StatusPlaces;
  /**
   * Declared fields whose names are probably misspelt in the returned status. The misspelt names are reported, so these
   * fields do not count as missing.
   */
  readonly #meant = new Set<string>();

  constructor(places: StatusPlaces) {
    this.#places = places;
  }

  #value(candidates: readonly Candidate[], schema: Schema, path: readonly string[]): void {
    if (this.#isMistyped(candidates, schema, path)) return;
    if (schema.items === undefined) this.object(candidates, schema, path);
    else this.#value(candidates.flatMap(elementsOf), schema.items, [...path, ELEMENT]);
  }

  object(candidates: readonly Candidate[], schema: Schema, path: readonly string[]): void {
    const { properties } = schema;
    if (properties === undefined || isOpen(schema)) return;
    const shapes = candidates.map(shapeOf);
    const known = shapes.filter((shape) => shape !== undefined);
    const names = Object.keys(properties);
    for (const shape of known) {
      for (const name of shape.fields.keys()) {
        if (Object.hasOwn(properties, name) || (path.length === 0 && BUILT_IN.has(name))) continue;
        this.#undeclared([...path, name], names, shape.passed);
      }
    }
    const mayHaveOthers = known.length < shapes.length || known.some(({ open }) => open);
    if (known.length > 0 && !mayHaveOthers) this.#missing(known, schema, path);
    for (const name of names) {
      const found = known.flatMap(({ fields }) => fields.get(name) ?? []);
      if (found.length > 0) this.#value(found, properties[name] as Schema, [...path, name]);
    }
  }

  #undeclared(path: readonly string[], names: readonly string[], passed: boolean): void {
    const name = path.at(-1) as string;
    const near = nearestName(name, names);
    const message = `the declared status has no field "${textOf(path)}"`;
    const hint = near === undefined ? 'declare it in the status of the definition' : `did you mean "${near}"?`;
    if (near !== undefined) this.#meant.add(textOf([...path.slice(0, -1), near]));
    const site = this.#places.field(path);
    if (site !== undefined) noteRefusal(() => refuse('status-field', message, hint), site);
    else if (!passed) {
      const text = `${message}, but the returned value contains it`;
      activeTrace().warn('status-extra', text, hint, this.#places.whole);
    }
  }

  /** Does the field contradict its declared type on every path through the function? If so, refuses it. */
  #isMistyped(candidates: readonly Candidate[], schema: Schema, path: readonly string[]): boolean {
    const wanted = typeof schema.type === 'string' ? FORMS[schema.type] : undefined;
    const found = candidates.flatMap(formsOf);
    const given = found[0];
    if (schema.type === 'integer' && this.#isFraction(candidates, path)) return true;
    if (wanted === undefined || given === undefined || schema['x-kubernetes-int-or-string'] === true) return false;
    if (isOpen(schema) || found.some((form) => form === undefined || form === wanted)) return false;
    const message = `the declared status has ${wanted} in "${textOf(path)}", but the composition returns ${given}`;
    const hint = `return ${wanted}, or declare the real type of the field`;
    const site = this.#places.field(path) ?? this.#places.whole;
    noteRefusal(() => refuse('status-type', message, hint), site);
    return true;
  }

  /** Is the field a constant with a fraction, where an integer is declared? If so, refuses it. */
  #isFraction(candidates: readonly Candidate[], path: readonly string[]): boolean {
    const values = candidates.map((candidate) => ('value' in candidate ? resolveMerged(candidate.value) : undefined));
    const fraction = values.filter((value) => typeof value === 'number').find((value) => !Number.isInteger(value));
    if (fraction === undefined) return false;
    const message = `the declared status has an integer in "${textOf(path)}", but the composition returns ${fraction}`;
    const site = this.#places.field(path) ?? this.#places.whole;
    noteRefusal(() => refuse('status-type', message, 'round it, or declare the field as a number'), site);
    return true;
  }

  #missing(shapes: readonly Shape[], { properties = {}, required = [] }: Schema, path: readonly string[]): void {
    const isMissing = (name: string) =>
      properties[name]?.nullable !== true &&
      properties[name]?.default === undefined &&
      !this.#meant.has(textOf([...path, name])) &&
      !(path.length === 0 && BUILT_IN.has(name)) &&
      !shapes.some(({ fields }) => fields.has(name));
    const missing = required.filter(isMissing).map((name) => textOf([...path, name]));
    if (missing.length === 0) return;
    const [first] = missing;
    const message = `the composition never returns ${missing.join(', ')}, which the declared status requires`;
    const hint =
      missing.length === 1
        ? `return it, or declare it optional: "${first}?"`
        : `return them, or declare them optional, as in "${first}?"`;
    const site = path.length === 0 ? this.#places.whole : (this.#places.field(path) ?? this.#places.whole);
    noteRefusal(() => refuse('status-missing', message, hint), site);
  }
}

/** Collects the refusal that `work` throws, with `site` as its place, so that the check continues. */
export function noteRefusal(work: () => never, site: Site): void {
  activeTrace().collecting(() => {
    try {
      work();
    } catch (error) {
      if (error instanceof Refusal) error.site = site;
      throw error;
    }
  });
}

type Form = 'a list' | 'a number' | 'a string' | 'an object' | 'true or false';

/** Maps a schema type to the form of its values. */
const FORMS: Readonly<Record<string, Form>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a number',
  number: 'a number',
  object: 'an object',
  string: 'a string',
};

/** Maps the kind of a static type to the form of its values. A kind whose values may have several forms is absent. */
const STATIC_FORMS: Readonly<Partial<Record<StaticType['kind'], Form>>> = {
  bool: 'true or false',
  list: 'a list',
  map: 'an object',
  number: 'a number',
  object: 'an object',
  string: 'a string',
};

const CONSTANT_FORMS: Readonly<Record<string, Form | undefined>> = {
  boolean: 'true or false',
  number: 'a number',
  string: 'a string',
};

/** Returns the possible forms of a value. An unknown form is `undefined`, and an absent field has no forms. */
function formsOf(candidate: Candidate): (Form | undefined)[] {
  if ('type' in candidate) return [STATIC_FORMS[candidate.type.kind]];
  const value = resolveMerged(candidate.value);
  if (value === undefined || value === null) return [];
  const inner = symbolic(value);
  if (inner instanceof Sym) return [STATIC_FORMS[inner.type.kind]];
  if (inner instanceof Phi) return [...formsOf({ value: inner.then }), ...formsOf({ value: inner.otherwise })];
  if (Array.isArray(value) || value instanceof SeenList) return ['a list'];
  if (typeof value !== 'object') return [CONSTANT_FORMS[typeof value]];
  const prototype: unknown = Object.getPrototypeOf(value);
  return [prototype === Object.prototype || prototype === null ? 'an object' : undefined];
}

const textOf = (path: readonly string[]): string => path.join('.').replaceAll(`.${ELEMENT}`, ELEMENT);

/**
 * The names of the fields that an object of the schema may have; `undefined` when the schema allows additional names.
 */
export function fieldsOf(schema: Schema): readonly string[] | undefined {
  return schema.properties === undefined || isOpen(schema)
    ? undefined
    : [...Object.keys(schema.properties), ...BUILT_IN];
}

/** May the schema allow fields that its `properties` do not name? */
function isOpen(schema: Schema): boolean {
  const { additionalProperties, anyOf, oneOf, allOf } = schema;
  return (
    schema['x-kubernetes-preserve-unknown-fields'] === true ||
    (additionalProperties !== undefined && additionalProperties !== false) ||
    [anyOf, oneOf, allOf].some((forms) => forms !== undefined)
  );
}

/** The fields of a possible value; `undefined` where they are unknown. */
function shapeOf(candidate: Candidate): Shape | undefined {
  if ('type' in candidate) return shapeOfType(candidate.type);
  const value = resolveMerged(candidate.value);
  const inner = symbolic(value);
  if (inner instanceof Sym) return shapeOfType(inner.type);
  if (inner instanceof Phi) {
    const sides = [inner.then, inner.otherwise].filter((side) => resolveMerged(side) !== undefined && side !== null);
    return joined(sides.map((side) => shapeOf({ value: side })));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof SeenList)
    return undefined;
  const pieces = mergedPieces(value) ?? [];
  const parts = pieces.flatMap(({ map, keys }) => [
    ...(map === undefined ? [] : [shapeOf({ value: map }) ?? OPEN]),
    ...(keys === undefined ? [] : [ownShape(keys)]),
  ]);
  return joined([ownShape(value), ...parts]);
}

const OPEN: Shape = { fields: new Map(), open: true, passed: true };

const ownShape = (value: object): Shape => ({
  fields: new Map(Object.entries(value).map(([name, field]) => [name, [{ value: field as unknown }]])),
  open: false,
  passed: false,
});

function shapeOfType(type: StaticType): Shape | undefined {
  if (type.kind !== 'object') return undefined;
  const fields = new Map<string, Candidate[]>();
  for (const name of type.names()) {
    const field = type.field(name);
    if (field !== undefined) fields.set(name, [{ type: field.type }]);
  }
  return { fields, open: type.open, passed: true };
}

/** Combines the fields of several objects. The objects are either merged or alternatives. */
function joined(shapes: readonly (Shape | undefined)[]): Shape | undefined {
  const known = shapes.filter((shape) => shape !== undefined);
  if (known.length === 0) return undefined;
  const fields = new Map<string, Candidate[]>();
  for (const shape of known)
    for (const [name, found] of shape.fields) fields.set(name, [...(fields.get(name) ?? []), ...found]);
  const open = known.length < shapes.length || known.some((shape) => shape.open);
  return { fields, open, passed: known.every(({ passed }) => passed) };
}

/** The possible values of the elements of a list. */
function elementsOf(candidate: Candidate): Candidate[] {
  if ('type' in candidate) return candidate.type.kind === 'list' ? [{ type: candidate.type.element }] : [];
  const value = resolveMerged(candidate.value);
  const inner = symbolic(value);
  if (inner instanceof Sym) return elementsOf({ type: inner.type });
  if (inner instanceof Phi) return [...elementsOf({ value: inner.then }), ...elementsOf({ value: inner.otherwise })];
  if (value instanceof SeenList) return elementsOf({ type: value.elements().type });
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown): Candidate[] => {
    if (item instanceof Splice) return elementsOf({ type: item.list.type });
    return [{ value: item instanceof Maybe ? item.value : item }];
  });
}
