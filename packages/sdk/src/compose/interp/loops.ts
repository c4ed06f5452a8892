import type {
  AnyNode,
  DoWhileStatement,
  ForInStatement,
  ForOfStatement,
  ForStatement,
  Pattern,
  Statement,
  VariableDeclaration,
  WhileStatement,
} from 'acorn';
import { add, and, compare, literal, raw, subtract } from '../ir/build.ts';
import { requireInteger } from '../ir/lower.ts';
import type { Node } from '../ir/node.ts';
import { DYN, listOf } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { resolveMerged } from '../value/merge.ts';
import { mayBeUndefined, mergedPieces, toNode } from '../value/value-nodes.ts';
import { needPresent, truthy } from '../value/ops.ts';
import { hasTokens, labelOf, symbolic, wrap } from '../value/proxy.ts';
import { Maybe, Phi, Splice, Sym } from '../value/symbolic.ts';
import { builtin } from '../library/builtins.ts';
import { hasKey } from '../library/has-key.ts';
import { overParts } from '../library/over-parts.ts';
import { spreadItems } from '../library/spread.ts';
import { iterable } from '../value/open.ts';
import { loopView, positionsBelow, View } from '../library/view.ts';
import { branch } from './branches.ts';
import { type Completion, LEAVE, mapLeaves, NORMAL } from './completion.ts';
import { type Env, withScope } from './env.ts';
import { LexicalEnvironment } from '../value/closure.ts';
import { assignedMembers } from './assigned-members.ts';
import { assignedNames, boundNames, assignedAround } from '../../javascript/index.ts';
import { executeFrom } from './execute-from.ts';
import { MAX_LIST_LENGTH } from '../trace/trace.ts';
import { overItems, overIterator } from './iterations.ts';
import { logicalOperation } from './logical-operators.ts';
import { bindingsFor, symbolicLoop } from './symbolic-loop.ts';

type Head = VariableDeclaration | Pattern;

/** A completion in which a jump of this loop counts as a normal end: `continue` of an iteration, `break` of the loop. */
function endOf(jump: 'continue' | 'break', completion: Completion, labels: readonly string[]): Completion {
  return mapLeaves(completion, (leaf) =>
    leaf.kind === jump && (leaf.label === undefined || labels.includes(leaf.label)) ? NORMAL : leaf,
  );
}

/** Executes the body of a loop with the loop variable bound in its own scope. */
function runIteration(head: Head, value: unknown, body: Statement, env: Env, labels: readonly string[]): Completion {
  const scope = new LexicalEnvironment(env.scope, env.unit);
  const inner = withScope(env, scope);
  if (head.type === 'VariableDeclaration') {
    const { id } = head.declarations[0] as { id: Pattern };
    const kind = head.kind as 'const' | 'let' | 'var';
    if (kind !== 'var') for (const name of boundNames(id)) scope.declare(name, kind === 'const', undefined, false);
    env.interpreter.bindPattern(id, value, inner, kind);
  } else env.interpreter.bindPattern(head, value, inner, 'assign');
  return endOf('continue', env.interpreter.execute(body, inner), labels);
}

/** `for (const x of list)`. */
export function executeForOf(node: ForOfStatement, env: Env, labels: readonly string[]): Completion {
  if (node.await)
    refuse('async', 'for await cannot be traced', 'await promises before the composition, and pass the results to it');
  const head = node.left;
  const source = resolveMerged(env.interpreter.evaluate(node.right, env));
  const run = (value: unknown) => runIteration(head, value, node.body, env, labels);
  return endOf('break', iterate(source, nameOf(head), run, node, env), labels);
}

/** `for (const key in object)`. */
export function executeForIn(node: ForInStatement, env: Env, labels: readonly string[]): Completion {
  const given = resolveMerged(env.interpreter.evaluate(node.right, env));
  if (given === undefined || given === null) return NORMAL;
  // If an optional value is absent, the loop has no iterations. If a field of a resource is absent, the graph waits for
  // the field.
  const mayBeAbsent = symbolic(given) instanceof Sym && mayBeUndefined(given);
  const object = mayBeAbsent ? resolveMerged(logicalOperation('??', given, () => activeTrace().track({}))) : given;
  const inner = symbolic(object);
  if (inner instanceof Sym && inner.type.kind === 'list')
    refuse(
      'types',
      `${labelOf(inner)} is a list, and for..in iterates over its indexes, which are strings`,
      'use for (const x of list), or for (const [i, x] of list.entries())',
    );
  const keys = builtin(Object.keys, [object])?.value ?? enumerableKeys(object);
  const mayLose =
    typeof object === 'object' &&
    object !== null &&
    symbolic(object) === undefined &&
    mergedPieces(object) === undefined;
  const run = (value: unknown) => {
    const enter = () => runIteration(node.left, value, node.body, env, labels);
    // A key that the body deletes before its turn has no iteration.
    return mayLose && typeof value === 'string' ? branch(truthy(hasKey(value, object)), enter, () => NORMAL) : enter();
  };
  return endOf('break', iterate(keys, nameOf(node.left), run, node, env), labels);
}

/** The keys that `for..in` visits, including inherited keys. */
function enumerableKeys(object: unknown): string[] {
  const keys: string[] = [];
  for (const key in Object(object) as object) keys.push(key);
  return keys;
}

function nameOf(head: Head): string {
  const pattern = head.type === 'VariableDeclaration' ? head.declarations[0]?.id : head;
  return pattern === undefined ? 'x' : (boundNames(pattern)[0] ?? 'x');
}

/** Runs the iterations over a list, which may be known, symbolic, or a mixture of both. */
function iterate(
  source: unknown,
  name: string,
  run: (value: unknown) => Completion,
  node: AnyNode,
  env: Env,
): Completion {
  activeTrace().noteRead(source);
  if (source instanceof View) return overView(source, name, run, node, env);
  const inner = symbolic(source);
  if (inner instanceof Phi) {
    return branch(
      inner.test,
      () => iterate(resolveMerged(inner.then), name, run, node, env),
      () => iterate(resolveMerged(inner.otherwise), name, run, node, env),
    );
  }
  if (inner instanceof Sym) {
    if (inner.type.kind === 'string') return iterate(spreadItems(source), name, run, node, env);
    // The type of hand-written CEL is not known. A loop over such a value treats the value as a list.
    const { node: of } = inner;
    if (of.kind === 'raw' && inner.type.kind === 'dyn')
      return overView(
        loopView(wrap(new Sym(raw(of.pieces, of.args, listOf(DYN)), { waits: inner.waits }))),
        name,
        run,
        node,
        env,
      );
    if (inner.type.kind !== 'list')
      return refuse(
        'types',
        `${labelOf(inner)} is not a list and cannot be iterated`,
        'iterate a list, or Object.entries() of a map',
      );
    return overView(loopView(wrap(needPresent(inner, 'iterated'))), name, run, node, env);
  }
  const each = (item: unknown) => oneItem(item, name, run, node, env);
  const isText = typeof source === 'string' && hasTokens(source);
  if (!isText && !Array.isArray(source)) return overIterator(iterable(source), each);
  const items: readonly unknown[] = isText ? spreadItems(source) : (source as unknown[]);
  return overParts(
    items,
    () => overItems(items, each, 0),
    (list) => overView(loopView(wrap(list)), name, run, node, env),
  );
}

function oneItem(
  item: unknown,
  name: string,
  run: (value: unknown) => Completion,
  node: AnyNode,
  env: Env,
): Completion {
  if (item instanceof Splice)
    return overView(loopView(wrap(new Sym(item.list, { waits: item.waits }))), name, run, node, env);
  if (item instanceof Maybe) {
    return branch(
      truthy(wrap(new Sym(item.test))),
      () => run(resolveMerged(item.value)),
      () => NORMAL,
    );
  }
  return run(item);
}

function overView(view: View, name: string, run: (value: unknown) => Completion, node: AnyNode, env: Env): Completion {
  return symbolicLoop({
    view,
    name,
    bindings: bindingsFor(assignedNames(node), env.scope),
    members: assignedMembers(node, (of) => env.scope.find(of)?.value),
    runIteration: (value) => run(value),
  });
}

/**
 * `for (init; test; update)`: runs a loop with known tests iteration by iteration, and a counted loop with a symbolic
 * bound as a symbolic loop.
 */
export function executeFor(node: ForStatement, env: Env, labels: readonly string[]): Completion {
  const scope = new LexicalEnvironment(env.scope, env.unit);
  const inner = withScope(env, scope);
  const { init } = node;
  if (init?.type === 'VariableDeclaration') {
    if (init.kind !== 'var') {
      for (const { id } of init.declarations)
        for (const name of boundNames(id)) scope.declare(name, init.kind === 'const', undefined, false);
    }
    env.interpreter.execute(init, inner);
  } else if (init) env.interpreter.evaluate(init, inner);
  let iterations = 0;
  let current = nextIteration(node, inner);
  const { length: conditions } = activeTrace().guards;
  const step = (index: number): Completion => {
    const test = node.test ? truthy(env.interpreter.evaluate(node.test, current)) : true;
    if (test === false) return LEAVE;
    if (test !== true) {
      if (index > 0) return refuseBound();
      return mapLeaves(counted(node, current, labels), (leaf) => (leaf.kind === 'normal' ? LEAVE : leaf));
    }
    if (++iterations > MAX_LIST_LENGTH) refuseEndless(conditions);
    const completion = endOf('continue', env.interpreter.execute(node.body, current), labels);
    const update = (): Completion => {
      current = nextIteration(node, current);
      if (node.update) env.interpreter.evaluate(node.update, current);
      return NORMAL;
    };
    return executeFrom(2, (part) => (part === 0 ? completion : update()), 0);
  };
  return endOf('break', executeFrom(MAX_LIST_LENGTH + 2, step, 0), labels);
}

/**
 * The environment of the next iteration. Each iteration has its own copy of a `let` variable, so that a function made
 * in the iteration keeps the value that the variable has there. Functions made by the `init` part of the loop keep the
 * variables of this part.
 */
function nextIteration(node: ForStatement, env: Env): Env {
  if (node.init?.type !== 'VariableDeclaration' || node.init.kind !== 'let') return env;
  const scope = new LexicalEnvironment(env.scope.parent, env.unit);
  for (const [name, { value }] of env.scope.names) scope.declare(name, false, value, true);
  return withScope(env, scope);
}

/**
 * Refuses a loop that does not end. `conditions` is the number of guards before the loop: if there are more now, a
 * symbolic condition decides when the loop ends.
 */
function refuseEndless(conditions: number): never {
  if (activeTrace().guards.length > conditions) refuseBound('the end');
  return refuse(
    'too-large',
    `this loop does not end: it has run ${MAX_LIST_LENGTH} times`,
    'end it with break, or change what its test reads',
  );
}

function refuseBound(what = 'the condition'): never {
  return refuse(
    'loop-bound',
    `${what} of a loop depends on a value not known while the graph is built`,
    'use for..of over a list, or for (let i = 0; i < n; i++)',
  );
}

/** `for (let i = a; i < n; i++)` with a symbolic bound: a loop over a range. */
function counted(node: ForStatement, env: Env, labels: readonly string[]): Completion {
  const { init, test, update } = node;
  if (init?.type !== 'VariableDeclaration' || init.declarations.length !== 1 || test?.type !== 'BinaryExpression')
    return refuseBound();
  const name = boundNames((init.declarations[0] as { id: Pattern }).id)[0] as string;
  const upwards =
    test.left.type === 'Identifier' && test.left.name === name && (test.operator === '<' || test.operator === '<=');
  if (!upwards) return refuseBound();
  const steps =
    (update?.type === 'UpdateExpression' && update.operator === '++') ||
    (update?.type === 'AssignmentExpression' &&
      update.operator === '+=' &&
      update.right.type === 'Literal' &&
      update.right.value === 1);
  if (!steps || assignedAround(node.body).has(name))
    return refuse(
      'loop-step',
      'a counted loop with a symbolic bound must go up by one (i++)',
      'count by one and compute the rest: for (let j = 0; j < Math.ceil(n / 2); j++) { const i = j * 2; … }',
    );
  const start = toNode(env.scope.find(name)?.value);
  const bound = toNode(env.interpreter.evaluate(test.right, env));
  requireInteger(start);
  requireInteger(bound);
  const end = test.operator === '<=' ? add(bound, literal(1)) : bound;
  const count = subtract(end, start);
  const range = positionsBelow(count);
  const from = (loop: Sym) => add(loop.node, start);
  const view = new View(new Sym(range), (loop) => wrap(new Sym(from(loop), { label: name })));
  return symbolicLoop({
    view,
    name,
    bindings: bindingsFor(assignedNames(node.body), env.scope),
    members: assignedMembers(node.body, (of) => env.scope.find(of)?.value),
    // In the body the counter is below the bound. If the bound is the length of a list, the element at this index
    // therefore exists.
    fact: (loop) => counterFact(from(loop), test.operator === '<=' ? 'le' : 'lt', bound, start),
    runIteration: (value) => {
      const scope = new LexicalEnvironment(env.scope, env.unit);
      scope.declare(name, false, value, true);
      return endOf('continue', env.interpreter.execute(node.body, withScope(env, scope)), labels);
    },
  });
}

/**
 * The fact that the counter is below the bound, or at most the bound for `le`. If the start is a constant that is not
 * negative, the fact also says that the counter is not negative.
 */
function counterFact(counter: Node, operator: 'lt' | 'le', bound: Node, start: Node): Node {
  const below = compare(operator, counter, bound);
  const positive = start.kind === 'lit' && Number(start.value) >= 0;
  return positive ? and(below, compare('ge', counter, literal(0))) : below;
}

/** `while` and `do … while`, with known tests only. */
export function executeWhile(node: WhileStatement | DoWhileStatement, env: Env, labels: readonly string[]): Completion {
  const { length: conditions } = activeTrace().guards;
  const step = (index: number): Completion => {
    if (node.type === 'WhileStatement' || index > 0) {
      const test = truthy(env.interpreter.evaluate(node.test, env));
      if (typeof test !== 'boolean') return refuseBound();
      if (!test) return LEAVE;
    }
    if (index > MAX_LIST_LENGTH) refuseEndless(conditions);
    return endOf('continue', env.interpreter.execute(node.body, env), labels);
  };
  return endOf('break', executeFrom(MAX_LIST_LENGTH + 2, step, 0), labels);
}
