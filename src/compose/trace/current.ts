import type { Node } from '../ir/node.ts';
import { isLiteral, withNodes } from '../ir/node.ts';
import type { Interpreter } from './interpreter.ts';
import type { Trace } from './trace.ts';

/*
 * The pointer to the tracing run that is under way. JavaScript gives the trap of a proxy (`spec.name` in code that runs
 * natively) nothing but the proxy, and the author calls a factory without an argument that says for which run. Both find
 * the run here, and so does what they call.
 */
let active: Trace | undefined;
/** The interpreter of the last run: code may read a proxy that it kept after its run has ended. */
let last: Interpreter | undefined;

/** The tracing run that is under way. */
export function currentTrace(): Trace | undefined {
  return active;
}

/** The tracing run that is under way. @throws Error when there is none. */
export function activeTrace(): Trace {
  if (active === undefined) throw new Error('not inside a composition');
  return active;
}

/** The interpreter of the run under way, or of the last one. @throws Error before the first run. */
export function currentInterpreter(): Interpreter {
  if (last === undefined) throw new Error('no composition was traced yet');
  return last;
}

/** Runs `work` as part of a tracing run, with the run's table of nodes. */
export function withTrace<T>(trace: Trace, work: () => T): T {
  const outer = active;
  active = trace;
  last = trace.interpreter;
  trace.callDepth = outer?.callDepth ?? 0;
  try {
    return withNodes(trace.nodes, work);
  } finally {
    active = outer;
  }
}

/** A condition under what is known: `true`, `false`, or what remains open. */
export function decide(node: Node): boolean | Node {
  const known = active === undefined ? node : active.facts.simplify(node);
  if (isLiteral(known, true)) return true;
  return isLiteral(known, false) ? false : known;
}
