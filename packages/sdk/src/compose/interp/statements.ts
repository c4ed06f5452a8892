import type {
  BlockStatement,
  CatchClause,
  Expression,
  Statement,
  SwitchCase,
  SwitchStatement,
  TryStatement,
  VariableDeclaration,
} from 'acorn';
import { type Node, walk } from '../ir/node.ts';
import { allOf, and, literal, not, or } from '../ir/build.ts';
import { CompositionError, isStackOverflow, noteThrow, Refusal, refuse } from '../refusal/refusal.ts';
import { activeTrace, decide } from '../trace/current-trace.ts';
import { equals, truthy } from '../value/ops.ts';
import { asNode, branch, testOf } from './branches.ts';
import { type Completion, mapLeaves, NORMAL } from './completion.ts';
import { type Env, atNode, DeadEnd, withScope } from './env.ts';
import { LexicalEnvironment } from '../value/closure.ts';
import { evaluateNamed, makeFunction, nameOfTarget } from './functions.ts';
import { executeFor, executeForIn, executeForOf, executeWhile } from './loops.ts';
import { recovering } from './recovering.ts';
import { boundNames } from '../../javascript/index.ts';
import { executeFrom } from './execute-from.ts';
import { overLoops } from './symbolic-loop.ts';
import { thrownMessage } from './thrown-message.ts';

/** Executes a statement. */
export function execute(node: Statement, env: Env, labels: readonly string[] = []): Completion {
  return recovering(node, env, () => atNode(env.unit, node, () => executeNode(node, env, labels)));
}

function executeNode(node: Statement, env: Env, labels: readonly string[]): Completion {
  switch (node.type) {
    case 'ExpressionStatement':
      env.interpreter.evaluate(node.expression, env);
      return NORMAL;
    case 'VariableDeclaration':
      declareVariables(node, env);
      return NORMAL;
    case 'FunctionDeclaration':
    case 'EmptyStatement':
    case 'DebuggerStatement':
      return NORMAL;
    case 'ReturnStatement':
      return { kind: 'return', value: node.argument ? env.interpreter.evaluate(node.argument, env) : undefined };
    case 'BlockStatement':
      return executeBlock(node.body, blockEnv(node, env));
    case 'IfStatement': {
      const test = testOf(node.test, env);
      return branch(
        test,
        () => execute(node.consequent, env),
        () => (node.alternate ? execute(node.alternate, env) : NORMAL),
      );
    }
    case 'BreakStatement':
      return { kind: 'break', label: node.label?.name };
    case 'ContinueStatement':
      return { kind: 'continue', label: node.label?.name };
    case 'LabeledStatement': {
      const inner = execute(node.body, env, [...labels, node.label.name]);
      return mapLeaves(inner, (leaf) => (leaf.kind === 'break' && leaf.label === node.label.name ? NORMAL : leaf));
    }
    case 'SwitchStatement':
      return executeSwitch(node, env);
    case 'ThrowStatement':
      return throwValue(env.interpreter.evaluate(node.argument, env));
    case 'TryStatement':
      return executeTry(node, env);
    case 'ForOfStatement':
      return executeForOf(node, env, labels);
    case 'ForInStatement':
      return executeForIn(node, env, labels);
    case 'ForStatement':
      return executeFor(node, env, labels);
    case 'WhileStatement':
    case 'DoWhileStatement':
      return executeWhile(node, env, labels);
    case 'ClassDeclaration':
      return refuse(
        'unsupported',
        `a class inside a composition: ${node.id.name}`,
        'define it outside, and use it with known values only',
      );
    default:
      return refuse('unsupported', `${node.type} cannot be traced`);
  }
}

/** The environment of a block, with its names declared. */
export function blockEnv(node: BlockStatement | { body: Statement[] }, env: Env): Env {
  const scope = new LexicalEnvironment(env.scope, env.unit);
  const inner = withScope(env, scope);
  hoistLexical(node.body, inner);
  return inner;
}

/** Declares the let, const and function names of a block. */
export function hoistLexical(body: readonly Statement[], env: Env): void {
  for (const statement of body) {
    if (statement.type === 'VariableDeclaration' && statement.kind !== 'var') {
      for (const { id } of statement.declarations) {
        for (const name of boundNames(id)) env.scope.declare(name, statement.kind === 'const', undefined, false);
      }
    } else if (statement.type === 'FunctionDeclaration') {
      const declaration = statement;
      env.scope.declare(declaration.id.name, false, makeFunction(declaration, env), true);
    }
  }
}

function declareVariables(node: VariableDeclaration, env: Env): void {
  for (const { id, init } of node.declarations) {
    if (!init && node.kind === 'var') continue;
    env.interpreter.bindPattern(
      id,
      init ? evaluateNamed(init, nameOfTarget(id), env) : undefined,
      env,
      node.kind as 'const' | 'let' | 'var',
    );
  }
}

/** Declares the names of a body in the scope of `env`, which must be new. Then executes the body. */
export function executeFresh(body: readonly Statement[], env: Env): Completion {
  hoistLexical(body, env);
  return executeBlock(body, env);
}

/**
 * Executes statements in order. If a statement leaves the block only under a condition, the later statements run under
 * the opposite condition.
 */
export function executeBlock(body: readonly Statement[], env: Env): Completion {
  return executeFrom(body.length, (index) => execute(body[index] as Statement, env), 0);
}

function executeSwitch(node: SwitchStatement, env: Env): Completion {
  const value = env.interpreter.evaluate(node.discriminant, env);
  const scope = new LexicalEnvironment(env.scope, env.unit);
  const inner = withScope(env, scope);
  hoistLexical(
    node.cases.flatMap((entry) => entry.consequent),
    inner,
  );
  const cases = node.cases;
  const runFrom = (start: number): Completion =>
    executeBlock(
      cases.slice(start).flatMap((entry) => entry.consequent),
      inner,
    );
  if (fallsThrough(cases)) return leaveSwitch(switchInOrder(value, cases, inner));
  const fallback = cases.findIndex((entry) => !entry.test);
  const enter = (index: number): Completion => {
    let position = index;
    while (position < cases.length && !cases[position]?.test) position++;
    const entry = cases[position];
    if (!entry?.test) return fallback < 0 ? NORMAL : runFrom(fallback);
    // Cases without statements share the body of the next case. All of them are one branch.
    let last = position;
    let test: boolean | Node = truthy(equals(value, env.interpreter.evaluate(entry.test, inner), false));
    while (test !== true && cases[last]?.consequent.length === 0 && cases[last + 1]?.test) {
      last++;
      const next: boolean | Node = truthy(
        equals(value, env.interpreter.evaluate(cases[last]?.test as Expression, inner), false),
      );
      test = test === false ? next : next === false ? test : decide(or(asNode(test), asNode(next)));
    }
    return branch(
      test,
      () => runFrom(last),
      () => enter(last + 1),
    );
  };
  return leaveSwitch(enter(0));
}

function leaveSwitch(completion: Completion): Completion {
  return mapLeaves(completion, (leaf) => (leaf.kind === 'break' && leaf.label === undefined ? NORMAL : leaf));
}

/** May a case with statements fall through to the next case? */
function fallsThrough(cases: readonly SwitchCase[]): boolean {
  return cases.slice(0, -1).some(({ consequent }) => consequent.length > 0 && !endsInJump(consequent));
}

function endsInJump(body: readonly Statement[]): boolean {
  const last = body.at(-1);
  if (last?.type === 'BlockStatement') return endsInJump(last.body);
  return last !== undefined && /^(?:Break|Return|Throw|Continue)Statement$/.test(last.type);
}

/**
 * Executes a `switch` whose cases fall through. Each body runs once, under the condition that its case is chosen or an
 * earlier case falls through to it.
 */
function switchInOrder(value: unknown, cases: readonly SwitchCase[], env: Env): Completion {
  const trace = activeTrace();
  let others: Node = literal(true);
  const entries = cases.map(({ test }) => {
    if (!test) return undefined;
    const before = decide(others);
    if (before === false) return literal(false);
    const matches = () => asNode(truthy(equals(value, env.interpreter.evaluate(test, env), false)));
    const match = before === true ? matches() : trace.under(before, matches);
    const entered = and(others, match);
    others = and(others, not(match));
    return entered;
  });
  let reached: Node = literal(false);
  const step = (index: number): Completion => {
    const isLastDefault = entries[index] === undefined && index === cases.length - 1;
    reached = isLastDefault ? literal(true) : or(reached, entries[index] ?? others);
    const known = decide(reached);
    return branch(
      known,
      () => executeBlock(cases[index]?.consequent ?? [], env),
      () => NORMAL,
    );
  };
  return executeFrom(cases.length, step, 0);
}

/**
 * Executes `throw`: throws an exception where the path is unconditional, and records a precondition of the spec where
 * the path has conditions. A throw under a condition inside `try` is refused.
 */
function throwValue(value: unknown): never {
  const trace = activeTrace();
  const since = trace.openTries.at(-1);
  const open = trace.guards.length + trace.loops.length;
  if (open === (since ?? 0)) {
    noteThrow(value, trace.site);
    throw value;
  }
  if (since !== undefined) {
    refuse(
      'throw-in-try',
      'throw under a symbolic condition inside try: it cannot be caught while the graph is built',
      'decide with if instead',
    );
  }
  const { text, isKnown } = thrownMessage(value);
  if (!isKnown)
    trace.warn('message', 'the message of a precondition is constant; the values in it are shown as expressions');
  const rule = overLoops(not(allOf(trace.guards)));
  const variables = new Set<unknown>();
  walk(rule, (node) => {
    if (node.kind === 'var') variables.add(node.variable);
  });
  const read = trace.resources.find(({ variable, element }) => variables.has(variable) || variables.has(element));
  if (read !== undefined) {
    const name = read.label ?? read.id;
    refuse(
      'validation',
      `the precondition "${text}" reads the live object of ${name}, but is checked before any object exists`,
      `return the condition as a field of the status, or wait until it holds: ${name}.withReadyWhen(…)`,
    );
  }
  trace.validations.push({ rule, message: text, site: trace.site });
  throw new DeadEnd();
}

function executeTry(node: TryStatement, env: Env): Completion {
  const trace = activeTrace();
  const { handler, finalizer } = node;
  let completion: Completion = NORMAL;
  let failure: { readonly error: unknown } | undefined;
  try {
    trace.openTries.push(trace.guards.length + trace.loops.length);
    if (handler) trace.tries++;
    try {
      completion = execute(node.block, env);
    } finally {
      trace.openTries.pop();
      if (handler) trace.tries--;
    }
  } catch (error) {
    if (mayNotBeCaught(error)) throw error;
    failure = { error };
  }
  if (failure !== undefined && handler) {
    const { error } = failure;
    failure = undefined;
    const run = () => executeHandler(handler, error, env);
    if (!finalizer) return run();
    try {
      completion = run();
    } catch (second) {
      if (mayNotBeCaught(second)) throw second;
      failure = { error: second };
    }
  }
  const last = finalizer ? execute(finalizer, env) : NORMAL;
  if (last.kind !== 'normal' && last.kind !== 'fork') return last;
  if (failure !== undefined) throw failure.error;
  const before = completion;
  return mapLeaves(last, (leaf) => (leaf.kind === 'normal' ? before : leaf));
}

/**
 * Is the error about a mistake in the composition, the end of a path, or a stack overflow? A `catch` of the author does
 * not get these errors.
 */
function mayNotBeCaught(error: unknown): boolean {
  return (
    error instanceof Refusal || error instanceof CompositionError || error instanceof DeadEnd || isStackOverflow(error)
  );
}

function executeHandler(handler: CatchClause, error: unknown, env: Env): Completion {
  const scope = new LexicalEnvironment(env.scope, env.unit);
  const inner = withScope(env, scope);
  if (handler.param) {
    for (const name of boundNames(handler.param)) scope.declare(name, false, undefined, false);
    env.interpreter.bindPattern(handler.param, error, inner, 'let');
  }
  return execute(handler.body, inner);
}
