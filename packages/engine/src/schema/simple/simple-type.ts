import type { FieldStep } from '../model.ts';
import { goQuote, goTrim } from '@typekro/kit/golang';

/** The parsed type of a field. */
export type SimpleType =
  | { readonly form: 'atomic'; readonly name: AtomicName }
  | { readonly form: 'list'; readonly item: SimpleType }
  | { readonly form: 'map'; readonly value: SimpleType }
  | { readonly form: 'custom'; readonly name: string };

/** The names of the built-in types. */
export type AtomicName = 'string' | 'integer' | 'boolean' | 'float' | 'object';

/** A problem of a SimpleSchema block. */
export interface SimpleSchemaError {
  /** A stable code for programs: `simpleschema/…`. */
  readonly code: string;
  /** kro's message for this problem, with a prefix `field <name>: ` per nesting level. */
  readonly message: string;
  /** The path of the problem: `spec` or `types`, then member names. */
  readonly path: readonly FieldStep[];
  /** The position inside the string at `path`, in UTF-16 units; absent if the problem concerns the whole value. */
  readonly offset?: number;
  /** The correction for the author. */
  readonly hint?: string;
  /** A clearer message, if kro's message is misleading. */
  readonly words?: string;
  /**
   * Set if kro's compiler accepts the line but cannot write the CRD, for example because of a default that is not JSON.
   * kro reports such an error after all other errors.
   */
  readonly unwritable?: true;
}

/** The maximum number of nested `[]` and `map[string]` in one type expression. */
const MAX_NESTING = 16;

const ATOMIC: ReadonlySet<string> = new Set(['string', 'integer', 'boolean', 'float', 'object']);

/** Parses a type expression, i.e. the part of a line before the first `|`. */
export function parseSimpleType(text: string): { type: SimpleType } | { error: string; code: string } {
  const wrappers: ('list' | 'map')[] = [];
  let written = goTrim(text);
  let rest = written;
  if (rest === '') return { error: 'empty type', code: 'simpleschema/empty-type' };
  for (;;) {
    if (wrappers.length > MAX_NESTING) {
      const error = `type nesting too deep (max ${MAX_NESTING}): ${goQuote(written)}`;
      return { error, code: 'simpleschema/type-too-deep' };
    }
    if (rest.startsWith('[]')) {
      wrappers.push('list');
      written = rest.slice(2);
      rest = goTrim(written);
      if (rest === '') return { error: 'empty slice element type', code: 'simpleschema/empty-type' };
    } else if (rest.startsWith('map[')) {
      if (!rest.startsWith('map[string]')) return { error: 'map key must be string', code: 'simpleschema/map-key' };
      wrappers.push('map');
      rest = goTrim(rest.slice('map[string]'.length));
      written = rest;
      if (rest === '') return { error: 'map value type is required', code: 'simpleschema/empty-type' };
    } else break;
  }
  const inner: SimpleType = ATOMIC.has(rest)
    ? { form: 'atomic', name: rest as AtomicName }
    : { form: 'custom', name: rest };
  const wrap = (type: SimpleType, form: 'list' | 'map'): SimpleType =>
    form === 'list' ? { form, item: type } : { form, value: type };
  return { type: wrappers.reduceRight(wrap, inner) };
}

/** The name of the custom type that a type uses; undefined if it uses none. */
export function customNameOf(type: SimpleType): string | undefined {
  let current = type;
  while (current.form === 'list' || current.form === 'map') {
    current = current.form === 'list' ? current.item : current.value;
  }
  return current.form === 'custom' ? current.name : undefined;
}

/** Maps type names of other languages to the names in SimpleSchema. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['int', 'integer'],
  ['int32', 'integer'],
  ['int64', 'integer'],
  ['long', 'integer'],
  ['number', 'float'],
  ['double', 'float'],
  ['float64', 'float'],
  ['bool', 'boolean'],
  ['str', 'string'],
  ['text', 'string'],
  ['date', 'string'],
  ['any', 'object'],
  ['array', '[]string'],
  ['list', '[]string'],
  ['map', 'map[string]string'],
]);

/** The remedy for an unknown type name. */
export function hintForType(name: string, custom: readonly string[]): string | undefined {
  const spelling =
    SPELLINGS.get(name.toLowerCase()) ?? (ATOMIC.has(name.toLowerCase()) ? name.toLowerCase() : undefined);
  if (spelling !== undefined) return `write ${spelling}`;
  const suffixed = /^([A-Za-z]\w*)\[\]$/.exec(name);
  if (suffixed !== null) return `write []${suffixed[1]}`;
  const generic = /^\s*(\S+)\s+\w+=/.exec(name);
  if (generic !== null) return `separate type and markers by |: ${generic[1]} | …`;
  const list = /^(?:list|array|Array|List)<(\w+)>$/.exec(name)?.[1];
  if (list !== undefined) return `write []${SPELLINGS.get(list.toLowerCase()) ?? list}`;
  const map = /^(?:map|Map|Record|object)<(?:string, *)?(\w+)>$/.exec(name)?.[1];
  if (map !== undefined) return `write map[string]${SPELLINGS.get(map.toLowerCase()) ?? map}`;
  const same = custom.find((known) => known.length === name.length && known.toLowerCase() === name.toLowerCase());
  return same === undefined ? undefined : `write ${same}`;
}
