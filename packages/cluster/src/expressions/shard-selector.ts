/** Shard selectors of lists and watches: the parameter `shardSelector` of KEP-5866. */
import { type Call, type Expr, createEnvironment } from '@typekro/cel';
import type { KubeObject } from '@typekro/kit/core';
import { fnv64a, goQuote } from '@typekro/kit/golang';
import type { ShardSelector } from '../protocol/selectors.ts';
import { internalError } from '../errors/api-error.ts';

/** A range of hashes. `start` belongs to the range, and `end` does not. */
interface ShardRange {
  readonly field: string;
  readonly start: string;
  readonly end: string;
}

/** The fields that a selector may hash: for each path, a function that reads the field. */
const FIELDS: ReadonlyMap<string, (object: KubeObject) => string> = new Map([
  ['object.metadata.uid', ({ metadata }) => metadata.uid ?? ''],
  ['object.metadata.namespace', ({ metadata }) => metadata.namespace ?? ''],
]);

/** The end of the last range: 2^64. */
const HASH_END = '0x10000000000000000';
const HASH_DIGITS = 16;

/** Maps the kind of an expression to its number in cel-go. The API server's messages contain these numbers. */
const KIND_NUMBERS: Readonly<Record<Expr['kind'], number>> = {
  call: 1,
  comprehension: 2,
  ident: 3,
  list: 4,
  literal: 5,
  map: 6,
  select: 7,
  struct: 8,
  macro: 1,
};

/** Maps the type of a CEL literal to the name of its Go type. */
const GO_TYPES = {
  bool: 'bool',
  bytes: '[]uint8',
  double: 'float64',
  int: 'int64',
  null: 'structpb.NullValue',
  string: 'string',
  uint: 'uint64',
} as const;

const refused = (problem: string) => internalError(`invalid shard selector: ${problem}`);

/**
 * Parses a selector: `shardRange(FIELD, START, END)`, or several of them joined by `||`. FIELD is `object.metadata.uid`
 * or `object.metadata.namespace`. An object matches when the FNV-1a hash of its field is in a range. The expression is
 * CEL, but is never evaluated.
 *
 * @throws ApiError 500 for any other expression, as kube-apiserver does.
 */
export function parseShardSelector(text: string): ShardSelector {
  const trimmed = text.trim();
  if (trimmed === '') throw refused('empty shard selector is not allowed; omit the parameter for unfiltered lists');
  const parsed = createEnvironment({ standardLibrary: false }).parse(trimmed);
  if (!parsed.ok) throw refused(`CEL parse error: ${parsed.errors[0]?.message ?? ''}`);
  const ranges = rangesOf(parsed.ast.expr);
  const field = ranges[0]?.field ?? '';
  const other = ranges.find((range) => range.field !== field);
  if (other !== undefined)
    throw refused(`all shard ranges must use the same field, got ${goQuote(field)} and ${goQuote(other.field)}`);
  const read = FIELDS.get(field);
  return {
    text: ranges.map(({ start, end }) => `shardRange(${field}, '${start}', '${end}')`).join(' || '),
    matches(object) {
      const hash = hashOf(read?.(object) ?? '');
      return ranges.some(({ start, end }) => !isLess(hash, start) && isLess(hash, end));
    },
  };
}

const hashOf = (value: string): string => `0x${Buffer.from(fnv64a(value)).toString('hex')}`;

/**
 * Is the number `a` less than `b`? Both are hexadecimal strings that are padded with zeros to the same length. Only
 * 2^64 has one digit more.
 */
const isLess = (a: string, b: string): boolean => (a.length === b.length ? a < b : a.length < b.length);

function rangesOf(expr: Expr): ShardRange[] {
  if (expr.kind !== 'call')
    throw refused(`unexpected expression kind ${KIND_NUMBERS[expr.kind]}; expected shardRange() call or || operator`);
  if (expr.name === '_||_') return expr.args.flatMap(rangesOf);
  if (expr.name === 'shardRange') return [rangeOf(expr)];
  throw refused(`unsupported function ${goQuote(expr.name)}; only shardRange() and || are allowed`);
}

function rangeOf({ args }: Call): ShardRange {
  const [place, first, last] = args;
  if (place === undefined || first === undefined || last === undefined || args.length > 3)
    throw refused(`shardRange() requires exactly 3 arguments, got ${args.length}`);
  const field = fieldPath(place);
  if (!FIELDS.has(field))
    throw refused(`unsupported field path ${goQuote(field)}; supported: ${[...FIELDS.keys()].join(', ')}`);
  const [start, end] = [hexLiteral(first, 'hexStart'), hexLiteral(last, 'hexEnd')];
  if (!isLess(start, end)) throw refused(`shard range start ${start} must be less than end ${end}`);
  return { field, start, end };
}

function fieldPath(expr: Expr): string {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind === 'select') return `${fieldPath(expr.operand)}.${expr.field}`;
  const kind = KIND_NUMBERS[expr.kind];
  throw refused(
    `shardRange() first argument: expected field path (e.g. object.metadata.uid), got expression kind ${kind}`,
  );
}

function hexLiteral(expr: Expr, name: string): string {
  if (expr.kind !== 'literal')
    throw refused(`${name} must be a string literal (e.g. '0xff'), got expression kind ${KIND_NUMBERS[expr.kind]}`);
  const { value } = expr;
  if (typeof value !== 'string') throw refused(`${name} must be a string literal, got ${GO_TYPES[expr.type]}`);
  if (!value.startsWith('0x')) throw refused(`${name} must have '0x' prefix, got ${goQuote(value)}`);
  const digits = value.slice(2);
  const length = Buffer.byteLength(digits);
  if (digits === '') throw refused(`${name}: hex value is required after '0x'`);
  if (length > HASH_DIGITS + 1)
    throw refused(`${name}: hex value too long (${length} chars, max 17): ${goQuote(digits)}`);
  const wrong = /[^0-9a-f]/u.exec(digits)?.[0];
  if (wrong !== undefined) throw refused(`${name}: invalid hex character ${goQuote(wrong)} in ${goQuote(value)}`);
  if (length === HASH_DIGITS || value === HASH_END) return value;
  if (length > HASH_DIGITS)
    throw refused(`${name}: 17-digit hex value must be '${HASH_END}' (2^64), got ${goQuote(value)}`);
  const padded = goQuote(`0x${digits.padStart(HASH_DIGITS, '0')}`);
  throw refused(`${name} must be a 0x-prefixed 16-digit hex value, got ${goQuote(value)} (did you mean ${padded}?)`);
}
