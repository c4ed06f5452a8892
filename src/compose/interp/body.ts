import type { Statement } from 'acorn';
import type { Completion } from './completion.ts';
import type { Env } from './env.ts';
import { withScope } from './env.ts';
import { Scope } from '../value/closure.ts';
import { varNames } from '../../javascript/index.ts';

/** Executes the body of a function: `var` names belong to the function, the others to a block inside. */
export function executeBody(body: readonly Statement[], env: Env): Completion {
  for (const name of varNames(body)) {
    if (!env.scope.names.has(name)) env.scope.declare(name, false, undefined, true);
  }
  const inner = withScope(env, new Scope(env.scope, env.unit));
  return env.interpreter.executeFresh(body, inner);
}
