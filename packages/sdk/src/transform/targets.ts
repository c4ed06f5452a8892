import { isBuiltin } from 'node:module';
import type { AnyNode, BlockStatement, Program } from 'acorn';
import { findBinding, childrenOf, isFunction } from '../javascript/index.ts';
import type { Binding, Scope, ScopeAnalysis, FunctionSyntax } from '../javascript/index.ts';

/** A function to which its source is attached. */
export interface TransformTarget {
  readonly node: FunctionSyntax;
  /** The block that contains a declaration; `undefined` for expressions. */
  readonly block: Block | undefined;
  /**
   * The name that an anonymous function at this position has in JavaScript. The name is set explicitly, because the
   * wrapped function would have no name.
   */
  readonly name: string | undefined;
}

/** A node that contains statements. */
export type Block = Program | BlockStatement;

interface Place {
  /** The number of functions that enclose this node. */
  readonly depth: number;
  readonly block: Block | undefined;
  /** Is the node inside a function that is passed to the SDK? The tracer reads this function as a whole. */
  readonly isTraced: boolean;
}

/**
 * Selects these functions of a module:
 * - functions that are passed to the SDK, anywhere;
 * - functions that are passed to a function which the module declares or imports, because this function may pass them on
 *   to the SDK. Such calls count at module level and, in modules that import the SDK, also inside functions that are not
 *   themselves passed to the SDK;
 * - functions at module level, which compositions of other modules may call;
 * - functions that one of the selected functions captures.
 *
 * Code that runs often does not change: callbacks of methods (`list.map(…)`), of globals and of Node's modules
 * (`node:…`). In modules that do not import the SDK, no code inside functions changes.
 */
export function findTargets(
  program: Program,
  analysis: ScopeAnalysis,
  isSdk: (module: string) => boolean,
  importsSdk: boolean,
): TransformTarget[] {
  const finder = new TargetFinder(analysis, isSdk, importsSdk);
  finder.visit(program, { depth: 0, block: program, isTraced: false });
  return finder.targets();
}

class TargetFinder {
  private readonly analysis: ScopeAnalysis;
  private readonly isSdk: (module: string) => boolean;
  private readonly importsSdk: boolean;
  private readonly found = new Map<FunctionSyntax, string | undefined>();
  private readonly blocks = new Map<AnyNode, Block>();
  private readonly followed = new Set<Binding>();

  constructor(analysis: ScopeAnalysis, isSdk: (module: string) => boolean, importsSdk: boolean) {
    this.analysis = analysis;
    this.isSdk = isSdk;
    this.importsSdk = importsSdk;
  }

  visit(node: AnyNode, place: Place): void {
    switch (node.type) {
      case 'FunctionDeclaration':
        if (place.block !== undefined) this.blocks.set(node, place.block);
        if (place.depth === 0) this.addValue(node, undefined);
        break;
      case 'VariableDeclaration':
        if (place.depth === 0)
          for (const { id, init } of node.declarations)
            this.addValue(init, id.type === 'Identifier' ? id.name : undefined);
        break;
      case 'AssignmentExpression':
        if (place.depth === 0) this.addValue(node.right, node.left.type === 'Identifier' ? node.left.name : undefined);
        break;
      case 'ExportDefaultDeclaration':
        this.addValue(node.declaration, 'default');
        break;
      case 'CallExpression':
      case 'NewExpression':
        return this.visitCall(node, place);
      default:
    }
    const isInner = isFunction(node) || isInstanceCode(node);
    // In modules that do not import the SDK (most modules), functions inside functions are skipped.
    if (isInner && !this.importsSdk) return;
    const block = statementsOf(node, place.block);
    const depth = isInner ? place.depth + 1 : place.depth;
    const isSame = block === place.block && depth === place.depth;
    const inner = isSame ? place : { ...place, block, depth };
    for (const child of childrenOf(node)) this.visit(child, inner);
  }

  /** The selected functions, including the functions that they capture. */
  targets(): TransformTarget[] {
    // The loop also visits the entries that it adds to the map.
    for (const node of this.found.keys()) {
      for (const binding of this.analysis.capturesOf(node).bindings) this.follow(binding, false);
    }
    const targets: TransformTarget[] = [];
    for (const [node, name] of this.found) {
      const block = this.blocks.get(node);
      if (node.type === 'FunctionDeclaration' && (block === undefined || isReplaced(node, block))) continue;
      targets.push({ node, block, name: node.id ? undefined : name });
    }
    return targets;
  }

  private visitCall(node: AnyNode & { type: 'CallExpression' | 'NewExpression' }, place: Place): void {
    const scope = this.analysis.scopeOf(node);
    const callee = findBinding(scope, rootName(node.callee));
    const isSdkCall = callee?.from !== undefined && this.isSdk(callee.from);
    const isOwnCall =
      callee !== undefined &&
      !(callee.from !== undefined && isBuiltin(callee.from)) &&
      (node.callee.type === 'Identifier' || callee.from !== undefined) &&
      (place.depth === 0 || (this.importsSdk && !place.isTraced));
    if (isSdkCall || isOwnCall) for (const argument of node.arguments) this.addValue(argument, undefined, scope);
    const inner = { ...place, block: undefined };
    this.visit(node.callee, inner);
    for (const argument of node.arguments) this.visit(argument, { ...inner, isTraced: place.isTraced || isSdkCall });
  }

  private follow(binding: Binding | undefined, isPassed: boolean): void {
    if (binding?.init === undefined || this.followed.has(binding)) return;
    this.followed.add(binding);
    this.addValue(binding.init, binding.name, isPassed ? binding.scope : undefined);
  }

  /**
   * Adds the functions of an expression. `passedIn` is the scope of the call to which the expression is passed. If it
   * is given, the functions to which variables refer are also added. Async and generator functions are then included,
   * so that the tracer can refuse them.
   */
  private addValue(value: AnyNode | null | undefined, name: string | undefined, passedIn?: Scope): void {
    if (!value) return;
    if (isFunction(value)) {
      if ((value.async || value.generator) && passedIn === undefined) return;
      if (!this.found.has(value)) this.found.set(value, name);
      return;
    }
    switch (value.type) {
      case 'Identifier':
        if (passedIn !== undefined) this.follow(findBinding(passedIn, value.name), true);
        return;
      case 'ObjectExpression':
        for (const property of value.properties) {
          if (property.type === 'SpreadElement' || property.method || property.kind !== 'init') continue;
          if (!property.computed) this.addValue(property.value, keyName(property.key), passedIn);
        }
        return;
      case 'ArrayExpression':
        for (const element of value.elements) this.addValue(element, undefined, passedIn);
        return;
      case 'ConditionalExpression':
        this.addValue(value.consequent, undefined, passedIn);
        this.addValue(value.alternate, undefined, passedIn);
        return;
      case 'LogicalExpression':
        this.addValue(value.left, undefined, passedIn);
        this.addValue(value.right, undefined, passedIn);
        return;
      default:
    }
  }
}

/** Does a later declaration in the block have the same name? In a script, the last declaration counts. */
function isReplaced({ id, start }: FunctionSyntax, block: Block): boolean {
  const statements: readonly AnyNode[] = block.body;
  return statements.some(
    (other) => other.type === 'FunctionDeclaration' && other.start > start && id?.name === other.id?.name,
  );
}

/** The name with which a callee begins; empty if it does not begin with a name. */
function rootName(callee: AnyNode): string {
  let at = callee;
  while (at.type === 'MemberExpression' || at.type === 'ChainExpression')
    at = at.type === 'MemberExpression' ? at.object : at.expression;
  return at.type === 'Identifier' ? at.name : '';
}

/** The block that contains the statements below a node. */
function statementsOf(node: AnyNode, around: Block | undefined): Block | undefined {
  if (node.type === 'Program' || node.type === 'BlockStatement') return node;
  const keeps = node.type === 'ExportNamedDeclaration' || node.type === 'ExportDefaultDeclaration';
  return keeps ? around : undefined;
}

/** Is the node a part of a class that runs once for each instance, such as the value of a non-static field? */
const isInstanceCode = (node: AnyNode): boolean => node.type === 'PropertyDefinition' && !node.static;

function keyName(key: AnyNode): string | undefined {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' ? String(key.value) : undefined;
}
