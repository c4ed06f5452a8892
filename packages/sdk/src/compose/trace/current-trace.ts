import { type Node, isLiteral, withNodes } from '../ir/node.ts';
import type { Interpreter } from './interpreter.ts';
import type { Trace } from './trace.ts';

/**
 * The current tracing run. The traps of proxies, the factories and the functions that these call find the run here,
 * because no argument names it. For `spec.name` in code that runs natively, JavaScript gives the trap no argument from
 * the tracer. An author passes only the factory's own arguments to a factory.
 */
let active: Trace | undefined;
/** The interpreter of the last run, because code may keep a proxy and read it after its run has ended. */
let last: Interpreter | undefined;

function lastInterpreter(): Interpreter {
  if (last === undefined) throw new Error('no composition was traced yet');
  return last;
}

/** The interpreter of the current or the last run. Its methods throw before the first run. */
export const interpreter: Interpreter = {
  call: (...args) => lastInterpreter().call(...args),
  callMethod: (...args) => lastInterpreter().callMethod(...args),
  member: (...args) => lastInterpreter().member(...args),
  symbolicMap: (...args) => lastInterpreter().symbolicMap(...args),
  syntaxOf: (fn) => lastInterpreter().syntaxOf(fn),
};

/** The tracing run that is under way. */
export function currentTrace(): Trace | undefined {
  return active;
}

/**
 * The current tracing run.
 *
 * @throws Error when there is none.
 */
export function activeTrace(): Trace {
  if (active === undefined) throw new Error('not inside a composition');
  return active;
}

/** Runs `work` as part of a tracing run, with the run's table of nodes. */
export function withTrace<T>(trace: Trace, work: () => T): T {
  const outer = active;
  active = trace;
  last = trace.interpreter;
  trace.callDepth = outer?.callDepth ?? 0;
  if (outer?.isConfined === true) trace.isConfined = true;
  try {
    return withNodes(trace.nodes, work);
  } finally {
    active = outer;
  }
}

/** A condition simplified by the known facts: `true`, `false`, or the part that remains open. */
export function decide(node: Node): boolean | Node {
  const known = active === undefined ? node : active.facts.simplify(node);
  if (isLiteral(known, true)) return true;
  return isLiteral(known, false) ? false : known;
}
