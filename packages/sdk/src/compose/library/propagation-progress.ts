import { allOf, call, cond, literal, method, variable } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { Variable } from '../ir/node.ts';
import { BOOL, DOUBLE, DYN } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { resolveMerged } from '../value/merge.ts';
import { opaque } from '../value/native-functions.ts';
import { toNode } from '../value/value-nodes.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Phi, Splice, Sym } from '../value/symbolic.ts';

/** The functions that a condition of `withPropagateWhen` gets, for the resource with the condition. */
export function propagationProgress(record: ResourceRecord): object {
  const question = (name: 'ready' | 'updated') => opaque((given: unknown) => wrap(new Sym(progressNode(name, given))));
  const inBatches = (name: string, sizes: (given: unknown) => readonly Node[]) =>
    opaque((given: unknown) => {
      if (record.element === undefined)
        refuse(
          'types',
          `${name}() is called for ${record.id}, which is not made in a loop`,
          'use ready() and updated() of another resource',
        );
      const item = variable(new Variable('each', 'resource'), DYN);
      const collection = variable(record.variable, DYN);
      return wrap(new Sym(call(name, [item, collection, ...sizes(given)], BOOL)));
    });
  return {
    ready: question('ready'),
    updated: question('updated'),
    exponentiallyReady: inBatches('exponentiallyReady', () => []),
    linearlyReady: inBatches('linearlyReady', (size) => [batchSize(size)]),
  };
}

function batchSize(given: unknown): Node {
  const value = resolveMerged(given);
  const isGiven = typeof value === 'number' || symbolic(value) instanceof Sym;
  const size = isGiven ? toNode(value) : undefined;
  const isWhole = size?.type.kind === 'number' && size.type.number !== DOUBLE;
  if (size === undefined || !isWhole || (typeof value === 'number' && value < 1))
    return refuse(
      'types',
      'linearlyReady() takes the size of a batch, a whole number of at least 1',
      'pass a number such as 3, or a field of the type integer',
    );
  return size;
}

/** The expression of `ready()` or `updated()` for a resource, a list of resources, or a conditional resource. */
function progressNode(name: 'ready' | 'updated', given: unknown): Node {
  const value = resolveMerged(given);
  // A resource that does not exist counts as ready and as updated.
  if (value === undefined) return literal(true);
  if (Array.isArray(value)) return allOf(value.map((item: unknown) => progressNode(name, item)));
  const inner = value instanceof Splice ? new Sym(value.list) : symbolic(value);
  if (inner instanceof Phi) {
    return cond(inner.test, progressNode(name, inner.then), progressNode(name, inner.otherwise));
  }
  const node = inner instanceof Sym ? inner.node : undefined;
  const role = node?.kind === 'var' ? node.variable.role : undefined;
  if (role === 'element')
    refuse(
      'types',
      `${name}() is called with one object of a loop, but the graph knows only the progress of all its objects`,
      'pass the list that the loop makes, or use exponentiallyReady() for the loop itself',
    );
  if (node !== undefined && role === 'resource') return method(name, node, [], BOOL);
  return refuse('types', `${name}() takes a resource or a list of resources`, 'pass the value that a factory returned');
}
