import { oncePerObject, getOrInsert } from '@typekro/kit/core';
import type { AnyNode, Expression, Pattern, Statement } from 'acorn';
import { type Site, FollowUp, noteFailure, Refusal, refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import type { Interpreter } from '../trace/interpreter.ts';
import type { LexicalEnvironment, Self, Unit } from '../value/closure.ts';
import { POISON } from '../value/symbolic.ts';
import type { Completion } from './completion.ts';
import { symbolic } from '../value/proxy.ts';

/** Resources that were made outside a composition. Each graph that uses such a resource writes the resource. */
const detached = new WeakSet<object>();

/** How a pattern binds its names: as declarations, or as assignments to existing variables. */
export type BindingMode = 'const' | 'let' | 'var' | 'assign';

/** The interpreter as its parts see it. The parts call each other through this interface. */
export interface TreeInterpreter extends Interpreter {
  evaluate(node: Expression, env: Env): unknown;
  execute(node: Statement, env: Env, labels?: readonly string[]): Completion;
  /** Executes statements in a new scope. */
  executeFresh(body: readonly Statement[], env: Env): Completion;
  bindPattern(pattern: Pattern, value: unknown, env: Env, mode: BindingMode): void;
}

/** The environment of interpretation: names, `this`, the arguments of the function. */
export interface Env {
  readonly interpreter: TreeInterpreter;
  readonly scope: LexicalEnvironment;
  readonly unit: Unit;
  readonly self: Self;
  readonly args: readonly unknown[];
}

/** The same environment with another scope. */
export function withScope({ interpreter, unit, self, args }: Env, scope: LexicalEnvironment): Env {
  return { interpreter, scope, unit, self, args };
}

/**
 * Maps each unit to the places of its syntax nodes. Functions with equal source text share their syntax nodes, but each
 * function has its own unit, and in each unit these nodes have different places.
 */
const sitesOf = oncePerObject((_: Unit) => new Map<AnyNode, Site>());

/** The place of a syntax node, as one object for all evaluations of the node. */
export function siteOf(unit: Unit, node: AnyNode): Site {
  const ofUnit = sitesOf(unit);
  return getOrInsert(ofUnit, node, () => makeSite(unit, node));
}

function makeSite(unit: Unit, node: AnyNode): Site {
  const locate = () => unit.locate(mappedStart(node));
  return { text: unit.text, start: node.start - unit.shift, end: node.end - unit.shift, locate };
}

/** Compilers write `(0, module.f)()` for the call of an import. Their source maps describe `module`, but not the `(`. */
function mappedStart(node: AnyNode): number {
  if (node.type === 'CallExpression') return mappedStart(node.callee);
  if (node.type === 'MemberExpression') return mappedStart(node.object);
  return node.type === 'SequenceExpression' ? mappedStart(node.expressions.at(-1) ?? node) : node.start;
}

/** Runs `work` for a syntax node. A refusal gets the place of the innermost node. */
export function atNode<T>(unit: Unit, node: AnyNode, work: () => T): T {
  return inEnv(unit, node, work, undefined);
}

/** Runs `work` like `atNode`, but passes the node and `env` to it, so that an evaluation allocates no closure. */
export function inEnv<N extends AnyNode, E, T>(unit: Unit, node: N, work: (node: N, env: E) => T, env: E): T {
  const trace = activeTrace();
  const outer = trace.site;
  const site = siteOf(unit, node);
  trace.site = site;
  try {
    return work(node, env);
  } catch (error) {
    if (error instanceof Refusal) error.site ??= site;
    else noteFailure(error, site);
    throw error;
  } finally {
    trace.site = outer;
  }
}

/** Thrown when the path being interpreted ends in `throw` under a symbolic condition. */
export class DeadEnd extends Error {
  constructor() {
    super('the path ends here');
    this.name = 'DeadEnd';
  }
}

/** Reads a name: a local, a variable around the function, or a global. */
export function readName(env: Env, name: string): unknown {
  const binding = env.scope.find(name);
  if (binding !== undefined) {
    if (!binding.initialised) throw new ReferenceError(`Cannot access '${name}' before initialization`);
    if (binding.value === POISON) throw new FollowUp();
    return binding.value;
  }
  const found = env.unit.lookup(name);
  if (found !== undefined) {
    if ('value' in found) return useDetached(found.value);
    return refuseUnmade(name);
  }
  if (name === 'undefined') return undefined;
  if (name in globalThis) return (globalThis as Record<string, unknown>)[name];
  return refuse(
    'unknown-name',
    `${name} is not declared`,
    'declare or import it; in a returned object, the key of a resource is a name only in the code below the resource',
  );
}

/** Refuses an outer name that gets its value only after the trace, such as the composition itself. */
export function refuseUnmade(name: string): never {
  return refuse(
    'unknown-name',
    `${name} has no value yet: it is declared below, or is this composition itself, and a composition cannot contain itself`,
    `declare ${name} above the composition; instead of a recursion, use a list in the spec and a loop over it`,
  );
}

/** Assigns a name. */
export function writeName(env: Env, name: string, value: unknown): void {
  const binding = env.scope.find(name);
  if (binding === undefined) {
    refuse(
      'outer-write',
      `${name} is a variable outside the composition; an assignment while the graph is built cannot be part of the graph`,
      'declare it inside the composition; to count iterations take the index: list.map((item, index) => …)',
    );
  }
  if (!binding.initialised) throw new ReferenceError(`Cannot access '${name}' before initialization`);
  if (binding.constant) throw new TypeError('Assignment to constant variable.');
  activeTrace().recordUndo(binding);
  binding.value = value;
}

/** Notes a resource that was made outside a composition. */
export function markDetached(reference: object): void {
  detached.add(reference);
}

/**
 * Returns the value. If it is a resource that was made outside a composition, adds it to the composition that is being
 * traced.
 */
function useDetached(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && detached.has(value)) symbolic(value);
  return value;
}
