import { refuse } from './refusal/refusal.ts';
import { activeTrace } from './trace/current-trace.ts';
import { resolveMerged } from './value/merge.ts';
import { hasTokens, labelOf, symbolic } from './value/proxy.ts';
import { type Sym, Maybe, Phi, SeenList, Splice } from './value/symbolic.ts';

/** The kinds of values that a factory distinguishes. */
type Shape = 'text' | 'number' | 'flag' | 'list' | 'object';

/** The expected shape of a factory's argument, and an example in TypeScript. */
export interface ArgumentShape {
  /** The shapes that the argument may have. */
  readonly takes: readonly Shape[];
  /** The shapes of the items of a list; any shape when absent. */
  readonly items?: readonly Shape[];
  /** Returns the code after `name:` in a remedy, derived from the given value if possible. */
  readonly example: (given: unknown, kind: string) => string;
}

const WORDS: Readonly<Record<Shape, string>> = {
  text: 'a string',
  number: 'a number',
  flag: 'true or false',
  list: 'a list',
  object: 'an object',
};

/**
 * Refuses an argument that has none of the expected shapes (`trace/argument`): for example, the string '8080' instead
 * of a list of ports, or a list instead of labels. Checks each branch of a conditional argument. A value whose type is
 * not known is accepted here; the schema of its field checks the value later.
 */
export function checkArgumentShape(kind: string, name: string, given: unknown, expected: ArgumentShape): void {
  refuseOther(kind, name, given, expected, expected.takes, given);
  checkItems(kind, name, given, expected);
}

/** Checks the items that the author wrote. The items of a symbolic list are checked by the schema of the field. */
function checkItems(kind: string, name: string, given: unknown, expected: ArgumentShape): void {
  const value = resolveMerged(given);
  const inner = symbolic(value);
  if (inner instanceof Phi) for (const side of [inner.then, inner.otherwise]) checkItems(kind, name, side, expected);
  const takes = expected.items;
  if (takes === undefined || inner !== undefined || !Array.isArray(value)) return;
  value.forEach((item: unknown, index) => {
    if (item instanceof Splice) return;
    const check = (raw: unknown) => refuseOther(kind, `${name}[${index}]`, raw, expected, takes, given);
    if (item instanceof Maybe) activeTrace().under(item.test, () => check(item.value));
    else check(item);
  });
}

function refuseOther(
  kind: string,
  path: string,
  raw: unknown,
  expected: ArgumentShape,
  takes: readonly Shape[],
  whole: unknown,
): void {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    for (const side of [inner.then, inner.otherwise]) refuseOther(kind, path, side, expected, takes, side);
    return;
  }
  const shape = inner === undefined ? shapeOf(value) : shapeOfSym(inner);
  if (shape === undefined || takes.includes(shape)) return;
  // A symbolic scalar is accepted here even if another kind of scalar is expected. The code that writes the field
  // refuses it later, and names the conversion as the remedy.
  if (inner !== undefined && isScalarShape(shape) && takes.some(isScalarShape)) return;
  const name = path.replace(/\[.*$/, '');
  const what = inner === undefined ? described(value, shape) : `${labelOf(inner)}, ${WORDS[shape]}`;
  const wanted = takes.map((each) => WORDS[each]).join(' or ');
  refuse(
    'argument',
    `${path} of ${kind} takes ${wanted}, not ${what}`,
    `write ${name}: ${expected.example(inner === undefined ? whole : undefined, kind)}`,
  );
}

const isScalarShape = (shape: Shape): boolean => shape === 'text' || shape === 'number' || shape === 'flag';

function described(value: unknown, shape: Shape): string {
  if (shape === 'text') return `the string ${JSON.stringify(value)}`;
  return shape === 'number' || shape === 'flag'
    ? `${shape === 'number' ? 'the number ' : ''}${String(value)}`
    : WORDS[shape];
}

/**
 * The shape of a known value; `undefined` for a value that is absent or may have any shape. A promise counts as a value
 * of any shape, because the code that copies the manifest refuses it.
 */
function shapeOf(value: unknown): Shape | undefined {
  if (value === undefined || value === null || value instanceof Promise) return undefined;
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'flag';
  if (Array.isArray(value) || value instanceof SeenList) return 'list';
  return typeof value === 'object' ? 'object' : undefined;
}

/** The shape of a symbolic value, derived from its static type; `undefined` if several shapes are possible. */
function shapeOfSym({ type, resource }: Sym): Shape | undefined {
  if (resource !== undefined) return 'object';
  switch (type.kind) {
    case 'string':
      return 'text';
    case 'number':
      return 'number';
    case 'bool':
      return 'flag';
    case 'list':
      return 'list';
    case 'map':
    case 'object':
      return 'object';
    default:
      return undefined;
  }
}

/** Is the value a string without symbolic parts, so that a remedy may quote it? */
export const isPlainText = (value: unknown): value is string => typeof value === 'string' && !hasTokens(value);
