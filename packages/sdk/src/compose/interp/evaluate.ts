import type {
  ArrayExpression,
  AssignmentExpression,
  BinaryExpression,
  ConditionalExpression,
  Expression,
  Identifier,
  Literal,
  LogicalExpression,
  ObjectExpression,
  UnaryExpression,
  UpdateExpression,
} from 'acorn';
import { nativeOperator } from './native-operator.ts';
import { warnUndefinedOperand } from './undefined-text.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { hasKey } from '../library/has-key.ts';
import { memberKeyOf } from '../library/key.ts';
import { mergeKey, mergeSpread } from '../library/objects.ts';
import { spreadItems } from '../library/spread.ts';
import { View } from '../library/view.ts';
import { phi, resolveMerged } from '../value/merge.ts';
import { arithmetic, equals, plus, relate, unary } from '../value/ops.ts';
import { toNumber } from '../library/builtins.ts';
import { noteWritten, symbolic } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { typeofValue } from '../library/typeof-value.ts';
import { assignTo, evaluateDelete } from './assign.ts';
import { choose, testOf } from './branches.ts';
import { logicalOperation } from './logical-operators.ts';
import { callExpression, argumentsOf, sourceTextOf } from './call-expression.ts';
import { evaluateMember } from './evaluate-member.ts';
import { evaluateChain, endChain } from './optional-chain.ts';
import { construct } from './call-value.ts';
import { type Env, inEnv, readName, siteOf } from './env.ts';
import { evaluateNamed, makeFunction, nameOfTarget } from './functions.ts';
import { taggedTemplate, template } from './templates.ts';

/** Evaluates an expression. */
export function evaluate(node: Expression, env: Env): unknown {
  switch (node.type) {
    case 'Literal':
      if (typeof node.value === 'string' && node.value.includes('${')) warnQuotedTemplate(node, node.value, env);
      return node.regex ? new RegExp(node.regex.pattern, node.regex.flags) : node.value;
    case 'Identifier':
      return noted(resolveMerged(inEnv(env.unit, node, readIdentifier, env)), node, env);
    case 'ParenthesizedExpression':
      return evaluate(node.expression, env);
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
      return makeFunction(node, env);
    default:
      return noted(inEnv(env.unit, node, evaluateNode, env), node, env);
  }
}

/** Records the place of a symbolic value. No message shows the place of a known value, and most values are known. */
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
      return resolveMerged(evaluateMember(node, env));
    case 'CallExpression':
      return callExpression(node, env);
    case 'NewExpression':
      return construct(evaluate(node.callee, env), argumentsOf(node.arguments, env));
    case 'ChainExpression':
      return endChain(evaluateChain(node.expression, env));
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
        'await promises before the composition, and pass the results to it',
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
        `${sourceTextOf(node, env)} has no value while the graph is built`,
        'read it outside the composition, into a constant',
      );
    default:
      return refuse('unsupported', `${node.type} cannot be traced`);
  }
}

function conditional(node: ConditionalExpression, env: Env): unknown {
  const { consequent, alternate } = node;
  const test = testOf(node.test, env);
  // Constants have no effects, so both sides can be evaluated without separate branches.
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
  const object: Record<string, unknown> = activeTrace().track({});
  for (const property of node.properties) {
    if (property.type === 'SpreadElement') {
      mergeSpread(object, evaluate(property.argument, env));
      continue;
    }
    const key = property.computed
      ? memberKeyOf(evaluate(property.key, env))
      : property.key.type === 'Identifier'
        ? property.key.name
        : memberKeyOf((property.key as { value: unknown }).value);
    if (property.kind !== 'init')
      refuse('unsupported', 'a getter or setter inside a composition', 'compute the value instead');
    if (key === '__proto__' && !property.computed && !property.shorthand)
      refuse('unsupported', 'a prototype is set', 'copy the members: { ...base, … }');
    const value = evaluateNamed(property.value, key, env);
    mergeKey(object, key, value);
    if (env.unit.siblings?.node === node && typeof key === 'string') {
      env.unit.siblings.values.set(key, value);
      const inner = symbolic(value);
      // The key becomes the id of the resource. The label is set here, so that messages about later entries use the
      // key.
      if (inner instanceof Sym && inner.resource?.explicitId === false) inner.resource.label ??= key;
    }
  }
  return object;
}

function unaryExpression(node: UnaryExpression, env: Env): unknown {
  if (node.operator === 'typeof') return typeOf(node, env);
  if (node.operator === 'delete') return evaluateDelete(node.argument, env);
  const twice = node.operator === '~' && node.argument.type === 'UnaryExpression' && node.argument.operator === '~';
  // `~~x` is `x | 0`.
  if (twice) return binaryOperation('|', evaluate((node.argument as UnaryExpression).argument, env), 0);
  const value = evaluate(node.argument, env);
  return node.operator === '+' ? toNumber(value) : node.operator === 'void' ? undefined : unary(node.operator, value);
}

function isDeclared(env: Env, name: string): boolean {
  return env.scope.find(name) !== undefined || env.unit.lookup(name) !== undefined || name in globalThis;
}

/** Evaluates `typeof x`. `compared` is the constant with which an equality compares the result, if any. */
function typeOf({ argument }: UnaryExpression, env: Env, compared?: string): unknown {
  if (argument.type === 'Identifier' && !isDeclared(env, argument.name)) return 'undefined';
  return typeofValue(evaluate(argument, env), compared);
}

const EQUALITIES: ReadonlySet<string> = new Set(['==', '!=', '===', '!==']);

/** Evaluates one side of an equality. `other` is the other side. */
function comparedSide(node: Expression, other: Expression, env: Env): unknown {
  const compared = other.type === 'Literal' && typeof other.value === 'string' ? other.value : undefined;
  const isTypeof = node.type === 'UnaryExpression' && node.operator === 'typeof';
  return isTypeof ? typeOf(node, env, compared) : evaluate(node, env);
}

function binary(node: BinaryExpression, env: Env): unknown {
  if (node.left.type === 'PrivateIdentifier') return refuse('unsupported', 'a private name cannot be traced');
  const isEquality = EQUALITIES.has(node.operator);
  const left = isEquality ? comparedSide(node.left, node.right, env) : evaluate(node.left, env);
  const right = isEquality ? comparedSide(node.right, node.left, env) : evaluate(node.right, env);
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
  if (operator === '=' && left.type === 'MemberExpression') {
    const target = assignTo(left, env);
    const value = evaluate(node.right, env);
    target.write(value);
    return value;
  }
  if (operator === '=') {
    const value = evaluateNamed(node.right, nameOfTarget(left), env);
    env.interpreter.bindPattern(left, value, env, 'assign');
    return value;
  }
  const target = assignTo(left, env);
  if (operator === '&&=' || operator === '||=' || operator === '??=') {
    const value = logicalOperation(operator.slice(0, -1), target.read(), () =>
      evaluateNamed(node.right, nameOfTarget(left), env),
    );
    target.write(value);
    return value;
  }
  const value = binaryOperation(operator.slice(0, -1), target.read(), evaluate(node.right, env));
  target.write(value);
  return value;
}

function update(node: UpdateExpression, env: Env): unknown {
  const target = assignTo(node.argument, env);
  const before = numeric(target.read());
  const one = typeof before === 'bigint' ? 1n : 1;
  const after = arithmetic('-', before, node.operator === '++' ? -one : one);
  const next = node.operator === '++' && symbolic(before) !== undefined ? plus(before, 1) : after;
  target.write(next);
  return node.prefix ? next : before;
}

/** The number that `++` and `--` change, and that their postfix forms return. */
function numeric(value: unknown): unknown {
  const isKnownOther = symbolic(value) === undefined && typeof value !== 'number' && typeof value !== 'bigint';
  return isKnownOther ? arithmetic('-', value, 0) : value;
}

function arrayLiteral({ elements }: ArrayExpression, env: Env): unknown {
  const [first] = elements;
  if (elements.length === 1 && first?.type === 'SpreadElement') {
    const value = evaluate(first.argument, env);
    return value instanceof View && value.iterates ? value : activeTrace().track(spreadItems(value));
  }
  return activeTrace().track(
    elements.flatMap((element) => {
      if (element === null) return refuse('unsupported', 'a list has a hole', 'write undefined between the commas');
      return element.type === 'SpreadElement' ? spreadItems(evaluate(element.argument, env)) : [evaluate(element, env)];
    }),
  );
}

const PLACEHOLDER = /\$\{\s*([A-Za-z_$][\w$]*)\s*[.?[}]/g;

/**
 * Warns about a string in quotes that the author may have meant as a template: `"${spec.name}-x"`. A placeholder whose
 * name is not declared, such as `${HOME}` in a shell script, causes no warning.
 */
function warnQuotedTemplate(node: Literal, text: string, env: Env): void {
  for (const [, name = ''] of text.matchAll(PLACEHOLDER)) {
    if (env.scope.find(name) === undefined && env.unit.lookup(name) === undefined) continue;
    const message = `this string is in quotes, so its \${${name}…} is printed literally`;
    activeTrace().warn('quoted-template', message, 'write the string in backticks: `…`', siteOf(env.unit, node));
    return;
  }
}
