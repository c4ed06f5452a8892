import type { AnyNode, Expression } from 'acorn';
import type { Site } from '../refusal/refusal.ts';
import type { Closure } from '../value/closure.ts';
import { siteOf } from './env.ts';
import { visitNodes } from '../../javascript/index.ts';

/** A step into any element of a list. */
export const ELEMENT = '[]';

/** A written field: the place of its name, and the value. */
interface Written {
  readonly place: AnyNode;
  readonly value: AnyNode;
}

/**
 * The place where a function writes a field of its result. The place may be in a returned object, on either side of a
 * condition, in a spread literal, or in a local variable or function. `undefined` for a field that comes from
 * elsewhere.
 */
export function fieldSite({ node, unit }: Closure, path: readonly string[]): Site | undefined {
  const finder = new FieldFinder(node);
  let values = resultsOf(node);
  let place: AnyNode | undefined;
  for (const step of path) {
    const found = values.flatMap((value) => finder.find(value, step));
    if (found.length === 0) return undefined;
    place = found[0]?.place;
    values = found.map(({ value }) => value);
  }
  return place === undefined ? undefined : siteOf(unit, place);
}

type AnyFunction = Extract<AnyNode, { type: 'ArrowFunctionExpression' | 'FunctionExpression' | 'FunctionDeclaration' }>;

const isFunction = (node: AnyNode): node is AnyFunction =>
  node.type === 'ArrowFunctionExpression' || node.type === 'FunctionExpression' || node.type === 'FunctionDeclaration';

/** The expressions that a function may return. */
function resultsOf({ body }: AnyFunction): AnyNode[] {
  if (body.type !== 'BlockStatement') return [body];
  const results: Expression[] = [];
  const visit = (node: AnyNode) => {
    if (node.type === 'ReturnStatement' && node.argument) results.push(node.argument);
  };
  visitNodes(body, visit, false);
  return results;
}

/** Finds the fields of expressions inside one function. */
class FieldFinder {
  readonly #root: AnyFunction;
  /** The names that are being followed. They are not followed again, because a variable may refer to itself. */
  readonly #open = new Set<string>();

  constructor(root: AnyFunction) {
    this.#root = root;
  }

  find(node: AnyNode, step: string): Written[] {
    switch (node.type) {
      case 'ConditionalExpression':
        return [...this.find(node.consequent, step), ...this.find(node.alternate, step)];
      case 'LogicalExpression':
        return [...this.find(node.left, step), ...this.find(node.right, step)];
      case 'ObjectExpression':
        return node.properties.flatMap((property) => {
          if (property.type === 'SpreadElement') return this.find(property.argument, step);
          return nameOf(property.key, property.computed) === step
            ? [{ place: property.key, value: property.value }]
            : [];
        });
      case 'ArrayExpression':
        return step === ELEMENT ? node.elements.flatMap((element) => this.#element(element)) : [];
      case 'Identifier':
        return this.#variable(node.name, step);
      case 'CallExpression':
        return this.#call(node, step);
      default:
        return [];
    }
  }

  #element(element: AnyNode | null): Written[] {
    if (element === null) return [];
    return element.type === 'SpreadElement'
      ? this.find(element.argument, ELEMENT)
      : [{ place: element, value: element }];
  }

  /**
   * The fields in the result of a call. The called function is declared in the same function, or it is `Object.assign`,
   * `map` or a similar function.
   */
  #call({ callee, arguments: args }: Extract<AnyNode, { type: 'CallExpression' }>, step: string): Written[] {
    if (callee.type === 'Identifier') {
      return this.#following(callee.name, () =>
        this.#valuesOf(callee.name)
          .filter(isFunction)
          .flatMap(resultsOf)
          .flatMap((result) => this.find(result, step)),
      );
    }
    if (callee.type !== 'MemberExpression') return [];
    const owner = callee.object;
    if (owner.type === 'Identifier' && owner.name === 'Object') return args.flatMap((each) => this.find(each, step));
    if (step !== ELEMENT) return [];
    const given: readonly AnyNode[] = args;
    const made = given.filter(isFunction).flatMap(resultsOf);
    return [...made.map((value) => ({ place: value, value })), ...this.find(owner, step)];
  }

  #variable(name: string, step: string): Written[] {
    return this.#following(name, () => [
      ...this.#valuesOf(name).flatMap((value) => this.find(value, step)),
      ...this.#changesOf(name, step),
    ]);
  }

  #following(name: string, work: () => Written[]): Written[] {
    if (this.#open.has(name)) return [];
    this.#open.add(name);
    try {
      return work();
    } finally {
      this.#open.delete(name);
    }
  }

  /** The expressions whose value a name can have. */
  #valuesOf(name: string): AnyNode[] {
    const values: AnyNode[] = [];
    const isName = (node: AnyNode | null): boolean => node?.type === 'Identifier' && node.name === name;
    const visit = (node: AnyNode) => {
      if (node.type === 'VariableDeclarator' && isName(node.id) && node.init) values.push(node.init);
      else if (node.type === 'AssignmentExpression' && isName(node.left)) values.push(node.right);
      else if (node.type === 'FunctionDeclaration' && isName(node.id)) values.push(node);
    };
    visitNodes(this.#root.body, visit, true);
    return values;
  }

  /** `name.step = value`, `name.push(value)`. */
  #changesOf(name: string, step: string): Written[] {
    const changes: Written[] = [];
    const member = (node: AnyNode): AnyNode | undefined => {
      if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier' || node.object.name !== name)
        return undefined;
      return nameOf(node.property, node.computed) === (step === ELEMENT ? 'push' : step) ? node.property : undefined;
    };
    const visit = (node: AnyNode) => {
      if (step === ELEMENT && node.type === 'CallExpression' && member(node.callee) !== undefined) {
        changes.push(...node.arguments.flatMap((value) => this.#element(value)));
      } else if (step !== ELEMENT && node.type === 'AssignmentExpression') {
        const place = member(node.left);
        if (place !== undefined) changes.push({ place, value: node.right });
      }
    };
    visitNodes(this.#root.body, visit, true);
    return changes;
  }
}

/** The name of a member; undefined when it is not constant. */
function nameOf(key: AnyNode, computed: boolean): string | undefined {
  if (key.type === 'Identifier' && !computed) return key.name;
  return key.type === 'Literal' ? String(key.value) : undefined;
}
