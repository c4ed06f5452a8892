import type { ArrowFunctionExpression, FunctionDeclaration, FunctionExpression } from 'acorn';
import { FollowUp, refuse } from '../trace/refusal.ts';
import { activeTrace } from '../trace/trace.ts';
import { writtenElements } from '../library/spread.ts';
import { DEAD, POISON } from '../value/symbolic.ts';
import { resultOf } from './completion.ts';
import type { Closure, Env } from './env.ts';
import { atNode, DeadEnd, rememberClosure, Scope } from './env.ts';
import { machine } from './machine.ts';
import { boundNames } from './names.ts';
import { executeBody } from './body.ts';

type AnyFunction = ArrowFunctionExpression | FunctionExpression | FunctionDeclaration;

const LIMIT = 200;
let depth = 0;

/** The function value of a function expression or declaration. It can be called by native code too. */
export function makeFunction(node: AnyFunction, env: Env): unknown {
  const closure: Closure = {
    node: node as Closure['node'],
    scope: env.scope,
    unit: env.unit,
    self: node.type === 'ArrowFunctionExpression' ? env.self : { value: undefined, known: false },
  };
  const fn =
    node.type === 'ArrowFunctionExpression'
      ? (...args: unknown[]) => callClosure(closure, closure.self, args)
      : function (this: unknown, ...args: unknown[]) {
          return callClosure(closure, { value: this, known: true }, args);
        };
  Object.defineProperty(fn, 'length', { value: node.params.length });
  if (node.type !== 'ArrowFunctionExpression' && node.id) Object.defineProperty(fn, 'name', { value: node.id.name });
  rememberClosure(fn, closure);
  return activeTrace().born(fn);
}

/** Interprets a function. */
export function callClosure(closure: Closure, self: Env['self'], args: readonly unknown[]): unknown {
  const { node, unit } = closure;
  atNode(unit, node, () => checkFunction(node));
  const scope = new Scope(closure.scope, unit);
  const env: Env = { scope, unit, self, args };
  const trace = activeTrace();
  const { factory } = trace;
  const call = trace.site;
  depth++;
  if (call !== undefined) trace.calls.push(call);
  trace.factory = undefined;
  try {
    return atNode(unit, node, () => run(node, env, args));
  } finally {
    depth--;
    if (call !== undefined) trace.calls.pop();
    trace.factory = factory;
  }
}

/** Refuses functions that cannot be traced at all. */
function checkFunction(node: Closure['node']): void {
  if (node.async) {
    refuse(
      'async',
      'the composition (or a function it calls) is async',
      'await things before the composition and pass the results in',
    );
  }
  if (node.generator) refuse('unsupported', 'a generator cannot be traced', 'return a list instead');
  if (depth >= LIMIT)
    refuse(
      'too-large',
      `functions call each other more than ${LIMIT} levels deep`,
      'end the recursion on a known value',
    );
}

function run(node: Closure['node'], env: Env, args: readonly unknown[]): unknown {
  const { scope } = env;
  if (node.type !== 'ArrowFunctionExpression') {
    if (node.type === 'FunctionExpression' && node.id && scope.find(node.id.name) === undefined)
      scope.declare(node.id.name, false, makeFunction(node, env), true);
    scope.declare('arguments', true, activeTrace().born([...args]), true);
  }
  for (const param of node.params) {
    for (const name of boundNames(param)) scope.declare(name, false, undefined, false);
  }
  const given = writtenElements(args);
  node.params.forEach((param, index) => {
    if (param.type === 'RestElement') machine.bind(param.argument, given.rest(index), env, 'let');
    else machine.bind(param, given.at(index), env, 'let');
  });
  if (node.body.type !== 'BlockStatement') return machine.evaluate(node.body, env);
  const result = resultOf(executeBody(node.body.body, env));
  if (result === DEAD) throw new DeadEnd();
  if (result === POISON) throw new FollowUp();
  return result;
}
