import type { AnyNode, Statement } from 'acorn';
import { boundNames, childrenOf, varNames } from '../interp/names.ts';
import type { FunctionNode } from './parse.ts';

type Scopes = readonly ReadonlySet<string>[];

/** Names of variables around a node. */
interface Free {
  /** Read or assigned. */
  readonly used: Set<string>;
  readonly assigned: Set<string>;
}

/** The names that a function reads from around it, without globals, in the order of their first use. */
export function freeNames(node: FunctionNode): string[] {
  return [...freeIn(node).used].filter((name) => !(name in globalThis) && name !== 'undefined');
}

/** The variables around a statement that it assigns; an inner variable of the same name is another one. */
export function assignedAround(node: AnyNode): ReadonlySet<string> {
  return freeIn(node).assigned;
}

function freeIn(node: AnyNode): Free {
  const free: Free = { used: new Set(), assigned: new Set() };
  visit(node, [], free);
  return free;
}

function visit(node: AnyNode, scopes: Scopes, free: Free): void {
  const within = (names: readonly string[], parts: readonly (AnyNode | null | undefined)[]): void => {
    const inner = names.length === 0 ? scopes : [...scopes, new Set(names)];
    for (const part of parts) if (part !== null && part !== undefined) visit(part, inner, free);
  };
  const isFree = (name: string) => !scopes.some((scope) => scope.has(name));
  for (const name of assignedBy(node)) if (isFree(name)) free.assigned.add(name);
  switch (node.type) {
    case 'Identifier':
      if (isFree(node.name)) free.used.add(node.name);
      return;
    case 'MemberExpression':
      return within([], node.computed ? [node.object, node.property] : [node.object]);
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return within([], node.computed ? [node.key, node.value] : [node.value]);
    case 'LabeledStatement':
      return within([], [node.body]);
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'MetaProperty':
      return;
    case 'ArrowFunctionExpression':
    case 'FunctionExpression':
    case 'FunctionDeclaration': {
      const body = node.body.type === 'BlockStatement' ? node.body.body : [];
      const own = node.type === 'ArrowFunctionExpression' ? [] : ['arguments', ...(node.id ? [node.id.name] : [])];
      const names = [...own, ...node.params.flatMap(boundNames), ...varNames(body), ...lexicalNames(body)];
      return within(names, [...node.params, ...(node.body.type === 'BlockStatement' ? body : [node.body])]);
    }
    case 'ClassExpression':
    case 'ClassDeclaration':
      return within(node.id ? [node.id.name] : [], [node.superClass, node.body]);
    case 'BlockStatement':
    case 'StaticBlock':
      return within(lexicalNames(node.body), node.body);
    case 'SwitchStatement':
      within([], [node.discriminant]);
      return within(lexicalNames(node.cases.flatMap((each) => each.consequent)), node.cases);
    case 'ForStatement':
      return within(declaredIn(node.init), [node.init, node.test, node.update, node.body]);
    case 'ForOfStatement':
    case 'ForInStatement':
      return within(declaredIn(node.left), [node.left, node.right, node.body]);
    case 'CatchClause':
      return within(node.param ? boundNames(node.param) : [], [node.param, node.body]);
    default:
      return within([], childrenOf(node));
  }
}

/** What a node itself assigns, whatever is inside of it. */
function assignedBy(node: AnyNode): string[] {
  if (node.type === 'AssignmentExpression') return boundNames(node.left);
  if (node.type === 'UpdateExpression') return node.argument.type === 'Identifier' ? [node.argument.name] : [];
  const isLoop = node.type === 'ForOfStatement' || node.type === 'ForInStatement';
  return isLoop && node.left.type !== 'VariableDeclaration' ? boundNames(node.left) : [];
}

/** What a block declares for itself. */
function lexicalNames(body: readonly Statement[]): string[] {
  return body.flatMap((statement) => {
    if (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') return [statement.id.name];
    return declaredIn(statement);
  });
}

function declaredIn(node: AnyNode | null | undefined): string[] {
  return node?.type === 'VariableDeclaration' ? node.declarations.flatMap(({ id }) => boundNames(id)) : [];
}
