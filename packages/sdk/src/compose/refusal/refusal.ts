import { type Diagnostic, type SourcePosition, TypeKroError } from '@typekro/kit/core';

/**
 * The codes of refusals. The documentation lists all codes except `provider`, which only a host that cannot read
 * functions reports.
 */
export type RefusalCode =
  | 'argument'
  | 'field'
  | 'member'
  | 'absent'
  | 'maybe-undefined'
  | 'loop-bound'
  | 'loop-step'
  | 'loop-carried'
  | 'loop-exit'
  | 'async'
  | 'read-only'
  | 'in-place'
  | 'outer-write'
  | 'types'
  | 'identity'
  | 'no-cel'
  | 'regex'
  | 'native-call'
  | 'untraced'
  | 'lost-text'
  | 'throw-in-try'
  | 'predicate'
  | 'this'
  | 'provider'
  | 'too-large'
  | 'syntax'
  | 'unsupported'
  | 'unknown-name'
  | 'id'
  | 'duplicate-id'
  | 'not-integer'
  | 'user-error'
  | 'stock'
  | 'validation'
  | 'status-field'
  | 'status-missing'
  | 'status-type'
  | 'secret-status';

/**
 * The error for a composition that cannot be translated, with the mistakes, their places and remedies. A `catch` of the
 * author inside the composition never gets this error.
 */
export class CompositionError extends TypeKroError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], text: string, cause?: unknown) {
    const first = diagnostics.find((diagnostic) => diagnostic.severity === 'error');
    super(text, {
      code: first?.code ?? 'trace/error',
      ...(first?.hint === undefined ? {} : { remedy: first.hint }),
      ...(cause === undefined ? {} : { cause }),
    });
    this.name = 'CompositionExecutionError';
    this.diagnostics = diagnostics;
    // Not enumerable, because Node prints the members of an error, and the message already contains the diagnostics.
    Object.defineProperty(this, 'diagnostics', { enumerable: false });
  }
}

/** A refusal inside the tracer. The caller of the tracer looks up the position of the refusal, and reports it. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly hint: string | undefined;
  /** The place in the source. The interpreter sets it at the innermost syntax node through which the refusal passes. */
  site: Site | undefined;
  /** The path of the refused value in the object that the call at `site` makes. */
  path: string | undefined;

  constructor(code: RefusalCode, message: string, hint?: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.hint = hint;
  }
}

/** The result of `work`; `undefined` when it is refused. */
export function unlessRefused<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** A refusal that is only the consequence of an earlier refusal. The earlier refusal is noted already. */
export class FollowUp extends Refusal {
  constructor() {
    super('unsupported', 'this follows from a mistake before it');
    this.name = 'FollowUp';
  }
}

/** Codes of refusals after which the function cannot be interpreted further. */
const FINAL: ReadonlySet<RefusalCode> = new Set(['async', 'provider', 'syntax', 'this', 'too-large', 'unknown-name']);

/** May the rest of the composition be interpreted after the refusal? */
export function isRecoverable(refusal: Refusal): boolean {
  return !FINAL.has(refusal.code);
}

/** A place in a traced function. */
export interface Site {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly locate: (offset: number) => SourcePosition | undefined;
}

/** General remedies, for refusals without a specific remedy. */
const REMEDIES: Partial<Record<RefusalCode, string>> = {
  field: 'read a field that the kind has',
  identity: 'compare fields of the two values',
  member: 'use a member that the type has',
  'no-cel': 'compute it before the composition, or pass the result with the spec',
  'outer-write': 'declare the variable inside the composition',
  'read-only': 'make a copy and change that',
  'too-large': 'split it, or move the decision into the spec',
  types: 'convert one side, or pass plain data',
  unsupported: 'write it with plain functions and data',
};

/** Throws a refusal. */
export function refuse(code: RefusalCode, message: string, hint: string | undefined = REMEDIES[code]): never {
  throw new Refusal(code, message, hint);
}

/** The places of exceptions: the innermost place that was being interpreted. */
const failures = new WeakMap<object, Site>();
/** Errors that `throw` statements of the author threw. */
const thrownByAuthor = new WeakSet<object>();

/** Records the place of an exception while it propagates. Only the first (innermost) place is kept. */
export function noteFailure(error: unknown, site: Site): void {
  if (typeof error === 'object' && error !== null && !failures.has(error)) failures.set(error, site);
}

/** The last value that the author threw and that is not an Error. */
let thrownPlain: { readonly value: unknown; readonly site: Site | undefined } | undefined;

/**
 * Records that the author threw the value. The stack of an error that an interpreted statement makes contains no frame
 * of the author's code. This function adds such a frame, so that the printed stack shows the line.
 */
export function noteThrow(value: unknown, site: Site | undefined): void {
  if (!(value instanceof Error)) {
    thrownPlain = { value, site };
    return;
  }
  if (thrownByAuthor.has(value)) return;
  thrownByAuthor.add(value);
  const place = site?.locate(site.start);
  if (place?.file === undefined || Object.isFrozen(value)) return;
  const [head = '', ...frames] = (value.stack ?? String(value)).split(/(?=\n {4}at )/);
  value.stack = `${head}\n    at composition (${place.file}:${place.line}:${place.column})${frames.join('')}`;
}

/**
 * Converts an exception to a refusal with the place in the author's source. Returns undefined for errors of the SDK,
 * which have their own code and remedy, and for errors that the author throws. The use of a moved name becomes a
 * refusal with its place. `deepestCall` is the greatest number of nested calls in the run.
 */
export function failureOf(error: unknown, deepestCall = 0): Refusal | undefined {
  if (error instanceof Refusal) return error;
  const moved = error instanceof TypeKroError && error.code === 'compose/moved' ? error : undefined;
  const isLeftToCaller = error instanceof TypeKroError || (error instanceof Error && thrownByAuthor.has(error));
  if (moved === undefined && isLeftToCaller) return undefined;
  if (isStackOverflow(error)) return placedFailure(fullStack(deepestCall), error);
  const refusal =
    moved === undefined
      ? new Refusal('user-error', `${thrownText(error)} is thrown while the composition is traced`, thrownHint(error))
      : new Refusal('member', moved.message, moved.remedy);
  return placedFailure(refusal, error);
}

/** Converts any exception to a refusal, also the exceptions that `failureOf` leaves to the caller. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof TypeKroError)) {
    return (
      failureOf(error) ?? placedFailure(new Refusal('user-error', `${thrownText(error)} is thrown`, CORRECT), error)
    );
  }
  return placedFailure(new Refusal('user-error', error.message, error.remedy ?? CORRECT), error);
}

const CORRECT = 'correct the code that throws, or test for the case first';

/** The refusal with an exception as its cause, and with the place of the exception. */
export function placedFailure(refusal: Refusal, error: unknown): Refusal {
  refusal.cause = error;
  refusal.site = typeof error === 'object' && error !== null ? failures.get(error) : undefined;
  refusal.site ??= thrownPlain !== undefined && Object.is(thrownPlain.value, error) ? thrownPlain.site : undefined;
  return refusal;
}

/** The remedy for an exception. */
function thrownHint(error: unknown): string {
  const early = error instanceof ReferenceError ? /^Cannot access '(.+)' before/.exec(error.message)?.[1] : undefined;
  if (early === undefined) return remedyOfThrown(error) ?? CORRECT;
  return `declare ${early} above this line; where two resources read each other, take the value from the spec in one of them`;
}

/**
 * Does the error mean that the call stack is full? The tracer uses more stack than JavaScript itself, so JavaScript
 * may be able to run the same program. No `catch` of the author gets the error, because it may not occur in JavaScript.
 */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && /call stack/.test(error.message);
}

/** The minimum number of nested calls for which the calls, and not the data, count as the cause of a full stack. */
const MIN_RECURSION_LEVELS = 20;

function fullStack(deepestCall: number): Refusal {
  return deepestCall >= MIN_RECURSION_LEVELS
    ? new Refusal(
        'too-large',
        `functions call each other ${deepestCall} levels deep, and the call stack is full`,
        'end the recursion sooner, or write it as a loop over a known list',
      )
    : new Refusal(
        'too-large',
        'an object contains itself, or a function calls itself without end',
        'return plain data without cycles, and let a recursion depend only on values that are known while the graph is built',
      );
}

/** The refusal for an exception in a branch. JavaScript would fail only under the condition of the branch. */
export function thrownInBranch(error: unknown): Refusal {
  const refusal = new Refusal(
    'user-error',
    `${thrownText(error)} is thrown in a branch of the composition`,
    remedyOfThrown(error) ??
      'avoid the exception in this branch, or throw your own Error: under a condition, the Error becomes a rule for the spec',
  );
  refusal.site = typeof error === 'object' && error !== null ? failures.get(error) : undefined;
  return refusal;
}

/** The remedy for a read or write of a member of undefined or null; undefined for all other errors. */
function remedyOfThrown(error: unknown): string | undefined {
  if (!(error instanceof TypeError) || thrownByAuthor.has(error)) return undefined;
  return /^Cannot (?:read|set) properties of (?:undefined|null)/.test(error.message)
    ? 'set the value whose member is read, test it first, or write ?. in front of the member'
    : undefined;
}

/** A thrown value in words; the value may be of any type. */
function thrownText(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  switch (typeof error) {
    case 'string':
      return JSON.stringify(error);
    case 'bigint':
      return `${error}n`;
    case 'function':
      return 'a function';
    case 'object':
      return error === null ? 'null' : 'an object that is not an Error';
    default:
      return String(error);
  }
}
