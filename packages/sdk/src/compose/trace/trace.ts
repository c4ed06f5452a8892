import type { Diagnostic } from '@typekro/kit/core';
import { conjuncts, not } from '../ir/build.ts';
import { type Node, NodeTable } from '../ir/node.ts';
import { Facts } from './facts.ts';
import type { Interpreter } from './interpreter.ts';
import type { LoopRecord, ResourceRecord, ValidationRecord } from './records.ts';
import { type Site, FollowUp, isRecoverable, refuse, Refusal } from '../refusal/refusal.ts';

/** A variable of the traced program. */
export class ProgramVariable {
  readonly name: string;
  readonly constant: boolean;
  value: unknown;
  initialised: boolean;

  constructor(name: string, constant: boolean, value: unknown, initialised: boolean) {
    this.name = name;
    this.constant = constant;
    this.value = value;
    this.initialised = initialised;
  }
}

/** The maximum number of refusals that are collected in one run. */
const MAX_ERRORS = 20;

/** The maximum number of elements of a list, and of iterations of a loop. No server accepts a graph with more. */
export const MAX_LIST_LENGTH = 100_000;

/** The maximum number of lists and objects that a run writes. */
const MAX_WRITTEN_PARTS = 1_000_000;

/**
 * The contents of a ref (a variable, list, object or function of the program) at one time, for example before a branch
 * or loop body changes it.
 */
type Snapshot =
  | { readonly kind: 'binding'; readonly value: unknown }
  | { readonly kind: 'object'; readonly keys: Map<PropertyKey, unknown> }
  | { readonly kind: 'array'; readonly items: readonly unknown[] };

type MutableRef = object;

interface Frame {
  readonly epoch: number;
  readonly saved: Map<MutableRef, Snapshot>;
  /** Is this the frame of an attempt, and not of a branch? Writes of an attempt stay unless `takeBack` is called. */
  readonly attempt?: true;
}

/** The writes of a branch: the refs with their contents before it and at its end. */
export type Writes = ReadonlyMap<MutableRef, { readonly before: Snapshot; readonly after: Snapshot }>;

/** What a tracing run makes: a definition, a Graph, or the rules of a conversion. */
export type TraceForm = 'definition' | 'graph' | 'conversion';

/** The state of one tracing run: the path condition, the writes that may have to be undone, and the records. */
export class Trace {
  readonly facts = new Facts();
  readonly guards: Node[] = [];
  readonly loops: LoopRecord[] = [];
  readonly resources: ResourceRecord[] = [];
  readonly validations: ValidationRecord[] = [];
  readonly warnings: { readonly diagnostic: Diagnostic; readonly site: Site | undefined }[] = [];
  /** The refusals so far. The composition is refused if there is any. */
  readonly errors: Refusal[] = [];
  /** The instance whose graph is traced; undefined for a Graph, which has none. */
  instance: unknown = undefined;
  readonly strict: boolean;
  /**
   * When true, the program must not run a string as code, and must not change objects of the host. A run inside a
   * confined run is confined.
   */
  isConfined = false;
  /** Is a check of a schema traced? It has a verdict for each number, so no integer of its rule may overflow. */
  isCheck = false;
  /** The interpreter of this run. */
  readonly interpreter: Interpreter;
  /** The number of open predicates (callbacks of `filter` and similar methods), in which no resource may be made. */
  predicates = 0;
  /** The number of open `try` statements with a `catch`. */
  tries = 0;
  /** The number of conditions and loops around each open `try`, the outermost first. */
  readonly openTries: number[] = [];
  /** Have the author's functions ended? If so, no resource may be added any more. */
  closed = false;
  /** The places where strings and hand-written CEL were composed, for messages about the fields that contain them. */
  readonly origins = new Map<Node, Site>();
  /** The places in the source where values were written, for messages. */
  readonly written = new Map<object, Site>();
  /** The values that the author wrote at several places, so that `written` does not tell the place of one use. */
  readonly repeated = new Set<object>();
  /** The author's name for the spec. */
  specName = 'spec';
  /** Did the author write CEL by hand? If so, diagnostics about the graph keep the terms of CEL. */
  handwritten = false;
  /** The factory of the SDK that is running because the author called it; undefined outside such a call. */
  factory: ((...args: never[]) => unknown) | undefined;
  /** The place being interpreted. */
  site: Site | undefined;
  /** The calls of functions that are being interpreted, the outermost first. */
  readonly calls: Site[] = [];
  /** The table of the run's expressions. While `withTrace` runs, all new nodes are added to this table. */
  readonly nodes = new NodeTable();
  /** The number of nested calls that are being interpreted, including those of an enclosing run. */
  callDepth = 0;
  /** The greatest `callDepth` so far. */
  deepestCall = 0;
  private readonly frames: Frame[] = [];
  private readonly loopReads: Set<object>[] = [];
  /**
   * For each object, the names of the members that accumulate the values of a loop. A read of such a member becomes
   * part of the loop's expression, so `noteMemberRead` does not note it as a read of the object.
   */
  private readonly accumulated = new Map<object, readonly string[]>();
  /** The declared fields of objects, with the name of the declaration. The read of another field is refused. */
  readonly declaredFields = new WeakMap<object, { readonly of: string; readonly names: readonly string[] }>();
  /** Objects that the iterations of a loop fill by keys, with the key and the value of the current iteration. */
  readonly keyed = new Map<object, { readonly holder: { value: unknown }; key: Node | undefined }>();
  /** The reads and writes of objects by symbolic keys, in their order. */
  readonly keyUses: { readonly object: object; readonly writes: boolean }[] = [];
  /** Lists and objects whose contents were copied under a symbolic key, so that later changes would be lost. */
  private readonly copied = new WeakSet<MutableRef>();
  private readonly createdAt = new WeakMap<MutableRef, number>();
  private clock = 0;
  private writtenParts = 0;

  readonly form: TraceForm;

  constructor(strict: boolean, interpreter: Interpreter, form: TraceForm = 'definition') {
    this.strict = strict;
    this.interpreter = interpreter;
    this.form = form;
  }

  /** Counts a list or object that is written. A shared one counts at each of its places, because data are a tree. */
  countWritten(): void {
    if (++this.writtenParts > MAX_WRITTEN_PARTS)
      refuse('too-large', `the graph has grown to more than ${MAX_WRITTEN_PARTS} lists and objects`);
  }

  /** Notes that a ref was made now. Only branches that begin later must undo their writes to the ref. */
  track<T extends MutableRef>(ref: T): T {
    if (Array.isArray(ref) && ref.length > MAX_LIST_LENGTH)
      refuse('too-large', `a list has grown to ${ref.length} elements`);
    this.createdAt.set(ref, ++this.clock);
    return ref;
  }

  /** Did the traced program make the ref? Other refs belong to code outside. */
  isTracked(ref: MutableRef): boolean {
    return this.createdAt.has(ref);
  }

  /** Notes that the contents of a list or object of the program were copied, so that a later change is refused. */
  noteCopied(value: unknown): void {
    if (typeof value !== 'object' || value === null || !this.createdAt.has(value) || this.copied.has(value)) return;
    this.copied.add(value);
    for (const item of Object.values(value)) this.noteCopied(item);
  }

  /** Was the first ref made after the second? */
  isNewer(ref: MutableRef, other: MutableRef): boolean {
    return (this.createdAt.get(ref) ?? 0) > (this.createdAt.get(other) ?? 0);
  }

  /** Is the interpretation inside a branch or a symbolic loop, whose changes may have to be undone? */
  get inBranch(): boolean {
    return this.frames.some(({ attempt }) => attempt !== true);
  }

  /** Was the object made inside the branch that is running? True outside all branches. */
  isLocal(ref: MutableRef): boolean {
    const frame = this.frames.findLast(({ attempt }) => attempt !== true);
    return frame === undefined || (this.createdAt.get(ref) ?? 0) > frame.epoch;
  }

  /**
   * Records the contents of a ref for its restoration. Must be called before the ref is changed. Refuses a ref whose
   * contents were copied (`noteCopied`).
   */
  recordUndo(ref: MutableRef): void {
    if (this.copied.has(ref))
      throw new Refusal(
        'unsupported',
        'a list or object is changed after it was written under a key of the spec',
        'fill it first, and then write it under the key',
      );
    const frame = this.frames.at(-1);
    if (frame !== undefined) this.save(frame, ref, () => snapshot(ref));
  }

  private save(frame: Frame, ref: MutableRef, before: () => Snapshot): void {
    if (frame.saved.has(ref) || (this.createdAt.get(ref) ?? 0) > frame.epoch) return;
    frame.saved.set(ref, before());
  }

  /**
   * Runs `work`. `takeBack` undoes the writes, facts and records of `work`. The caller must not trace anything else
   * before it calls `takeBack`.
   */
  attempt<T>(work: () => T): { readonly result: T; takeBack(): void } {
    const forget = this.checkpoint();
    const checkpoint = this.facts.checkpoint();
    const frame: Frame = { epoch: ++this.clock, saved: new Map(), attempt: true };
    this.frames.push(frame);
    try {
      const result = work();
      return {
        result,
        takeBack: () => {
          for (const [ref, before] of frame.saved) restore(ref, before);
          this.facts.rollback(checkpoint);
          forget();
        },
      };
    } finally {
      this.frames.pop();
      const outer = this.frames.at(-1);
      if (outer !== undefined) for (const [ref, before] of frame.saved) this.save(outer, ref, () => before);
    }
  }

  /** Notes that the contents of a list or object were read. */
  noteRead(ref: unknown): void {
    if (this.loopReads.length === 0 || typeof ref !== 'object' || ref === null) return;
    for (const reads of this.loopReads) reads.add(ref);
  }

  /** Notes that a member of an object was read. */
  noteMemberRead(ref: unknown, key: PropertyKey): void {
    const own = typeof ref === 'object' && ref !== null ? this.accumulated.get(ref) : undefined;
    if (own === undefined || typeof key !== 'string' || !own.includes(key)) this.noteRead(ref);
  }

  /**
   * Runs `work`. Meanwhile, reads of the given members are not noted, because these members accumulate the values of a
   * loop.
   */
  accumulating<T>(members: readonly { readonly object: object; readonly key: string }[], work: () => T): T {
    const before = new Map(this.accumulated);
    for (const { object, key } of members) this.accumulated.set(object, [...(this.accumulated.get(object) ?? []), key]);
    try {
      return work();
    } finally {
      this.accumulated.clear();
      for (const [object, keys] of before) this.accumulated.set(object, keys);
    }
  }

  /** Runs `work`, and returns the lists and objects that it read. */
  recordingReads<T>(work: () => T): { readonly result: T; readonly reads: ReadonlySet<object> } {
    const reads = new Set<object>();
    this.loopReads.push(reads);
    try {
      return { result: work(), reads };
    } finally {
      this.loopReads.pop();
    }
  }

  /** Returns a function that removes all records made after this call. */
  checkpoint(): () => void {
    const lists: { length: number }[] = [this.resources, this.validations, this.warnings, this.errors];
    const lengths = lists.map(({ length }) => length);
    return () => {
      for (const [position, list] of lists.entries()) list.length = lengths[position] as number;
    };
  }

  /** Runs `work`, and undoes its writes to older refs. */
  isolate<T>(work: () => T): { readonly result: T; readonly writes: Writes } {
    const frame: Frame = { epoch: ++this.clock, saved: new Map() };
    this.frames.push(frame);
    try {
      const result = work();
      const writes = new Map<MutableRef, { before: Snapshot; after: Snapshot }>();
      for (const [ref, before] of frame.saved) writes.set(ref, { before, after: snapshot(ref) });
      return { result, writes };
    } finally {
      this.frames.pop();
      for (const [ref, before] of frame.saved) restore(ref, before);
    }
  }

  /** Runs `work` where `test` is known to be true. Resources that `work` makes get the test as a guard. */
  under<T>(test: Node, work: () => T): T {
    // Does not pass a callback to `assuming`, because at each level of a recursion the callback would need more stack.
    const checkpoint = this.facts.checkpoint();
    const guards = this.guards.length;
    try {
      this.facts.assume(test);
      this.guards.push(...conjuncts(test));
      return work();
    } finally {
      this.guards.length = guards;
      this.facts.rollback(checkpoint);
    }
  }

  /** Runs `work` outside all open conditions and loops, for resources that belong to the whole graph. */
  atRoot<T>(work: () => T): T {
    const guards = this.guards.splice(0);
    const loops = this.loops.splice(0);
    const { predicates } = this;
    this.predicates = 0;
    try {
      return work();
    } finally {
      this.guards.push(...guards);
      this.loops.push(...loops);
      this.predicates = predicates;
    }
  }

  /**
   * Runs both sides of a symbolic condition, each without the other's writes, and merges the writes. If only one side
   * is dead (it ended in `throw`), its writes and resources are dropped, and the condition of the other side becomes a
   * fact.
   */
  fork<T>(test: Node, then: () => T, otherwise: () => T, isDead: (result: T) => boolean, merge: MergeValues): [T, T] {
    const known = this.facts.simplify(test);
    if (known.kind === 'lit') throw new Error('fork on a known condition');
    const side = (condition: Node, work: () => T) => {
      const before = this.resources.length;
      const outcome = this.isolate(() => this.under(condition, work));
      const dead = isDead(outcome.result);
      if (dead) this.resources.length = before;
      return { ...outcome, dead };
    };
    const a = side(known, then);
    const b = side(not(known), otherwise);
    if (a.dead && !b.dead) {
      this.commit(b.writes);
      this.facts.assume(not(known));
    } else if (b.dead && !a.dead) {
      this.commit(a.writes);
      this.facts.assume(known);
    } else if (!a.dead) this.join(known, a.writes, b.writes, merge);
    return [a.result, b.result];
  }

  /** Applies again the writes that `isolate` undid. */
  commit(writes: Writes): void {
    for (const [ref, { after }] of writes) {
      this.recordUndo(ref);
      restore(ref, after);
    }
  }

  private join(test: Node, a: Writes, b: Writes, merge: MergeValues): void {
    for (const ref of new Set([...a.keys(), ...b.keys()])) {
      const before = (a.get(ref) ?? b.get(ref))?.before as Snapshot;
      const left = a.get(ref)?.after ?? before;
      const right = b.get(ref)?.after ?? before;
      this.recordUndo(ref);
      restore(ref, joinSnapshots(test, left, right, merge));
    }
  }

  /** Notes the place where an expression was written. */
  originate(node: Node): Node {
    if (this.site !== undefined && !this.origins.has(node)) this.origins.set(node, this.site);
    return node;
  }

  /** Notes a refusal, once for each place and message. Returns whether tracing can continue after it. */
  recover(refusal: Refusal): boolean {
    if (!(refusal instanceof FollowUp)) {
      const same = (other: Refusal) =>
        other.message === refusal.message &&
        other.site?.start === refusal.site?.start &&
        other.site?.text === refusal.site?.text;
      if (!this.errors.some(same)) this.errors.push(refusal);
      if (!isRecoverable(refusal)) return false;
    }
    return this.errors.length < MAX_ERRORS;
  }

  /** Runs `work`, and notes its refusal, so that tracing continues and finds other refusals. */
  collecting(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.recover(error);
    }
  }

  /** Adds a warning, by default at the current place. */
  warn(code: string, message: string, hint?: string, site = this.site): void {
    const same = (entry: { readonly diagnostic: Diagnostic; readonly site: Site | undefined }) =>
      entry.diagnostic.message === message && entry.site?.start === site?.start && entry.site?.text === site?.text;
    if (this.warnings.some(same)) return;
    const diagnostic: Diagnostic = { code: `trace/${code}`, severity: 'warning', message, ...(hint && { hint }) };
    this.warnings.push({ diagnostic, site });
  }
}

/** The functions that merge two values of one ref. */
export interface MergeValues {
  value(test: Node, a: unknown, b: unknown): unknown;
  items(test: Node, a: readonly unknown[], b: readonly unknown[]): unknown[];
  /** The members of an object after each side. */
  members(
    test: Node,
    a: ReadonlyMap<PropertyKey, unknown>,
    b: ReadonlyMap<PropertyKey, unknown>,
  ): Map<PropertyKey, unknown>;
}

function snapshot(ref: MutableRef): Snapshot {
  if (ref instanceof ProgramVariable) return { kind: 'binding', value: ref.value };
  if (Array.isArray(ref)) return { kind: 'array', items: [...(ref as unknown[])] };
  const keys = new Map<PropertyKey, unknown>();
  for (const key of Reflect.ownKeys(ref)) keys.set(key, (ref as Record<PropertyKey, unknown>)[key]);
  return { kind: 'object', keys };
}

function restore(ref: MutableRef, to: Snapshot): void {
  if (to.kind === 'binding') {
    (ref as ProgramVariable).value = to.value;
  } else if (to.kind === 'array') {
    const array = ref as unknown[];
    array.length = 0;
    for (const item of to.items) array.push(item);
  } else {
    const object = ref as Record<PropertyKey, unknown>;
    // Restored keys must have their former position among the other keys.
    const inOrder = typeof ref === 'function' || keepsOrder(Reflect.ownKeys(object), [...to.keys.keys()]);
    for (const key of Reflect.ownKeys(object)) if (!to.keys.has(key) || !inOrder) delete object[key];
    for (const [key, value] of to.keys) {
      if (Object.hasOwn(object, key) && Object.is(object[key], value)) continue;
      Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
    }
  }
}

/** Are the object's keys that are also wanted the first of the wanted keys, in the same order? */
function keepsOrder(own: readonly PropertyKey[], wanted: readonly PropertyKey[]): boolean {
  const names = wanted.filter((key) => typeof key === 'string');
  const known = new Set(names);
  const staying = own.filter((key) => typeof key === 'string' && known.has(key));
  return staying.every((key, place) => key === names[place]);
}

function joinSnapshots(test: Node, a: Snapshot, b: Snapshot, merge: MergeValues): Snapshot {
  if (a.kind === 'binding' && b.kind === 'binding')
    return { kind: 'binding', value: merge.value(test, a.value, b.value) };
  if (a.kind === 'array' && b.kind === 'array') return { kind: 'array', items: merge.items(test, a.items, b.items) };
  if (a.kind !== 'object' || b.kind !== 'object') throw new Error('snapshots of one ref differ in kind');
  return { kind: 'object', keys: merge.members(test, a.keys, b.keys) };
}
