import type { KubeObject } from '@typekro/kit/core';
import type { Expression, Graph, GraphNode } from '@typekro/engine/graph';
import { type Variables, itemVariables } from './coverage-variables.ts';
import { type ObservedExpression, observedExpression, observingEnvironment } from './decision-points.ts';

/** An item that tests can cover: a node, or one outcome of a condition or of a branching operator such as `?:`. */
export interface CoverageItem {
  /** The id of the node, or `status` for the fields of the instance's status. */
  readonly node: string;
  /**
   * The condition or the operator, such as `includeWhen schema.spec.metrics` or `?: schema.spec.replicas > 1`. Empty
   * for the node itself.
   */
  readonly what: string;
  /** The outcome of the condition or the operator; `undefined` for the node itself. */
  readonly outcome?: 'true' | 'false' | 'value' | 'none';
  readonly covered: boolean;
}

/** The parts of a definition that its tests cover. */
export interface Coverage {
  /** The nodes. A node is covered if one of its objects existed. */
  readonly nodes: readonly CoverageItem[];
  /** The conditions `includeWhen` and `readyWhen`, each with both outcomes. */
  readonly conditions: readonly CoverageItem[];
  /**
   * Both outcomes of each branching operator in all expressions. The outcome is that of the condition for `?:`, of the
   * left operand for `||` and `&&`, and of the optional for `orValue` and `or`.
   */
  readonly branches: readonly CoverageItem[];
}

/** An expression of the definition that is evaluated for coverage. */
interface Observable {
  readonly node: string;
  readonly expression: Expression;
  readonly observed: ObservedExpression | undefined;
  readonly kind: 'includeWhen' | 'readyWhen' | 'field';
}

/** Collects the coverage of a definition's tests from the state of the cluster after each step. */
export class CoverageRecorder {
  readonly #graph: Graph;
  readonly #observables: readonly Observable[];
  /** The keys of the covered items. */
  readonly #seen = new Set<string>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#observables = observablesOf(graph);
  }

  /** Records a state: the instance, and the objects of each node. */
  note(instance: KubeObject, children: ReadonlyMap<string, readonly KubeObject[]>): void {
    const variables: Record<string, unknown> = { schema: instance };
    for (const node of this.#graph.nodes.values()) {
      const objects = children.get(node.id) ?? [];
      if (objects.length > 0) this.#seen.add(`node ${node.id}`);
      const isList = node.nodeType === 'collection' || node.nodeType === 'externalCollection';
      if (isList) variables[node.id] = objects;
      else if (objects[0] !== undefined) variables[node.id] = objects[0];
    }
    const skipped = new Set<string>();
    for (const id of this.#graph.order) {
      const node = this.#graph.nodes.get(id);
      if (node !== undefined && this.#isSkipped(node, variables, skipped)) skipped.add(id);
    }
    for (const [index, observable] of this.#observables.entries()) {
      if (observable.kind !== 'includeWhen' && skipped.has(observable.node)) continue;
      const node = this.#graph.nodes.get(observable.node);
      const objects = children.get(observable.node) ?? [];
      if (observable.kind === 'readyWhen' && objects.length === 0) continue;
      for (const own of itemVariables(node, observable.kind, variables, objects)) {
        this.#evaluate(index, observable, own);
      }
    }
  }

  #isSkipped(node: GraphNode, variables: Variables, skipped: ReadonlySet<string>): boolean {
    if (node.dependsOn.some((id) => skipped.has(id))) return true;
    return node.includeWhen.some((condition) => valueOf(condition, variables) === false);
  }

  #evaluate(index: number, { kind, expression, observed }: Observable, variables: Variables): void {
    if (kind !== 'field') {
      const value = valueOf(expression, variables);
      // A `readyWhen` condition without a value, for example because data is missing, counts as false.
      const outcome = value === true ? true : kind === 'readyWhen' || value === false ? false : undefined;
      if (outcome !== undefined) this.#seen.add(`condition ${index} ${outcome}`);
    }
    observed?.observe(variables, (point, way) => this.#seen.add(`branch ${index} ${point} ${way}`));
  }

  /** The coverage so far. */
  coverage(): Coverage {
    const nodes = [...this.#graph.nodes.keys()].map((node) => ({
      node,
      what: '',
      covered: this.#seen.has(`node ${node}`),
    }));
    const conditions: CoverageItem[] = [];
    const branches: CoverageItem[] = [];
    for (const [index, { node, kind, expression, observed }] of this.#observables.entries()) {
      for (const way of [true, false]) {
        const name = way ? 'true' : 'false';
        if (kind !== 'field') {
          const covered = this.#seen.has(`condition ${index} ${way}`);
          conditions.push({ node, what: `${kind} ${expression.cel}`, outcome: name, covered });
        }
        for (const [point, { operator, text }] of (observed?.points ?? []).entries()) {
          const isOptional = operator === 'orValue' || operator === 'or';
          const covered = this.#seen.has(`branch ${index} ${point} ${way}`);
          branches.push({
            node,
            what: `${operator} ${text}`,
            outcome: isOptional ? (way ? 'value' : 'none') : name,
            covered,
          });
        }
      }
    }
    return { nodes, conditions, branches };
  }
}

/** The percentage of covered items; 100 if there are no items. */
export function coveredPercent(items: readonly CoverageItem[]): number {
  return items.length === 0 ? 100 : (100 * items.filter(({ covered }) => covered).length) / items.length;
}

function observablesOf(graph: Graph): Observable[] {
  const environment = observingEnvironment(['schema', 'each', ...graph.nodes.keys(), ...iteratorsOf(graph)]);
  const observable =
    (node: string, kind: Observable['kind']) =>
    (expression: Expression): Observable => ({
      node,
      kind,
      expression,
      observed: observedExpression(environment, expression.cel),
    });
  return [
    ...[...graph.nodes.values()].flatMap((node) => [
      ...node.includeWhen.map(observable(node.id, 'includeWhen')),
      ...node.readyWhen.map(observable(node.id, 'readyWhen')),
      ...(node.nodeType === 'collection' ? node.forEach.map(({ expression }) => expression) : []).map(
        observable(node.id, 'field'),
      ),
      ...node.template.holes.map(({ expression }) => expression).map(observable(node.id, 'field')),
    ]),
    ...graph.status.holes.map(({ expression }) => expression).map(observable('status', 'field')),
    ...(graph.status.conditions ?? []).map(observable('status', 'field')),
  ];
}

function iteratorsOf(graph: Graph): string[] {
  return [...graph.nodes.values()].flatMap((node) =>
    node.nodeType === 'collection' ? node.forEach.map(({ name }) => name) : [],
  );
}

/** The value of a condition; `undefined` if its evaluation fails. */
function valueOf(expression: Expression, variables: Variables): boolean | undefined {
  const result = expression.program.evaluate(variables);
  return result.ok && typeof result.value === 'boolean' ? result.value : undefined;
}
