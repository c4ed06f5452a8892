import type { JsonValue } from '@typekro/kit/core';
import { allOf, method, variable } from '../ir/build.ts';
import { type Node, walk, rewrite } from '../ir/node.ts';
import type { Target } from '../public-types.ts';
import { Refusal } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { conditionNode } from './condition-node.ts';
import { ExpressionWriter } from './expression-writer.ts';

/** The parts of the graph that the conditions of one resource need. */
interface Names {
  readonly ids: ReadonlySet<string>;
  readonly records: readonly ResourceRecord[];
  readonly target: Target;
}

/**
 * Writes the conditions of `withPropagateWhen`. These conditions order writes, but are not dependencies: they may read
 * a node that is left out, and they do not split a resource into several nodes.
 */
export function propagateConditions(record: ResourceRecord, { ids, records, target }: Names): JsonValue[] {
  refuseForStock(record, target, 'PropagateWhen');
  const writer = new ExpressionWriter(new Set([...ids, 'each']), target);
  return record.propagateWhen.map((given): JsonValue => {
    const condition = conditionNode(given, 'withPropagateWhen');
    checkForms(record, condition, records);
    const node = ofAllForms(condition, records);
    checkReads(record, node);
    return `\${${writer.cel(node)}}`;
  });
}

/** Refuses a setting of a resource whose field is only proposed for kro. The method has the name of the gate. */
export function refuseForStock(record: ResourceRecord, target: Target, gate: 'ExternalFields' | 'PropagateWhen'): void {
  if (target !== 'stock') return;
  const message = `with${gate}() of ${record.id} needs the feature gate ${gate}, which stock kro does not have`;
  const remedy = "print the definition with { target: 'typekro' } for this project's controller";
  throw refusalAt(record, 'stock', message, remedy);
}

/**
 * Replaces `ready()` and `updated()` of a resource that is several nodes by the conjunction over all these nodes. An
 * excluded node counts as ready.
 */
function ofAllForms(root: Node, records: readonly ResourceRecord[]): Node {
  return rewrite(root, (node) => {
    if (node.kind !== 'method' || !isProgress(node)) return undefined;
    const [target] = node.args;
    if (target.kind !== 'var') return undefined;
    const forms = formsOf(target.variable.name, records);
    if (forms.length < 2) return undefined;
    return allOf(forms.map((form) => method(node.name, variable(form.variable, target.type), [], node.type)));
  });
}

/** The nodes that one resource has become. */
function formsOf(id: string, records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const first = records.find((each) => each.id === id);
  // All forms of a resource have the `order` of the resource.
  return records.filter(({ order }) => order === first?.order);
}

/**
 * Refuses a condition that reads a field of a resource with several nodes. The node that has the field may be left out,
 * and the condition would wait for that node forever. `ready()` and `updated()` can be read.
 */
function checkForms(record: ResourceRecord, root: Node, records: readonly ResourceRecord[]): void {
  walk(root, (part) => {
    if (isProgress(part)) return;
    for (const read of part.args)
      if (read.kind === 'var') checkForm(record, root, formsOf(read.variable.name, records));
  });
}

function checkForm(record: ResourceRecord, root: Node, forms: readonly ResourceRecord[]): void {
  const [first] = forms;
  if (first === undefined || forms.length < 2) return;
  throw refusalAt(
    record,
    'no-cel',
    `withPropagateWhen() of ${record.id} reads a field of ${first.id}, but this resource is ${forms.length} nodes of the graph (${forms.map(({ id }) => id).join(', ')})`,
    'call ready() or updated() with the resource, or read the values from which the resource is made',
    activeTrace().origins.get(root),
  );
}

/** Does the node read the progress of a resource? */
const isProgress = (node: Node): boolean =>
  node.kind === 'method' && (node.name === 'ready' || node.name === 'updated');

/**
 * Refuses reads of loop elements. In these conditions, the name of an iterator denotes an object of the collection, not
 * an element of the list.
 */
function checkReads(record: ResourceRecord, root: Node): void {
  walk(root, (part) => {
    if (part.kind !== 'var') return;
    const { role } = part.variable;
    if (role !== 'loop' && role !== 'element') return;
    throw refusalAt(
      record,
      'no-cel',
      `withPropagateWhen() of ${record.id} reads an element of its loop`,
      'read the spec or resources outside the loop, or use exponentiallyReady()',
      activeTrace().origins.get(root),
    );
  });
}

function refusalAt(
  record: ResourceRecord,
  code: ConstructorParameters<typeof Refusal>[0],
  message: string,
  remedy: string,
  site?: Refusal['site'],
): Refusal {
  const refusal = new Refusal(code, message, remedy);
  refusal.site = site ?? record.site;
  return refusal;
}
