import type {
  AnyNode,
  ArrowFunctionExpression,
  BlockStatement,
  Expression,
  FunctionDeclaration,
  FunctionExpression,
  Statement,
} from 'acorn';
import { FollowUp, refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { writtenElements } from '../library/spread.ts';
import { DEAD, POISON } from '../value/symbolic.ts';
import { type Completion, resultOf } from './completion.ts';
import { type Env, type TreeInterpreter, atNode, DeadEnd, inEnv, withScope } from './env.ts';
import { type Closure, rememberClosure, LexicalEnvironment } from '../value/closure.ts';
import { boundNames, varNames } from '../../javascript/index.ts';

type AnyFunction = ArrowFunctionExpression | FunctionExpression | FunctionDeclaration;

/** The deepest nesting of calls. Without a limit, a recursion whose end depends on the spec would not terminate. */
const MAX_CALL_DEPTH = 200;

/**
 * Makes the function value of a function expression or declaration. Native code can call this value. `given` is the
 * name of the variable or member to which an anonymous function is assigned.
 */
export function makeFunction(node: AnyFunction, env: Env, given = ''): unknown {
  const own = node.type === 'ArrowFunctionExpression' ? undefined : node.id?.name;
  const isNamedExpression = node.type === 'FunctionExpression' && own !== undefined;
  const scope = isNamedExpression ? new LexicalEnvironment(env.scope, env.unit) : env.scope;
  const closure: Closure = {
    node: node as Closure['node'],
    scope,
    unit: env.unit,
    self: node.type === 'ArrowFunctionExpression' ? env.self : { value: undefined, known: false },
  };
  const fn =
    node.type === 'ArrowFunctionExpression'
      ? (...args: unknown[]) => callClosure(env.interpreter, closure, closure.self, args)
      : function (this: unknown, ...args: unknown[]) {
          return callClosure(env.interpreter, closure, { value: this, known: true }, args);
        };
  Object.defineProperty(fn, 'length', { value: lengthOf(node) });
  Object.defineProperty(fn, 'name', { value: own ?? given });
  rememberClosure(fn, closure);
  if (isNamedExpression) scope.declare(own, true, fn, true);
  return activeTrace().track(fn);
}

/** The number of parameters before the first parameter with a default, or before the rest parameter. */
function lengthOf({ params }: AnyFunction): number {
  const end = params.findIndex(({ type }) => type === 'AssignmentPattern' || type === 'RestElement');
  return end < 0 ? params.length : end;
}

/**
 * Evaluates an expression whose value is assigned to `name`. As in JavaScript, an anonymous function gets this name.
 */
export function evaluateNamed(node: Expression, name: unknown, env: Env): unknown {
  if (node.type === 'ParenthesizedExpression') return evaluateNamed(node.expression, name, env);
  const isAnonymous = node.type === 'ArrowFunctionExpression' || (node.type === 'FunctionExpression' && !node.id);
  return isAnonymous && typeof name === 'string' ? makeFunction(node, env, name) : env.interpreter.evaluate(node, env);
}

/** The name that an anonymous function gets from the target of its assignment. */
export const nameOfTarget = (target: AnyNode): string | undefined =>
  target.type === 'Identifier' ? target.name : undefined;

/** Interprets a function. */
export function callClosure(
  interpreter: TreeInterpreter,
  closure: Closure,
  self: Env['self'],
  args: readonly unknown[],
): unknown {
  const { node, unit } = closure;
  atNode(unit, node, () => checkFunction(node));
  const scope = new LexicalEnvironment(closure.scope, unit);
  const env: Env = { interpreter, scope, unit, self, args };
  const trace = activeTrace();
  const { factory } = trace;
  const call = trace.site;
  trace.callDepth++;
  if (trace.callDepth > trace.deepestCall) trace.deepestCall = trace.callDepth;
  if (call !== undefined) trace.calls.push(call);
  trace.factory = undefined;
  try {
    return inEnv(unit, node, run, env);
  } finally {
    trace.callDepth--;
    if (call !== undefined) trace.calls.pop();
    trace.factory = factory;
  }
}

/** Refuses async and generator functions, which cannot be traced, and calls that are nested too deeply. */
function checkFunction(node: Closure['node']): void {
  if (node.async) {
    refuse(
      'async',
      'the composition (or a function it calls) is async',
      'await promises before the composition, and pass the results to it',
    );
  }
  if (node.generator) refuse('unsupported', 'a generator cannot be traced', 'return a list instead');
  if (activeTrace().callDepth >= MAX_CALL_DEPTH)
    refuse(
      'too-large',
      `functions call each other more than ${MAX_CALL_DEPTH} levels deep`,
      'end the recursion on a known value',
    );
}

/** Binds the parameters of a function to the arguments in `env`, and runs the body. */
function run(node: Closure['node'], env: Env): unknown {
  const { args, scope } = env;
  if (node.type !== 'ArrowFunctionExpression') scope.declare('arguments', true, activeTrace().track([...args]), true);
  for (const param of node.params) {
    for (const name of boundNames(param)) scope.declare(name, false, undefined, false);
  }
  const given = writtenElements(args);
  node.params.forEach((param, index) => {
    if (param.type === 'RestElement') env.interpreter.bindPattern(param.argument, given.rest(index), env, 'let');
    else env.interpreter.bindPattern(param, given.at(index), env, 'let');
  });
  if (node.body.type !== 'BlockStatement') return env.interpreter.evaluate(node.body, env);
  const result = resultOf(executeBody(node.body.body, withScope(env, scopeOfVars(node, node.body, env))));
  if (result === DEAD) throw new DeadEnd();
  if (result === POISON) throw new FollowUp();
  return result;
}

/**
 * Declares the `var` names of a body. If all parameters are plain names, the `var` names are in the scope of the
 * parameters. Otherwise they are in an inner scope, because a function in the default of a parameter must not see them.
 * In the inner scope, a `var` with the name of a parameter begins with the value of the parameter.
 */
function scopeOfVars({ params }: Closure['node'], { body }: BlockStatement, { scope, unit }: Env): LexicalEnvironment {
  const isPlain = params.every(({ type }) => type === 'Identifier');
  const vars = isPlain ? scope : new LexicalEnvironment(scope, unit);
  for (const name of varNames(body)) {
    if (!vars.names.has(name)) vars.declare(name, false, scope.names.get(name)?.value, true);
  }
  return vars;
}

/**
 * Executes the body of a function. Its other names, such as `let` and `const` names, belong to a block inside the scope
 * of the `var` names.
 */
function executeBody(body: readonly Statement[], env: Env): Completion {
  const inner = withScope(env, new LexicalEnvironment(env.scope, env.unit));
  return env.interpreter.executeFresh(body, inner);
}
