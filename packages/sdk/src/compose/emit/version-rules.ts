import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { Path } from '@typekro/engine/graph';
import type { Schema } from '@typekro/engine/schema';
import { cond, ofNumber, optionalNone, optionalSome } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { FLOAT } from '../ir/types.ts';
import { type Site, Refusal, refuse } from '../refusal/refusal.ts';
import { refuseIterable } from '../library/marked-sets.ts';
import { resolveMerged } from '../value/merge.ts';
import { symbolic } from '../value/proxy.ts';
import { Phi, SeenList, Sym } from '../value/symbolic.ts';
import { mayBeUndefined, mergedPieces, optionalNode, optionalPhi, toNode } from '../value/value-nodes.ts';
import { mergeSides } from './emit-template.ts';
import { ExpressionWriter } from './expression-writer.ts';
import { isFields, memberwise } from './status-fields.ts';

/** The schemas of a field in both versions; undefined where a version does not declare the field. */
interface Both {
  readonly from: Schema | undefined;
  readonly to: Schema | undefined;
}

/**
 * Writes what a conversion returns as rules of a definition: the paths of fields with their expressions over `self`. An
 * object that both versions have gets a rule for each of its fields, so that its other fields keep their values.
 */
export function versionRules(
  result: unknown,
  schemas: Both,
  siteOf: (path: readonly string[]) => Site | undefined,
): JsonObject {
  const rules: JsonObject = {};
  const writer = new ExpressionWriter(new Set(['self']), 'typekro');
  const visit = (raw: unknown, { from, to }: Both, path: readonly string[]): void => {
    const value = resolveMerged(raw);
    const fields = path.length === 1 ? rootFields(value) : fieldsIn(value);
    const isShared = from?.properties !== undefined && to?.properties !== undefined;
    if (fields !== undefined && (path.length === 1 || isShared || isSure(fields, to))) {
      for (const [name, member] of Object.entries(fields))
        placed(member, { from: declared(from, name), to: declared(to, name) }, [...path, name]);
      return;
    }
    if (isShared && mayBeWritten(value))
      refuse(
        'unsupported',
        `${path.join('.')} is written on some paths only, and both versions have such an object`,
        `return its fields always, as in { ${path.at(-1)}: { field: condition ? value : undefined } }`,
      );
    const rule = ruleOf(value, to, writer);
    // A field that only the other version has is absent without a rule.
    if (rule !== undefined || from !== undefined) rules[Path.format(path)] = rule ?? `\${optional.none()}`;
  };
  const placed: typeof visit = (raw, both, path) => {
    try {
      visit(raw, both, path);
    } catch (error) {
      if (error instanceof Refusal) error.site ??= siteOf(path);
      throw error;
    }
  };
  placed(result, schemas, ['spec']);
  return rules;
}

/** The schema of a field of an object. */
const declared = (schema: Schema | undefined, name: string): Schema | undefined =>
  Object.hasOwn(schema?.properties ?? {}, name) ? schema?.properties?.[name] : undefined;

/** The fields that the function returns. */
function rootFields(value: unknown): object {
  const fields = fieldsIn(memberwise(symbolic(value)) ?? value);
  if (fields !== undefined) return fields;
  if (typeof value === 'object' && value !== null && mergedPieces(value) !== undefined)
    return refuse(
      'unsupported',
      'the names of the fields that the conversion returns are not known',
      'return an object literal; a field that both versions have needs no line',
    );
  return refuse('types', 'a conversion returns an object of fields', 'return { field: spec.other }');
}

/** The fields of an object whose names are known; undefined for other values. */
function fieldsIn(value: unknown): object | undefined {
  const inner = symbolic(value);
  if (inner instanceof Phi) return mergeSides(inner);
  return isFields(value) && mergedPieces(value) === undefined ? value : undefined;
}

/** Does a rule for each field make the object in every case? */
const isSure = (fields: object, to: Schema | undefined): boolean =>
  to?.properties !== undefined && Object.values(fields).some((member) => !mayBeUndefined(member));

/** Is the value, on some path, an object that the function writes? */
function mayBeWritten(raw: unknown): boolean {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  return inner instanceof Phi ? mayBeWritten(inner.then) || mayBeWritten(inner.otherwise) : isFields(value);
}

/** A constant, or one expression; undefined for a value that leaves the field out. */
function ruleOf(value: unknown, to: Schema | undefined, writer: ExpressionWriter): JsonValue | undefined {
  if (value === undefined || (value === null && to?.nullable !== true)) return undefined;
  if (value instanceof SeenList || symbolic(value) instanceof Sym)
    refuseIterable(value instanceof SeenList ? value : (symbolic(value) as Sym), 'a field of a conversion');
  // The expression of an empty object is a map, which a field with declared members does not accept.
  if (isFields(value) && mergedPieces(value) === undefined && Object.keys(value).length === 0) return {};
  return writer.field(nodeOf(value, to), to);
}

/** The expression of a value, which is an optional if the value may be absent. */
function nodeOf(value: unknown, to: Schema | undefined): Node {
  const inner = symbolic(value);
  if (inner instanceof Sym && inner.absence !== undefined) {
    if (to?.type !== 'number') return optionalNode(inner);
    return cond(inner.absence.has, optionalSome(forSchema(inner.node, to, false)), optionalNone());
  }
  return forSchema((inner instanceof Phi ? optionalPhi(inner) : undefined) ?? toNode(value), to);
}

/** The expression with doubles where the field has numbers with fractions: CEL does not convert integers. */
function forSchema(node: Node, to: Schema | undefined, isWhole = true): Node {
  // A literal alone becomes a constant of the definition.
  if (to?.type !== 'number' || (isWhole && node.kind === 'lit')) return node;
  const part = (inner: Node): Node => forSchema(inner, to, false);
  if (node.kind === 'cond') return cond(node.args[0], part(node.args[1]), part(node.args[2]));
  const isSome = node.kind === 'call' && node.name === 'optional.of';
  if (isSome) return optionalSome(part(node.args[0] as Node));
  return node.type.kind === 'number' ? ofNumber(node, FLOAT) : node;
}
