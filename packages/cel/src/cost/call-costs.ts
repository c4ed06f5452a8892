import type { CelType } from '../types.ts';
import { type Range, addRanges, fixed, multiplyRanges, ONE, scaleRange, UNBOUNDED } from './range.ts';

/** The cost of one traversal, per character. */
export const TRAVERSAL = 0.1;
/** A match costs one traversal of the string, multiplied by the length of the pattern and by this factor. */
export const PATTERN = 0.25;

/** An operand of a call. */
export interface Operand {
  readonly type: CelType;
  readonly size: Range;
  /** The value of a constant integer; undefined for any other operand. */
  readonly integer: number | undefined;
  /** The sizes of the elements of a list. */
  readonly elements: () => Range;
}

/** The cost of a call without the cost of its arguments, and the size of its result if the result has a size. */
export interface CallCost {
  readonly cost: Range;
  readonly size?: Range;
}

/** Functions that always cost one unit. The size of their operands does not matter. */
const NOMINAL = new Set(
  `sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub masked
prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast`.split(/\s/),
);

/** The length of the longest pattern of a named format. The API server assumes this length for every format. */
const MAX_FORMAT_PATTERN_LENGTH = 128;
/** The length of the name of a format. */
const FORMAT_NAME_LENGTH: Range = { min: 1, max: 64 };

/** The size of an IP address: four or sixteen bytes. */
const ADDRESS: Range = { min: 4, max: 16 };

/**
 * The cost of a function for which the API server defines a cost; `undefined` for functions with cel-go's cost.
 * Constructors such as `quantity(x)` and `ip(x)` have cel-go's cost, which is one unit. For the constructor `url(x)`,
 * the API server defines the cost.
 */
export function libraryCost(
  name: string,
  overload: string,
  target: Operand | undefined,
  args: readonly Operand[],
): CallCost | undefined {
  const [first, second] = args;
  if (NOMINAL.has(name)) return { cost: ONE };
  if (overload === 'equals') return equalityCost(first, second);
  if (name === 'url') return first === undefined ? undefined : { cost: scaleRange(first.size, TRAVERSAL) };
  if (overload.startsWith('list_sets_') && first !== undefined && second !== undefined) {
    const pairs = multiplyRanges(first.size, second.size);
    return { cost: addRanges(ONE, scaleRange(pairs, overload.startsWith('list_sets_equivalent') ? 2 : 1)) };
  }
  if (target === undefined) return undefined;
  switch (name) {
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
      return { cost: traversalCost(target) };
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
      return { cost: scaleRange(target.size, TRAVERSAL), size: target.size };
    case 'replace':
      if (first === undefined || second === undefined) return undefined;
      return { cost: scaleRange(target.size, 2 * TRAVERSAL), size: replacedSize(target.size, first.size, second.size) };
    case 'split': {
      const size = { min: 0, max: maxParts(target, second?.integer) };
      return { cost: scaleRange(target.size, 2 * TRAVERSAL), size };
    }
    case 'join': {
      const size = joinedSize(target, first);
      return { cost: scaleRange(size, TRAVERSAL), size };
    }
    case 'find':
    case 'findAll': {
      if (first === undefined) return undefined;
      const cost = multiplyRanges(scaleRange(addRanges(target.size, ONE), TRAVERSAL), scaleRange(first.size, PATTERN));
      return { cost, size: { min: 0, max: target.size.max } };
    }
    case 'ip':
      return { cost: ONE };
    case 'validate':
      return first && { cost: scaleRange(scaleRange(first.size, TRAVERSAL), MAX_FORMAT_PATTERN_LENGTH * PATTERN) };
    case 'containsIP':
    case 'containsCIDR':
      return { cost: containmentCost(name, overload, first) };
    default:
      return undefined;
  }
}

/** Library types. A comparison of two values of such a type costs one unit. */
const COMPARED_AT_ONCE = new Set([
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.URL',
  'kubernetes.authorization.Authorizer',
  'kubernetes.authorization.Decision',
  'kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.PathCheck',
  'kubernetes.authorization.ResourceCheck',
  'net.CIDR',
  'net.IP',
]);

/**
 * The cost of `==` for values of a library's type; `undefined` for other types. The API server defines no such cost for
 * `!=`.
 */
function equalityCost(left: Operand | undefined, right: Operand | undefined): CallCost | undefined {
  if (left === undefined || right === undefined || left.type.name !== right.type.name) return undefined;
  if (COMPARED_AT_ONCE.has(left.type.name)) return { cost: ONE };
  return left.type.name === 'kubernetes.NamedFormat' ? { cost: scaleRange(FORMAT_NAME_LENGTH, TRAVERSAL) } : undefined;
}

/**
 * The maximum number of parts after `split`. The API server interprets a constant limit as an unsigned integer. A
 * negative constant, which means no limit, therefore counts as the greatest integer.
 */
function maxParts(target: Operand, limit: number | undefined): number {
  if (limit === undefined) return target.size.max;
  return limit < 0 ? UNBOUNDED : limit;
}

/**
 * The cost of reading a whole string or list once. A string costs one traversal. A list costs one unit per element.
 * Elements that are strings or bytes cost one traversal each in addition.
 */
function traversalCost(target: Operand): Range {
  const [element] = target.type.params;
  if (element === undefined) return scaleRange(target.size, TRAVERSAL);
  const texts = element.kind === 'string' || element.kind === 'bytes';
  return multiplyRanges(target.size, texts ? addRanges(ONE, scaleRange(target.elements(), TRAVERSAL)) : ONE);
}

function joinedSize(target: Operand, separator: Operand | undefined): Range {
  const size = target.type.params.length > 0 ? multiplyRanges(target.size, target.elements()) : fixed(0);
  if (separator === undefined) return size;
  const gaps = { min: Math.max(0, target.size.min - 1), max: Math.max(0, target.size.max - 1) };
  return addRanges(size, multiplyRanges(separator.size, gaps));
}

function containmentCost(name: string, overload: string, other: Operand | undefined): Range {
  let cost = scaleRange(addRanges(ADDRESS, ADDRESS), TRAVERSAL);
  if (name === 'containsCIDR') cost = addRanges(addRanges(cost, scaleRange(ADDRESS, TRAVERSAL)), ONE);
  // A string argument is parsed first, which costs one traversal.
  if (overload.endsWith('_string') && other !== undefined) cost = addRanges(cost, scaleRange(other.size, TRAVERSAL));
  return cost;
}

/** The possible lengths of a string after all occurrences of `part` are replaced by `by`. */
function replacedSize(text: Range, part: Range, by: Range): Range {
  const around = (length: number) => (length < UNBOUNDED ? length + 1 : length);
  // An empty part matches before each character and at the end. A replacement that is not longer than the part does not
  // lengthen the string.
  const maximum =
    part.min === 0
      ? { count: around(text.max), kept: text.max }
      : by.max <= part.min
        ? { count: 0, kept: text.max }
        : { count: Math.ceil(text.max / part.min), kept: 0 };
  const least =
    part.max === 0
      ? { count: around(text.min), kept: text.min }
      : part.max <= by.min
        ? { count: 0, kept: text.min }
        : { count: Math.ceil(text.min / part.max), kept: 0 };
  return addRanges(multiplyRanges({ min: least.count, max: maximum.count }, by), {
    min: least.kept,
    max: maximum.kept,
  });
}
