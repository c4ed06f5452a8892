import { type JsonObject, type JsonValue, isJsonObject, oncePerObject } from '@typekro/kit/core';
import { type Schema, StructuralSchema } from '../../schema/index.ts';
import type { ResourceDraft } from '../resource-draft.ts';
import type { PathStep } from '../model.ts';
import { formatPath } from '../path.ts';
import type { Problems } from '../problems.ts';
import { memberSchema } from '../walk.ts';

/**
 * Warns of faults in a template for which the API server refuses the object, and which kro does not check: missing
 * required fields, literals that violate an enum, a pattern or a bound, and metadata that only the server writes. Does
 * not check fields with expressions.
 */
export function warnLiterals(
  { resolved, block, template, skeleton, nodeType }: ResourceDraft,
  problems: Problems,
): void {
  if (resolved === undefined || nodeType === 'external' || nodeType === 'externalCollection') return;
  new LiteralWarner(resolved.type.kind, block.path, template, problems).visit(skeleton, resolved.schema);
  warnServerMetadata(skeleton['metadata'], block.path, problems);
}

/**
 * Metadata that a template has if it was copied from a live object. `resourceVersion` alone causes no warning, because
 * a server-side apply can create an object with it.
 */
const SERVER_METADATA = ['resourceVersion', 'uid', 'managedFields'];

function warnServerMetadata(metadata: JsonValue | undefined, block: readonly PathStep[], problems: Problems): void {
  if (!isJsonObject(metadata)) return;
  const own = SERVER_METADATA.filter((name) => metadata[name] !== undefined && metadata[name] !== null);
  const [first] = own;
  if (first === undefined || (own.length === 1 && first === 'resourceVersion')) return;
  const fields = own.map((name) => `metadata.${name}`).join(' and ');
  problems.warn({
    code: 'graph/invalid-literal',
    message: `only the API server writes ${fields}; it will refuse another object with ${own.length > 1 ? 'them' : 'it'}`,
    place: { path: [...block, 'template', 'metadata', first], key: true },
    hint: `remove ${own.join(' and ')}: ${own.length > 1 ? 'they come' : 'it comes'} from the object that the template was copied from`,
  });
}

/** Matches the server's message about an integer that does not fit into its format. */
const RANGE = /^Invalid value: "": Checked value must be of type integer (?:with format (\w+)|\()/;

class LiteralWarner {
  readonly #kind: string;
  readonly #block: readonly PathStep[];
  readonly #template: JsonValue;
  readonly #problems: Problems;
  /** The path of the current value. */
  readonly #steps: PathStep[] = [];

  constructor(kind: string, block: readonly PathStep[], template: JsonValue, problems: Problems) {
    this.#kind = kind;
    this.#block = block;
    this.#template = template;
    this.#problems = problems;
  }

  visit(value: JsonValue | undefined, schema: Schema): void {
    if (schema['x-kubernetes-preserve-unknown-fields'] === true) return;
    if (isJsonObject(value)) {
      if (schema.required !== undefined) this.#warnMissing(value, schema, schema.required);
      const keys = Object.keys(value);
      // Index loop: in unoptimized code for..of allocates at each step.
      for (let index = 0; index < keys.length; index += 1) {
        const key = keys[index] as string;
        const member = memberSchema(schema, key);
        if (member === undefined) continue;
        if (member !== schema.properties?.[key]) this.#warnNull(key, value[key], member);
        this.#below(key, value[key], member);
      }
    } else if (Array.isArray(value)) {
      const { items } = schema;
      if (items === undefined) return;
      for (const [index, entry] of value.entries()) {
        this.#warnNull(index, entry, items);
        this.#below(index, entry, items);
      }
    } else if (value !== null && value !== undefined) this.#warnScalar(value, schema);
  }

  #below(step: PathStep, value: JsonValue | undefined, schema: Schema): void {
    if (value === null || (typeof value === 'string' && !restricts(schema))) return;
    this.#steps.push(step);
    this.visit(value, schema);
    this.#steps.pop();
  }

  /** Warns of null as a string of a map or list. In the skeleton, null also stands for an expression. */
  #warnNull(key: PathStep, value: JsonValue | undefined, { type }: Schema): void {
    if (value !== null || type !== 'string') return;
    let raw: JsonValue | undefined = this.#template;
    for (const step of [...this.#steps, key]) raw = (raw as JsonObject | null | undefined)?.[step];
    if (raw !== null) return;
    this.#problems.warn({
      code: 'graph/null-text',
      message: 'the API server stores null as an empty string here',
      place: { path: [...this.#path, key] },
      hint: 'write "" for an empty string, or leave it out',
    });
  }

  get #path(): readonly PathStep[] {
    return [...this.#block, 'template', ...this.#steps];
  }

  #warnMissing(value: Readonly<Record<string, unknown>>, schema: Schema, required: readonly string[]): void {
    for (const name of required.length > 1 ? new Set(required) : required) {
      if (Object.hasOwn(value, name) || schema.properties?.[name]?.default !== undefined) continue;
      const field = formatPath([...this.#steps, name]);
      this.#problems.warn({
        code: 'graph/missing-required',
        message: `${this.#kind} requires ${field}; the API server will refuse the object`,
        place: { path: this.#path, key: true },
        hint: `add ${name}`,
      });
    }
  }

  /**
   * Warns of an integer that does not fit into its format. An integer beyond 64 bits is not reported here, because the
   * compiler already reports it as an error.
   */
  #warnRange(value: JsonValue, format: string | undefined): void {
    const whole = typeof value === 'bigint' || Number.isInteger(value) ? BigInt(value as number | bigint) : undefined;
    if (whole === undefined || BigInt.asIntN(64, whole) !== whole) return;
    const limit = 2n ** (format === 'int32' ? 31n : 63n);
    this.#problems.warn({
      code: 'graph/invalid-literal',
      message: `the API server will refuse this value: ${whole} is outside of ${format ?? 'int64'}`,
      place: { path: this.#path },
      hint: `write a number from ${-limit} to ${limit - 1n}`,
    });
  }

  #warnScalar(value: JsonValue, schema: Schema): void {
    // `anyOf` and `oneOf` restrict only the type of a value, which the compiler has already checked.
    if (schema.anyOf !== undefined || schema.oneOf !== undefined) return;
    // A number is always checked, because it may be too large for its type.
    if (typeof value !== 'number' && typeof value !== 'bigint' && !restricts(schema)) return;
    for (const error of StructuralSchema.validate(schema, value)) {
      if (error.reason === 'FieldValueTypeInvalid') continue;
      const range = RANGE.exec(error.message);
      if (range !== null) {
        this.#warnRange(value, range[1]);
        continue;
      }
      const allowed = schema.enum?.filter((entry) => typeof entry === 'string').join(', ');
      this.#problems.warn({
        code: 'graph/invalid-literal',
        message: `the API server will refuse this value: ${error.message.replace(/\s+in body/, '')}`,
        place: { path: this.#path },
        hint: allowed === undefined ? undefined : `one of ${allowed}`,
      });
    }
  }
}

const RESTRICTIONS: ReadonlySet<string> = new Set(['allOf', 'enum', 'maxLength', 'minLength', 'not', 'pattern']);

/**
 * Does the schema restrict a string or a boolean by more than type and format? Wrong types and formats are not reported
 * here.
 */
const restricts = oncePerObject((schema: Schema) => Object.keys(schema).some((member) => RESTRICTIONS.has(member)));
