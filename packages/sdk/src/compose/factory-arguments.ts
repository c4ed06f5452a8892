import { nearestName } from '@typekro/kit/core';
import { type ArgumentShape, checkArgumentShape } from './check-argument-shape.ts';
import { refuse } from './refusal/refusal.ts';
import { currentTrace } from './trace/current-trace.ts';
import { getMember } from './library/member.ts';
import { mergeSpread } from './library/objects.ts';
import { phi, resolveMerged } from './value/merge.ts';
import { mayBeUndefined, mergedPieces } from './value/value-nodes.ts';
import { labelOf, symbolic, wrap } from './value/proxy.ts';
import { Phi } from './value/symbolic.ts';

/**
 * Must an argument be given? Older programs leave `expected` arguments out. A missing one therefore causes only a
 * warning, and the API server refuses the object.
 */
type Need = 'optional' | 'expected' | 'required';

/**
 * The arguments of a factory by name, and whether they must be given. The TypeScript compiler checks that the table is
 * complete.
 */
export type ArgumentTable<Config extends object> = {
  readonly [Key in keyof Config]-?: undefined extends Config[Key] ? 'optional' : 'expected' | 'required';
};

/** Arguments that decide how the graph is made. Their values must be known before the graph runs. */
const FIXED: ReadonlySet<string> = new Set(['id', 'waitForReady']);

/**
 * Returns the arguments of a call as one plain object, in the order of the table. A value may be conditional, or known
 * only when the graph runs. `null` counts as absent, like `undefined`.
 *
 * Refuses unknown arguments (`trace/argument`, with the nearest name), required arguments that are missing or may be
 * absent, and an `id` or `waitForReady` that depends on the spec.
 */
export function takeArguments(
  kind: string,
  input: unknown,
  table: Readonly<Record<string, Need>>,
  shapes: Readonly<Record<string, ArgumentShape>> = {},
): Record<string, unknown> {
  const given = argumentMembers(kind, input);
  const names = Object.keys(table);
  const isMerged = mergedPieces(given) !== undefined;
  refuseUnknownArguments(kind, given, names);
  const taken: Record<string, unknown> = {};
  for (const name of names) {
    const value = withoutNull(isMerged ? getMember(given, name) : Object.hasOwn(given, name) ? given[name] : undefined);
    if (FIXED.has(name)) requireKnown(kind, name, value);
    const isGiven = Object.hasOwn(given, name);
    if (table[name] === 'expected' && value === undefined) warnMissing(kind, name, isGiven, shapes[name]);
    else if (table[name] !== 'optional') checkRequired(kind, name, value, isGiven);
    if (value === undefined) continue;
    const shape = shapes[name];
    if (shape !== undefined) checkArgumentShape(kind, name, value, shape);
    taken[name] = value;
  }
  return taken;
}

/** Refuses given arguments whose names are unknown. */
export function refuseUnknownArguments(
  kind: string,
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
): void {
  const unknown = Object.keys(given).filter((name) => !names.includes(name) && given[name] !== undefined);
  const [first] = unknown;
  if (first === undefined) return;
  const listed = unknown.map((name) => `"${name}"`).join(', ');
  const near = nearestName(first, names);
  const known = Object.keys(given).filter((name) => names.includes(name));
  // When many arguments are given, as by the spread of an object, the hint lists the known ones among them instead of
  // all names.
  const hint =
    near !== undefined && unknown.length === 1
      ? `did you mean "${near}"?`
      : known.length > 2
        ? `leave ${unknown.length === 1 ? 'it' : 'them'} out; of the given arguments, ${kind} takes ${known.join(', ')}`
        : `${kind} takes ${names.join(', ')}`;
  refuse('argument', `${kind} has no argument ${listed}`, hint);
}

/** The members of an argument object. The object may be conditional, or an object of the spec. */
export function argumentMembers(kind: string, input: unknown): Record<string, unknown> {
  const value = resolveMerged(input);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject)
    refuse('argument', `${kind} takes its arguments as one object`, `pass one object: ${kind}({ name: … })`);
  if (symbolic(value) === undefined) return value as Record<string, unknown>;
  const members: Record<string, unknown> = {};
  mergeSpread(members, value);
  return members;
}

/** Refuses an argument that depends on the spec or a resource, although it must be known when the graph is made. */
export function requireKnown(kind: string, name: string, value: unknown): void {
  const inner = symbolic(resolveMerged(value));
  if (inner === undefined) return;
  refuse(
    'argument',
    `${name} of ${kind} depends on ${labelOf(inner)}; it must be known when the graph is made`,
    `pass a constant ${name}, or call ${kind} in the branches of an if`,
  );
}

/** Refuses an argument that is missing or may be absent. */
export function checkRequired(kind: string, name: string, value: unknown, isGiven = false): void {
  if (value === undefined) {
    if (isGiven)
      refuse(
        'argument',
        `${name} of ${kind} has no value, but ${kind} requires it`,
        'give it a value, or a default with ??',
      );
    refuse('argument', `${kind} is called without ${name}, which it needs`, `add ${name}`);
  }
  if (!mayBeUndefined(value)) return;
  const inner = symbolic(value);
  refuse(
    'absent',
    `${kind} requires ${name}, but ${inner === undefined ? name : labelOf(inner)} may be absent`,
    'give it a default with ??, or test it first',
  );
}

function warnMissing(kind: string, name: string, isGiven: boolean, shape: ArgumentShape | undefined): void {
  const message = isGiven ? `${name} of ${kind} has no value` : `${kind} has no ${name}`;
  const example = shape === undefined ? name : `${name}: ${shape.example(undefined, kind)}`;
  const hint = isGiven ? `give it a value, or a default with ??, as in ${example}` : `add ${example}`;
  currentTrace()?.warn('missing-image', `${message}; the API server will refuse it`, hint);
}

/** Replaces `null` by `undefined` in a value, on each side of its conditions. */
function withoutNull(raw: unknown): unknown {
  if (raw === null) return undefined;
  if (typeof raw !== 'object' || currentTrace() === undefined) return raw;
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (!(inner instanceof Phi)) return value === null ? undefined : value;
  const [then, otherwise] = [withoutNull(inner.then), withoutNull(inner.otherwise)];
  const isSame = Object.is(then, inner.then) && Object.is(otherwise, inner.otherwise);
  return isSame ? wrap(inner) : phi(inner.test, then, otherwise);
}
