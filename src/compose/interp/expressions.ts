import type {
  AnyNode,
  ArrayExpression,
  AssignmentExpression,
  BinaryExpression,
  CallExpression,
  ConditionalExpression,
  Expression,
  Identifier,
  Literal,
  LogicalExpression,
  MemberExpression,
  ObjectExpression,
  SpreadElement,
  Super,
  UnaryExpression,
  UpdateExpression,
} from 'acorn';
import { nativeOperator } from './native-operator.ts';
import { warnQuotedTemplate } from './quoted-template.ts';
import { testOf } from './test-of.ts';
import { warnUndefinedOperand } from './undefined-text.ts';
import { refuse } from '../trace/refusal.ts';
import { activeTrace } from '../trace/current.ts';
import { callMethod } from '../library/methods.ts';
import { getMember } from '../library/member.ts';
import { hasKey } from '../library/has-key.ts';
import { keyOf, readKeyOf } from '../library/key.ts';
import { mergeKey, mergeSpread } from '../library/objects.ts';
import { spreadItems } from '../library/spread.ts';
import { View } from '../library/view.ts';
import { phi, resolve } from '../value/merge.ts';
import { arithmetic, bool, equals, plus, relate, truthy, unary } from '../value/ops.ts';
import { toNumber } from '../library/builtins.ts';
import { labelOf, noteWritten, symbolic, wrap } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';
import { typeOf } from '../library/typeof.ts';
import { assignTo, deleteMember } from './assign.ts';
import { choose } from './branches.ts';
import { logicalOperation } from './logical-operators.ts';
import { endChain, nothing, overPhi, STOPPED, stopsWithChain } from './chains.ts';
import { callValue, construct } from './calls.ts';
import type { Env, TreeInterpreter } from './env.ts';
import { atNode, inEnv, readName, refuseUnmade, siteOf } from './env.ts';
import { makeFunction } from './functions.ts';
import { taggedTemplate, template } from './templates.ts';

/** Evaluates an expression. */
export function evaluate(node: Expression, env: Env): unknown {
  switch (node.type) {
    case 'Literal':
      if (typeof node.value === 'string' && node.value.includes('${')) warnQuotedTemplate(node, node.value, env);
      return node.regex ? new RegExp(node.regex.pattern, node.regex.flags) : node.value;
    case 'Identifier':
      return noted(resolve(inEnv(env.unit, node, readIdentifier, env)), node, env);
    case 'ParenthesizedExpression':
      return evaluate(node.expression, env);
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return makeFunction(node, env);
    default:
      return noted(inEnv(env.unit, node, evaluateNode, env), node, env);
  }
}

/** Only symbolic values have a place: those that are known are most, and no message shows where they come from. */
function noted(value: unknown, node: Expression, env: Env): unknown {
  return symbolic(value) === undefined ? value : noteWritten(value, siteOf(env.unit, node));
}

const readIdentifier = (node: Identifier, env: Env): unknown => readName(env, node.name);

function evaluateNode(node: Expression, env: Env): unknown {
  switch (node.type) {
    case 'TemplateLiteral':
      return template(node, env);
    case 'ArrayExpression':
      return arrayLiteral(node, env);
    case 'ObjectExpression':
      return objectLiteral(node, env);
    case 'UnaryExpression':
      return unaryExpression(node, env);
    case 'BinaryExpression':
      return binary(node, env);
    case 'LogicalExpression':
      return logical(node, env);
    case 'ConditionalExpression':
      return conditional(node, env);
    case 'AssignmentExpression':
      return assignment(node, env);
    case 'UpdateExpression':
      return update(node, env);
    case 'SequenceExpression':
      return node.expressions.map((expression) => evaluate(expression, env)).at(-1);
    case 'MemberExpression':
      return resolve(member(node, env));
    case 'CallExpression':
      return callExpression(node, env);
    case 'NewExpression':
      return construct(env.interpreter, evaluate(node.callee, env), argumentsOf(node.arguments, env));
    case 'ChainExpression':
      return endChain(chain(node.expression, env));
    case 'ThisExpression':
      if (env.self.known) return env.self.value;
      return refuse(
        'this',
        '`this` of the surrounding method cannot be read',
        'copy what is needed into a const first, or run with the typekro transform',
      );
    case 'TaggedTemplateExpression':
      return taggedTemplate(node, env);
    case 'AwaitExpression':
    case 'YieldExpression':
    case 'ImportExpression':
      return refuse(
        'async',
        'the composition (or a function it calls) is async',
        'await things before the composition and pass the results in',
      );
    case 'ClassExpression':
      return refuse(
        'unsupported',
        'a class inside a composition',
        'define it outside, and use it with known values only',
      );
    case 'MetaProperty':
      return refuse(
        'unsupported',
        `${sourceOf(node, env)} has no value while the graph is built`,
        'read it outside the composition, into a constant',
      );
    default:
      return refuse('unsupported', `${node.type} cannot be traced`);
  }
}

function conditional(node: ConditionalExpression, env: Env): unknown {
  const { consequent, alternate } = node;
  const test = testOf(node.test, env);
  // Constants neither read nor change anything, so no branch has to be kept apart.
  if (typeof test !== 'boolean' && isConstant(consequent) && isConstant(alternate))
    return phi(test, consequent.value, alternate.value);
  return choose(
    test,
    () => evaluate(consequent, env),
    () => evaluate(alternate, env),
  );
}

const isConstant = (node: Expression): node is Literal => node.type === 'Literal' && node.regex === undefined;

function objectLiteral(node: ObjectExpression, env: Env): unknown {
  const object: Record<string, unknown> = activeTrace().born({});
  for (const property of node.properties) {
    if (property.type === 'SpreadElement') {
      mergeSpread(env.interpreter, object, evaluate(property.argument, env));
      continue;
    }
    const key = property.computed
      ? keyOf(evaluate(property.key, env))
      : property.key.type === 'Identifier'
        ? property.key.name
        : keyOf((property.key as { value: unknown }).value);
    if (property.kind !== 'init')
      refuse('unsupported', 'a getter or setter inside a composition', 'compute the value instead');
    if (key === '__proto__' && !property.computed && !property.shorthand)
      refuse('unsupported', 'a prototype is set', 'copy the members: { ...base, … }');
    const value = evaluate(property.value, env);
    mergeKey(object, key, value);
    if (env.unit.siblings?.node === node && typeof key === 'string') {
      env.unit.siblings.values.set(key, value);
      const inner = symbolic(value);
      // The key becomes its id; messages of the entries that follow call it so already.
      if (inner instanceof Sym && inner.resource?.explicitId === false) inner.resource.label ??= key;
    }
  }
  return object;
}

function unaryExpression(node: UnaryExpression, env: Env): unknown {
  if (node.operator === 'typeof') {
    if (node.argument.type === 'Identifier' && !isDeclared(env, node.argument.name)) return 'undefined';
    return typeOf(evaluate(node.argument, env));
  }
  if (node.operator === 'delete') return deleteMember(node.argument, env);
  const twice = node.operator === '~' && node.argument.type === 'UnaryExpression' && node.argument.operator === '~';
  // `~~x` is `x | 0`.
  if (twice) return binaryOperation('|', evaluate((node.argument as UnaryExpression).argument, env), 0);
  const value = evaluate(node.argument, env);
  return node.operator === '+'
    ? toNumber(env.interpreter, value)
    : node.operator === 'void'
      ? undefined
      : unary(node.operator, value);
}

function isDeclared(env: Env, name: string): boolean {
  return env.scope.find(name) !== undefined || env.unit.lookup(name) !== undefined || name in globalThis;
}

function binary(node: BinaryExpression, env: Env): unknown {
  if (node.left.type === 'PrivateIdentifier') return refuse('unsupported', 'a private name cannot be traced');
  const left = evaluate(node.left, env);
  const right = evaluate(node.right, env);
  if (node.operator === '+') warnUndefinedOperand(node, left, right, env);
  return binaryOperation(node.operator, left, right);
}

/** Applies a binary operator. */
export function binaryOperation(operator: string, left: unknown, right: unknown): unknown {
  switch (operator) {
    case '===':
      return equals(left, right, false);
    case '==':
      return equals(left, right, true);
    case '!==':
      return unary('!', equals(left, right, false));
    case '!=':
      return unary('!', equals(left, right, true));
    case '<':
    case '<=':
    case '>':
    case '>=':
      return relate(operator, left, right);
    case '+':
      return plus(left, right);
    case '-':
    case '*':
    case '/':
    case '%':
    case '**':
      return arithmetic(operator, left, right);
    case 'in':
      return hasKey(left, right);
    default:
      return nativeOperator(operator, left, right);
  }
}

function logical(node: LogicalExpression, env: Env): unknown {
  return logicalOperation(node.operator, evaluate(node.left, env), () => evaluate(node.right, env));
}

function assignment(node: AssignmentExpression, env: Env): unknown {
  const { operator, left } = node;
  if (operator === '=') {
    const value = evaluate(node.right, env);
    env.interpreter.bindPattern(left, value, env, 'assign');
    return value;
  }
  const target = assignTo(left, env);
  if (operator === '&&=' || operator === '||=' || operator === '??=') {
    const value = logicalOperation(operator.slice(0, -1), target.read(), () => evaluate(node.right, env));
    target.write(value);
    return value;
  }
  const value = binaryOperation(operator.slice(0, -1), target.read(), evaluate(node.right, env));
  target.write(value);
  return value;
}

function update(node: UpdateExpression, env: Env): unknown {
  const target = assignTo(node.argument, env);
  const before = target.read();
  const after = arithmetic('-', before, node.operator === '++' ? -1 : 1);
  const next = node.operator === '++' && symbolic(before) !== undefined ? plus(before, 1) : after;
  target.write(next);
  return node.prefix ? next : before;
}

function member(node: MemberExpression, env: Env): unknown {
  const object = evaluateObject(node.object, env);
  if (node.property.type === 'PrivateIdentifier') return privateMember(object, node.property.name, env);
  if (object === undefined && !node.optional) refuseOuterWithoutValue(node.object, env);
  return getMember(env.interpreter, object, propertyKey(node, env));
}

/** A variable around the composition that has no value yet most often is the composition itself. */
function refuseOuterWithoutValue(node: Expression | Super, env: Env): void {
  if (node.type !== 'Identifier' || node.name === 'undefined' || env.scope.find(node.name) !== undefined) return;
  refuse(
    'unknown-name',
    `${node.name} has no value while the composition is followed`,
    `give it one above the composition; a composition cannot read itself, so take what it needs from its resources`,
  );
}

/** `object.#name`: only the code around the function can read it; the transform leaves a reader for it. */
function privateMember(raw: unknown, name: string, env: Env): unknown {
  const found = env.unit.lookup(`#${name}`);
  if (found === undefined || !('value' in found)) {
    return refuse(
      'this',
      `#${name} cannot be read`,
      'copy what is needed into a const first, or run with the typekro transform',
    );
  }
  const object = resolve(raw);
  const inner = symbolic(object);
  // Values of the graph have no private members; reading one throws in JavaScript, too.
  if (inner !== undefined) throw new TypeError(`Cannot read private member #${name} from ${labelOf(inner)}`);
  return (found.value as (of: unknown) => unknown)(object);
}

function evaluateObject(node: Expression | Super, env: Env): unknown {
  if (node.type === 'Super') return refuse('this', '`super` cannot be read', 'copy what is needed into a const first');
  return evaluate(node, env);
}

function propertyKey(node: MemberExpression, env: Env): string | symbol | Sym {
  if (node.computed) return readKeyOf(evaluate(node.property as Expression, env));
  if (node.property.type === 'Identifier') return node.property.name;
  return refuse('unsupported', 'a private name cannot be traced', 'copy what is needed into a const first');
}

/** Evaluates an element of an optional chain. */
function chain(node: Expression, env: Env): unknown {
  if (node.type === 'MemberExpression') {
    const object = node.object.type === 'Super' ? evaluateObject(node.object, env) : chainObject(node.object, env);
    if (object === STOPPED || (node.optional && nothing(object))) return STOPPED;
    if (node.property.type === 'PrivateIdentifier') return privateMember(object, node.property.name, env);
    const key = propertyKey(node, env);
    return overPhi(object, node.optional, (side) => getMember(env.interpreter, side, key, node.optional));
  }
  if (node.type === 'CallExpression') return chainCall(node, env);
  return evaluate(node, env);
}

function chainObject(node: Expression, env: Env): unknown {
  const inChain = node.type === 'MemberExpression' || node.type === 'CallExpression';
  return inChain ? atNode(env.unit, node, () => resolveKeepingChain(chain(node, env))) : evaluate(node, env);
}

const resolveKeepingChain = (value: unknown): unknown => (value === STOPPED ? value : resolve(value));

function chainCall(node: CallExpression, env: Env): unknown {
  const callee = node.callee;
  if (callee.type === 'MemberExpression') {
    const object =
      callee.object.type === 'Super' ? evaluateObject(callee.object, env) : chainObject(callee.object, env);
    if (object === STOPPED || (callee.optional && nothing(object))) return STOPPED;
    if (callee.property.type === 'PrivateIdentifier') {
      const fn = privateMember(object, callee.property.name, env);
      if (node.optional && nothing(fn)) return STOPPED;
      return callValue(env.interpreter, fn, object, argumentsOf(node.arguments, env), sourceOf(callee, env));
    }
    const key = propertyKey(callee, env);
    if (typeof key === 'string' && node.optional) {
      const fn = getMember(env.interpreter, object, key, callee.optional);
      if (nothing(fn)) return STOPPED;
    }
    return callOptional(env.interpreter, object, key, callee.optional, () => argumentsOf(node.arguments, env));
  }
  if (callee.type === 'Super') return refuse('this', '`super` cannot be called');
  const fn = chainObject(callee, env);
  if (fn === STOPPED || (node.optional && nothing(fn))) return STOPPED;
  return overPhi(fn, node.optional, (side) =>
    callValue(env.interpreter, side, undefined, argumentsOf(node.arguments, env), sourceOf(callee, env)),
  );
}

/** `object?.method(args)`: where the object is missing, nothing is called and the result is `undefined`. */
function callOptional(
  interpreter: TreeInterpreter,
  object: unknown,
  key: string | symbol | Sym,
  optional: boolean,
  args: () => unknown[],
): unknown {
  const value = resolve(object);
  const inner = symbolic(value);
  if (inner instanceof Phi) return overPhi(value, optional, (side) => callMethod(interpreter, side, key, args()));
  const doubtful =
    inner instanceof Sym && inner.absence !== undefined && (optional || inner.absence.chain !== undefined);
  if (!doubtful) return callMethod(interpreter, value, key, args());
  const there = inner.absence?.has;
  if (there === undefined) return callMethod(interpreter, value, key, args());
  const result = choose(
    truthy(bool(there)),
    () => callMethod(interpreter, resolve(value), key, args()),
    () => undefined,
  );
  const made = symbolic(stopsWithChain(result));
  if (!(made instanceof Sym) || made.absence === undefined) return result;
  // The rest of the chain is skipped with the call: `tag?.trim().length`.
  const absence = { ...made.absence, chain: there };
  return wrap(new Sym(made.node, { absence, waits: made.waits, label: made.label }));
}

function callExpression(node: CallExpression, env: Env): unknown {
  const { callee } = node;
  if (callee.type === 'MemberExpression') {
    const object = evaluateObject(callee.object, env);
    if (callee.property.type === 'PrivateIdentifier') {
      const fn = privateMember(object, callee.property.name, env);
      return resolve(callValue(env.interpreter, fn, object, argumentsOf(node.arguments, env), sourceOf(callee, env)));
    }
    const key = propertyKey(callee, env);
    return resolve(callMethod(env.interpreter, object, key, argumentsOf(node.arguments, env)));
  }
  if (callee.type === 'Super') return refuse('this', '`super` cannot be called');
  const fn = evaluate(callee, env);
  if (callee.type === 'Identifier' && callee.name === 'eval' && isEval(fn)) {
    refuse('unsupported', 'eval inside a composition', 'write the code itself');
  }
  if (fn === undefined && callee.type === 'Identifier' && env.scope.find(callee.name) === undefined)
    refuseUnmade(callee.name);
  return resolve(callValue(env.interpreter, fn, undefined, argumentsOf(node.arguments, env), sourceOf(callee, env)));
}

function argumentsOf(nodes: readonly (Expression | SpreadElement)[], env: Env): unknown[] {
  const args: unknown[] = [];
  for (const node of nodes) {
    if (node.type === 'SpreadElement')
      for (const item of spreadItems(env.interpreter, evaluate(node.argument, env))) args.push(item);
    else args.push(evaluate(node, env));
  }
  return args;
}

/** The global function that runs text as code: what it would see cannot be followed. */
function isEval(fn: unknown): boolean {
  return fn === Reflect.get(globalThis, 'eval');
}

/** The source text of a node, for messages. */
export function sourceOf(node: AnyNode, env: Env): string {
  const text = env.unit.text.slice(node.start - env.unit.shift, node.end - env.unit.shift);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function arrayLiteral({ elements }: ArrayExpression, env: Env): unknown {
  const [first] = elements;
  if (elements.length === 1 && first?.type === 'SpreadElement') {
    const value = evaluate(first.argument, env);
    return value instanceof View && value.iterates ? value : activeTrace().born(spreadItems(env.interpreter, value));
  }
  return activeTrace().born(
    elements.flatMap((element) => {
      if (element === null) return refuse('unsupported', 'a list has a hole', 'write undefined between the commas');
      return element.type === 'SpreadElement'
        ? spreadItems(env.interpreter, evaluate(element.argument, env))
        : [evaluate(element, env)];
    }),
  );
}
