import type { KubeObject } from '@typekro/kit/core';
import type { ReadinessResult } from '../public-types.ts';
import { opaque } from '../value/native-functions.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { allOf, call, cond, literal, method, not, variable } from '../ir/build.ts';
import { Variable, type Node } from '../ir/node.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, interpreter } from '../trace/current-trace.ts';
import { resolveMerged } from '../value/merge.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Phi, Splice, Sym } from '../value/symbolic.ts';
import { BOOL, DOUBLE, DYN } from '../ir/types.ts';
import { toNode } from '../value/value-nodes.ts';

/** The members of a resource that the graph does not read from the object: its id, apiVersion, kind and methods. */
export function resourceMember(
  record: ResourceRecord,
  self: Sym,
  key: string,
): { readonly value: unknown } | undefined {
  const chainable = (work: (arg: unknown) => void) => ({
    value: opaque((arg: unknown) => {
      work(arg);
      return wrap(self);
    }),
  });
  switch (key) {
    case 'id':
      return { value: record.id };
    case 'apiVersion':
      return { value: record.apiVersion };
    case 'kind':
      return { value: record.kind };
    case 'withIncludeWhen':
      return chainable((condition) => record.includeWhen.push(condition));
    case 'withReadyWhen':
      return chainable((condition) => {
        const own = wrap(new Sym(self.node, { waits: true, resource: record }));
        const given =
          typeof condition === 'function' ? interpreter.call(condition, undefined, [own], 'readyWhen') : condition;
        if (given === undefined)
          refuse(
            'types',
            'withReadyWhen() gets no condition',
            'pass a function that returns a condition: (self) => self.status.replicas > 0',
          );
        record.readyWhen.push(given);
      });
    case 'withPropagateWhen':
      return chainable((condition) => addPropagation(record, condition));
    case 'withDeletionPolicy':
      return chainable((policy) => setDeletionPolicy(record, policy));
    case 'withExternalFields':
      return chainable((fields) => addExternalFields(record, fields));
    case 'dependsOn':
      return chainable((other) => {
        dependOn(record, other);
      });
    case 'withReadinessEvaluator':
      return chainable((evaluator) => {
        record.readiness = evaluator as (live: KubeObject) => ReadinessResult;
      });
    default:
      return undefined;
  }
}

function addPropagation(record: ResourceRecord, condition: unknown): void {
  refuseWithoutObject(record, 'withPropagateWhen', 'propagateWhen');
  const given =
    typeof condition === 'function'
      ? interpreter.call(condition, undefined, [propagationProgress(record)], 'propagateWhen')
      : condition;
  if (given === undefined)
    refuse(
      'types',
      'withPropagateWhen() gets no condition',
      'pass a function that returns a condition: ({ ready }) => ready(database)',
    );
  record.propagateWhen.push(given);
}

function setDeletionPolicy(record: ResourceRecord, policy: unknown): void {
  const value = resolveMerged(policy);
  if (value !== 'Orphaned' && value !== 'Delete') {
    const remedy = "write 'Orphaned' to keep the object, or 'Delete' to have it deleted";
    refuse('types', 'withDeletionPolicy() takes one of the words Orphaned and Delete', remedy);
  }
  refuseWithoutObject(record, 'withDeletionPolicy', 'deletionPolicy');
  record.deletionPolicy = value;
}

function addExternalFields(record: ResourceRecord, fields: unknown): void {
  const paths = resolveMerged(fields);
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string'))
    refuse('types', 'withExternalFields() takes a list of paths', "write a constant list: ['spec.replicas']");
  refuseWithoutObject(record, 'withExternalFields', 'externalFields');
  record.externalFields.push(...paths);
}

/**
 * Refuses a setting about objects for a node that makes no object. Also refuses the setting in a Graph, because nodes
 * of a Graph lack the field.
 */
function refuseWithoutObject(record: ResourceRecord, method: string, field: string): void {
  if (record.node !== 'template')
    refuse('types', `${method}() is called on ${record.id}, which makes no object`, 'remove the call');
  if (activeTrace().form === 'graph') {
    const remedy = 'remove the call, or make a composition: its definition has the field';
    refuse('types', `a node of a Graph has no field ${field}`, remedy);
  }
}

/** The last resource of each nested composition, keyed by the value that the call of the composition returns. */
const lastResources = new WeakMap<object, ResourceRecord>();

/** Notes the last resource of a nested composition, for a `dependsOn` that names the composition. */
export function noteLastResource(nested: object, record: ResourceRecord): void {
  lastResources.set(nested, record);
}

/**
 * Records that a resource is made after another resource. `raw` is the other resource, its id, the value of a nested
 * composition, or a conditional value with such sides.
 */
export function dependOn(record: ResourceRecord, raw: unknown): void {
  const trace = activeTrace();
  const value = resolveMerged(raw);
  const addDependency = (id: string, other?: ResourceRecord) =>
    void record.dependsOn.push({ record: other, id, guards: [...trace.guards] });
  if (typeof value === 'string') return addDependency(value);
  const inner = symbolic(value);
  const other = inner instanceof Sym ? inner.resource : lastResources.get(value as object);
  // A resource of an earlier run is not part of this graph, although the graph may have another resource with the same
  // id.
  if (other !== undefined) return addDependency(other.id, trace.resources.includes(other) ? other : undefined);
  if (inner instanceof Phi) {
    const side = (test: Node, of: unknown) => {
      if (resolveMerged(of) !== undefined) trace.under(test, () => dependOn(record, of));
    };
    side(inner.test, inner.then);
    return side(not(inner.test), inner.otherwise);
  }
  const id = (value as { id?: unknown } | undefined)?.id;
  if (typeof id === 'string') return addDependency(id);
  return refuse('types', 'dependsOn() takes a resource or the id of one', 'pass the value that a factory returned');
}

/** The functions that a condition of `withPropagateWhen` gets, for the resource with the condition. */
function propagationProgress(record: ResourceRecord): object {
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
