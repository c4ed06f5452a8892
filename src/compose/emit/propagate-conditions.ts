import type { JsonValue } from '../../core/index.ts';
import { allOf, method, variable } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { walk } from '../ir/node.ts';
import { rewrite } from '../ir/substitute.ts';
import type { Target } from '../public-types.ts';
import { Refusal } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { conditionNode } from './conditions.ts';
import { ExpressionWriter } from './expression.ts';

/** The parts of the graph that the conditions of one resource need. */
interface Names {
  readonly ids: ReadonlySet<string>;
  readonly records: readonly ResourceRecord[];
  readonly target: Target;
}

/**
 * Writes the conditions of `withPropagateWhen`. They are no part of the forms of a resource: they give an order and no
 * dependency, so that a node which they read may be left out.
 */
export function propagateConditions(record: ResourceRecord, { ids, records, target }: Names): JsonValue[] {
  if (target === 'stock') {
    throw refusalAt(
      record,
      'stock',
      `withPropagateWhen() of ${record.id} needs the feature gate PropagateWhen, which stock kro does not have`,
      "print the definition with { target: 'typekro' } for this project's controller",
    );
  }
  const writer = new ExpressionWriter(new Set([...ids, 'each']), target);
  return record.propagateWhen.map((given): JsonValue => {
    const node = ofAllForms(conditionNode(given, 'withPropagateWhen'), records);
    checkReads(record, node);
    return `\${${writer.cel(node)}}`;
  });
}

/** A resource that is several nodes is ready when each of them is, because an excluded node counts as ready. */
function ofAllForms(root: Node, records: readonly ResourceRecord[]): Node {
  return rewrite(root, (node) => {
    if (node.kind !== 'method' || (node.name !== 'ready' && node.name !== 'updated')) return undefined;
    const [target] = node.args;
    if (target.kind !== 'var') return undefined;
    const first = records.find(({ id }) => id === target.variable.name);
    // The forms of a resource have the order of the resource.
    const forms = records.filter(({ order }) => order === first?.order);
    if (forms.length < 2) return undefined;
    return allOf(forms.map((form) => method(node.name, variable(form.variable, target.type), [], node.type)));
  });
}

/** The names of iterators denote the objects of a collection in these conditions, and not the elements of its list. */
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
