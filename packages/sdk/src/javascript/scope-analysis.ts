import type { AnyNode } from 'acorn';
import { type FunctionSyntax, assignedBy, boundNames, childrenOf, isFunction } from './syntax.ts';

/**
 * Is the name a global of this host? Members that the global object inherits from `Object.prototype`, such as
 * `toString`, do not count: a function that uses such a name means a variable of its own module.
 */
const isGlobal = (name: string): boolean => name in globalThis && !(name in Object.prototype);

/** A declared name. */
export interface Binding {
  readonly name: string;
  readonly scope: Scope;
  /** The function declaration, or the initial value of the variable. */
  readonly init: AnyNode | undefined;
  /** The module from which the name is imported or required. */
  readonly from: string | undefined;
}

/** A part of the code with its own declared names. Private names (`#x`) are in the scope of their class. */
export interface Scope {
  readonly parent: Scope | undefined;
  /** The innermost enclosing function; `undefined` at module level. */
  readonly owner: FunctionSyntax | undefined;
  readonly isVarScope: boolean;
  readonly names: Map<string, Binding>;
}

/** The variables that a function captures from the enclosing code. */
export interface Captures {
  /** Bindings of enclosing scopes that the function, or a function inside it, reads or writes. */
  readonly bindings: ReadonlySet<Binding>;
  /** Does the function use `this` of the enclosing code? */
  readonly usesThis: boolean;
}

/** The meaning of the names in a program, or in a part of a program. */
export interface ScopeAnalysis {
  /** Names that the code reads or assigns without declaring them, in the order of their first use. */
  readonly free: ReadonlySet<string>;
  /** The names of `free` that are assigned: `x = 1`, `x++`, `[x] = list`, `for (x of list)`. */
  readonly assigned: ReadonlySet<string>;
  readonly capturesOf: (node: FunctionSyntax) => Captures;
  /** The scope that contains a function, a call or a `new` expression; undefined for other nodes. */
  readonly scopeOf: (node: AnyNode) => Scope | undefined;
  /**
   * The names of all variables, functions, classes and imports that the program declares or uses, and the private names
   * (`#x`) that it uses. Names of other properties and of labels are not included.
   */
  readonly identifiers: ReadonlySet<string>;
  /**
   * The modules of `import` declarations and of calls `require('module')`. Dynamic imports and re-exports are not
   * included.
   */
  readonly modules: readonly string[];
}

/** The binding that a name refers to in a scope; `undefined` for globals. */
export function findBinding(scope: Scope | undefined, name: string): Binding | undefined {
  for (let at = scope; at !== undefined; at = at.parent) {
    const found = at.names.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Position {
  readonly scope: Scope;
  /** The enclosing arrow functions that share `this` with this node. */
  readonly arrows: readonly FunctionSyntax[];
}

interface Reference {
  readonly name: string;
  readonly scope: Scope;
}

/**
 * Analyses a program, a statement or an expression. The analysis takes two passes, because a name may be declared after
 * its use. If the root is a single statement, its `var` declarations belong to the enclosing function, so their names
 * count as free. Only a program with the source type `script` counts as sloppy code. In all other code, which counts as
 * strict, a function declared in a block is visible only in this block.
 */
export function analyseScopes(root: AnyNode): ScopeAnalysis {
  const analysis = new Analysis(root.type === 'Program' && root.sourceType === 'script');
  analysis.root(root);
  return analysis.result();
}

class Analysis {
  private readonly sloppy: boolean;
  private readonly references: Reference[] = [];
  private readonly assignments: Reference[] = [];
  /**
   * The scope of the enclosing function when the root is only a part of a program. Declarations in this scope are not
   * declarations of the part.
   */
  private around: Scope | undefined;
  private readonly scopes = new Map<AnyNode, Scope>();
  private readonly thisUsers = new Set<AnyNode>();
  private readonly identifiers = new Set<string>();
  private readonly modules: string[] = [];

  constructor(sloppy: boolean) {
    this.sloppy = sloppy;
  }

  root(node: AnyNode): void {
    const at = { scope: newScope(undefined, undefined, true), arrows: [] };
    if (node.type === 'Program') return this.statements(node.body, at);
    this.around = at.scope;
    this.visit(node, at);
  }

  result(): ScopeAnalysis {
    const captured = new Map<AnyNode, Set<Binding>>();
    for (const { name, scope } of this.references) {
      const binding = findBinding(scope, name);
      if (binding === undefined) continue;
      for (let at: Scope | undefined = scope; at !== undefined && at !== binding.scope; at = at.parent) {
        if (at.owner === undefined || at.owner === at.parent?.owner || at.owner === binding.scope.owner) continue;
        const known = captured.get(at.owner);
        if (known === undefined) captured.set(at.owner, new Set([binding]));
        else known.add(binding);
      }
    }
    return {
      free: this.freeNames(this.references),
      assigned: this.freeNames(this.assignments),
      capturesOf: (node) => ({ bindings: captured.get(node) ?? new Set(), usesThis: this.thisUsers.has(node) }),
      scopeOf: (node) => this.scopes.get(node),
      identifiers: this.identifiers,
      modules: this.modules,
    };
  }

  private freeNames(references: readonly Reference[]): ReadonlySet<string> {
    const isFree = ({ name, scope }: Reference): boolean => {
      const binding = findBinding(scope, name);
      return binding === undefined || binding.scope === this.around;
    };
    return new Set(references.filter(isFree).map(({ name }) => name));
  }

  /** Visits the statements of a block. The lexical names and functions of the block are in scope from its beginning. */
  private statements(body: readonly AnyNode[], at: Position): void {
    for (const statement of body) this.declareLexical(statement, at.scope);
    for (const statement of body) this.visit(statement, at);
  }

  private declareLexical(statement: AnyNode, scope: Scope): void {
    switch (statement.type) {
      case 'VariableDeclaration':
        if (statement.kind !== 'var') declareVariables(statement, scope);
        return;
      case 'FunctionDeclaration':
        if (!statement.id) return;
        declare(scope, statement.id.name, statement);
        // In sloppy code, a function that is declared in a block is also a variable of the enclosing function.
        if (this.sloppy && !scope.isVarScope) {
          const outer = varScope(scope);
          if (!outer.names.has(statement.id.name)) declare(outer, statement.id.name, statement);
        }
        return;
      case 'ClassDeclaration':
        if (statement.id) declare(scope, statement.id.name);
        return;
      case 'ImportDeclaration':
        for (const { local } of statement.specifiers)
          declare(scope, local.name, undefined, String(statement.source.value));
        return;
      case 'ExportNamedDeclaration':
      case 'ExportDefaultDeclaration':
        if (statement.declaration) this.declareLexical(statement.declaration, scope);
        return;
      case 'LabeledStatement':
        return this.declareLexical(statement.body, scope);
      default:
    }
  }

  private visit(node: AnyNode, at: Position): void {
    for (const name of assignedBy(node)) this.assignments.push({ name, scope: at.scope });
    if (isFunction(node)) return this.visitFunction(node, at);
    switch (node.type) {
      case 'Identifier':
      case 'PrivateIdentifier': {
        const name = node.type === 'Identifier' ? node.name : `#${node.name}`;
        this.identifiers.add(name);
        this.references.push({ name, scope: at.scope });
        return;
      }
      case 'ThisExpression':
      case 'Super':
        for (const arrow of at.arrows) this.thisUsers.add(arrow);
        return;
      case 'MemberExpression':
        this.visit(node.object, at);
        if (node.computed || node.property.type === 'PrivateIdentifier') this.visit(node.property, at);
        return;
      case 'Property':
        if (node.computed) this.visit(node.key, at);
        this.visit(node.value, at);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.visitClass(node, at);
      case 'VariableDeclaration':
        if (node.kind === 'var') declareVariables(node, varScope(at.scope));
        break;
      case 'CallExpression':
      case 'NewExpression': {
        this.scopes.set(node, at.scope);
        const module = required(node);
        if (module !== undefined) this.modules.push(module);
        break;
      }
      case 'BlockStatement':
        return this.statements(node.body, { ...at, scope: newScope(at.scope, at.scope.owner) });
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement': {
        const scope = newScope(at.scope, at.scope.owner);
        const head = node.type === 'ForStatement' ? node.init : node.left;
        if (head) this.declareLexical(head, scope);
        return this.visitChildren(node, { ...at, scope });
      }
      case 'SwitchStatement': {
        this.visit(node.discriminant, at);
        const scope = newScope(at.scope, at.scope.owner);
        for (const { consequent } of node.cases) for (const inner of consequent) this.declareLexical(inner, scope);
        for (const inner of node.cases) this.visitChildren(inner, { ...at, scope });
        return;
      }
      case 'CatchClause': {
        const scope = newScope(at.scope, at.scope.owner);
        if (node.param) {
          for (const name of boundNames(node.param)) declare(scope, name);
          this.visit(node.param, { ...at, scope });
        }
        return this.visit(node.body, { ...at, scope });
      }
      // The names in these nodes are not references: labels, exported names, `new.target`.
      case 'LabeledStatement':
        return this.visit(node.body, at);
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return;
      case 'ImportDeclaration':
        for (const { local } of node.specifiers) this.identifiers.add(local.name);
        this.modules.push(String(node.source.value));
        return;
      case 'ExportAllDeclaration':
        return;
      case 'ExportNamedDeclaration':
        // The names in `export { x } from 'm'` belong to the module `m`.
        if (node.source) return;
        for (const { local } of node.specifiers) this.visit(local, at);
        if (node.declaration) this.visit(node.declaration, at);
        return;
      default:
    }
    this.visitChildren(node, at);
  }

  private visitChildren(node: AnyNode, at: Position): void {
    for (const child of childrenOf(node)) this.visit(child, at);
  }

  /**
   * Visits a function. It has three nested scopes: for the name of a function expression, for the parameters, and for
   * the body.
   */
  private visitFunction(node: FunctionSyntax, at: Position): void {
    this.scopes.set(node, at.scope);
    const isArrow = node.type === 'ArrowFunctionExpression';
    const arrows = isArrow ? [...at.arrows, node] : [];
    if (node.id) this.identifiers.add(node.id.name);
    const self = newScope(at.scope, node, true);
    if (node.type === 'FunctionExpression' && node.id) declare(self, node.id.name);
    const params = newScope(self, node, true);
    if (!isArrow) declare(params, 'arguments');
    for (const param of node.params) {
      for (const name of boundNames(param)) declare(params, name);
    }
    for (const param of node.params) this.visit(param, { scope: params, arrows });
    const inner = { scope: newScope(params, node, true), arrows };
    if (node.body.type === 'BlockStatement') this.statements(node.body.body, inner);
    else this.visit(node.body, inner);
  }

  /**
   * Visits a class. In fields, static blocks and methods, `this` belongs to the class. In keys and `extends`, `this`
   * belongs to the enclosing code.
   */
  private visitClass(node: AnyNode & { type: 'ClassDeclaration' | 'ClassExpression' }, at: Position): void {
    const scope = newScope(at.scope, at.scope.owner);
    if (node.id) {
      this.identifiers.add(node.id.name);
      if (node.type === 'ClassExpression') declare(scope, node.id.name);
    }
    if (node.superClass) this.visit(node.superClass, { ...at, scope });
    for (const member of node.body.body) {
      if (member.type !== 'StaticBlock' && member.key.type === 'PrivateIdentifier')
        declare(scope, `#${member.key.name}`);
    }
    for (const member of node.body.body) {
      const own = newScope(scope, scope.owner, true);
      if (member.type === 'StaticBlock') {
        this.statements(member.body, { scope: own, arrows: [] });
        continue;
      }
      if (member.computed) this.visit(member.key, { ...at, scope });
      if (member.value) this.visit(member.value, { scope: own, arrows: [] });
    }
  }
}

function newScope(parent: Scope | undefined, owner: FunctionSyntax | undefined, isVarScope = false): Scope {
  return { parent, owner, isVarScope, names: new Map() };
}

function varScope(scope: Scope): Scope {
  let at = scope;
  while (!at.isVarScope && at.parent !== undefined) at = at.parent;
  return at;
}

function declare(scope: Scope, name: string, init?: AnyNode, from?: string): void {
  scope.names.set(name, { name, scope, init, from });
}

function declareVariables(node: AnyNode & { type: 'VariableDeclaration' }, scope: Scope): void {
  for (const { id, init } of node.declarations) {
    const value = id.type === 'Identifier' && init ? init : undefined;
    const from = init === null || init === undefined ? undefined : required(init);
    for (const name of boundNames(id)) {
      // `var x;` after `function x() {}` declares nothing new.
      if (node.kind !== 'var' || init || !scope.names.has(name)) declare(scope, name, value, from);
    }
  }
}

/** The module name in `require('module')` or `require('module').member`. */
function required(node: AnyNode): string | undefined {
  if (node.type === 'MemberExpression') return required(node.object);
  if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require')
    return undefined;
  const [argument] = node.arguments;
  return argument?.type === 'Literal' && typeof argument.value === 'string' ? argument.value : undefined;
}

/**
 * The free variables of a function: names that it uses without declaring them. Globals are left out. The names are in
 * the order of their first use.
 */
export function freeNames(node: FunctionSyntax): string[] {
  return [...analyseScopes(node).free].filter((name) => !name.startsWith('#') && !isGlobal(name));
}

/**
 * The outer variables that a piece of code assigns. Variables that the piece itself declares do not count. If the piece
 * is a statement, its `var` variables do count, because they belong to the enclosing function.
 */
export function assignedAround(node: AnyNode): ReadonlySet<string> {
  return analyseScopes(node).assigned;
}
