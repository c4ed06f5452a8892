import { isOptional, typeToString } from '@typekro/cel';
import { externalFieldSteps } from './resource-shape.ts';
import type { JsonObject, JsonValue, SourcePosition } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import type { Schema } from '../schema/index.ts';
import type { TypedResource } from './checks/check-types.ts';
import { literalTypes } from './checks/conditions.ts';
import { type ApiVersions, buildCrd, instancePlural, OBJECT_RECORD, OBJECT_RECORD_SCHEMA } from './crd.ts';
import { type DependencyMap, applyDepth, applyOrder, preferredOrder } from './dag.ts';
import { scaledWorkloads } from './warnings/autoscalers.ts';
import type { ParsedDefinition } from './parsed-definition.ts';
import type { DefinitionDocument } from './document.ts';
import type { FieldSite, ExpressionSite, ResourceDraft } from './resource-draft.ts';
import type { CompiledExpression } from './expressions/expression.ts';
import { revisionHash } from './hash.ts';
import type { CheckedPropagation } from './instance-propagation.ts';
import { schemaToJson } from './kinds/instance-schema.ts';
import { type KroCompatibility, followsGraphEngine } from './kro-compatibility.ts';
import type {
  ConditionExpression,
  Expression,
  FieldKind,
  Graph,
  Hole,
  InstancePropagation,
  KnownType,
  StatusPlan,
  GraphNode,
} from './model.ts';
import { collectReads } from './expressions/reads.ts';
import type { StatusBlock } from './status/status.ts';

/** The inputs of a graph, all without errors. */
export interface Parts {
  readonly definition: ParsedDefinition;
  /** The definition's JSON, as the caller passed it. */
  readonly value: JsonObject;
  readonly document: DefinitionDocument | undefined;
  readonly level: KroCompatibility;
  /** Is kro's gate `CELOmitFunction` on? */
  readonly omit: boolean;
  readonly specSchema: Schema;
  /** Printer columns in addition to those of `additionalPrinterColumns`. */
  readonly columns: readonly JsonObject[];
  /** The subresource `scale` of the kind; undefined for a kind without this subresource. */
  readonly scale: JsonObject | undefined;
  /** The versions of the API beside the hub; undefined for an API of one version. */
  readonly api: ApiVersions | undefined;
  /** Does the status have a record of the objects? */
  readonly recordsObjects: boolean;
  /** May a resource wait for its kind (`deferredSchemas`)? */
  readonly mayLackKinds: boolean;
  readonly resources: readonly TypedResource[];
  readonly status: StatusBlock;
  readonly conditions: readonly CompiledExpression[] | undefined;
  readonly propagation: CheckedPropagation | undefined;
}

/** Builds the immutable graph. */
export function assembleGraph(parts: Parts): Graph {
  const { definition, value, specSchema, columns, scale, status, level, recordsObjects } = parts;
  const { kind, group, apiVersion, scope } = definition.schema;
  const properties = recordsObjects
    ? { ...status.properties, [OBJECT_RECORD]: OBJECT_RECORD_SCHEMA }
    : status.properties;
  const crd = buildCrd(definition.schema, schemaToJson(specSchema), properties, { columns, scale, api: parts.api });
  const plural = instancePlural(kind);
  const instance = { group, version: apiVersion, kind, plural, namespaced: scope !== 'Cluster', crd };
  const problem = followsGraphEngine(level) ? optionalCondition(parts.resources) : undefined;
  const own = {
    definedBy: 'definition' as const,
    name: definition.name,
    kroCompatibility: level,
    instance,
    definition: withDefaults(value, definition),
    ...(recordsObjects ? { recordsObjects } : {}),
    ...(parts.mayLackKinds ? { mayLackKinds: true as const } : {}),
    ...(problem === undefined ? {} : { instanceProblem: problem }),
    ...(parts.propagation === undefined
      ? {}
      : { propagateWhen: instancePropagation(parts.propagation, parts.document) }),
  };
  return lazyGraph(own, value, parts);
}

function instancePropagation(
  { conditions, ...names }: CheckedPropagation,
  document: DefinitionDocument | undefined,
): InstancePropagation {
  const assembler = new Assembler(document, false);
  return { ...names, conditions: conditions.map((each) => assembler.expression(each)) };
}

/** kro 0.10's message about the first condition that evaluates to an optional. */
function optionalCondition(resources: readonly TypedResource[]): string | undefined {
  for (const { linked, includeWhen, readyWhen } of resources) {
    const { id } = linked.draft;
    for (const [list, conditions] of [['includeWhen', includeWhen] as const, ['readyWhen', readyWhen] as const]) {
      const index = conditions.findIndex(({ type }) => isOptional(type));
      if (index < 0) continue;
      const cel = goQuote(conditions[index]?.site.text.cel ?? '');
      return (
        `graph-engine build failed: compile node "${id}": node "${id}": ${list}[${index}] (${cel}) returns ` +
        'optional<bool>, which becomes a runtime error when empty; make it a concrete bool (e.g. append .orValue(false))'
      );
    }
  }
  return undefined;
}

type Plans = Pick<Graph, 'nodes' | 'order' | 'applyOrder' | 'status' | 'reads'>;

/**
 * A graph that computes its `Plans` (nodes, orders, status and reads) at the first read of any of them, and then
 * releases their inputs. A caller that only validates a definition does not pay for them.
 */
function lazyGraph(own: Omit<Graph, keyof Plans | 'hash'>, value: JsonObject, parts: Parts): Graph {
  let pending: Parts | undefined = parts;
  let made: Plans | undefined;
  const plans = (): Plans => {
    if (pending !== undefined) made = makePlans(pending);
    pending = undefined;
    return made as Plans;
  };
  let hash: string | undefined;
  return {
    ...own,
    get nodes() {
      return plans().nodes;
    },
    get order() {
      return plans().order;
    },
    get applyOrder() {
      return plans().applyOrder;
    },
    get status() {
      return plans().status;
    },
    get reads() {
      return plans().reads;
    },
    // The hash is computed on request: only a caller that stores revisions needs it.
    get hash() {
      hash ??= revisionHash(value['spec']);
      return hash;
    },
  };
}

function makePlans({ document, level, omit, resources, status, conditions, propagation }: Parts): Plans {
  const assembler = new Assembler(document, omit && followsGraphEngine(level));
  const scaled = scaledWorkloads(
    resources.map(({ linked }) => linked.draft),
    level,
  ).map(({ workload }) => workload.id);
  const nodes = new Map(
    resources.map((each) => [each.linked.draft.id, assembler.node(each, scaled.includes(each.linked.draft.id))]),
  );
  const dependencies = new Map([...nodes.values()].map((node) => [node.id, node.dependsOn]));
  const order = preferredOrder(
    withGates(dependencies, resources),
    new Map([...nodes.values()].flatMap(({ id, readsDeferred }) => (readsDeferred ? [[id, readsDeferred]] : []))),
  );
  const isValue = (id: string) => nodes.get(id)?.nodeType === 'def';
  return {
    nodes,
    order,
    applyOrder: followsGraphEngine(level) ? applyDepth(dependencies, order, isValue) : applyOrder(dependencies, order),
    status: assembler.status(status, conditions),
    reads: collectReads(resources, [...status.fields, ...(conditions ?? []), ...ofInstances(propagation)]),
  };
}

/**
 * The expressions of `spec.propagateWhen`. Their variables denote instances, so their reads count as reads of `schema`.
 */
function ofInstances(propagation: CheckedPropagation | undefined): CompiledExpression[] {
  const ofSchema = (each: CompiledExpression): CompiledExpression => ({
    ...each,
    reads: each.reads.filter(({ steps }) => steps.length > 0).map((read) => ({ ...read, id: 'schema' })),
  });
  return (propagation?.conditions ?? []).map(ofSchema);
}

/**
 * Adds to a node's dependencies the nodes that its `propagateWhen` conditions read. A step visits all these nodes
 * before the node.
 */
function withGates(dependencies: DependencyMap, resources: readonly TypedResource[]): DependencyMap {
  const gates = new Map(resources.map(({ linked }) => [linked.draft.id, linked.propagatesAfter]));
  return new Map([...dependencies].map(([id, needs]) => [id, [...new Set([...needs, ...(gates.get(id) ?? [])])]]));
}

/** The definition with the defaults that the API server sets for `group` and `scope`. */
function withDefaults(value: JsonObject, definition: ParsedDefinition): JsonObject {
  const spec = value['spec'] as JsonObject;
  const { group, scope } = definition.schema;
  return { ...value, spec: { ...spec, schema: { ...(spec['schema'] as JsonObject), group, scope } } };
}

/** Makes the expressions and nodes of a graph from checked resources. */
export class Assembler {
  readonly #document: DefinitionDocument | undefined;
  readonly #leavesOutEmpty: boolean;

  /** @param leavesOutEmpty Is a template field left out when its whole value is an empty optional? */
  constructor(document: DefinitionDocument | undefined, leavesOutEmpty: boolean) {
    this.#document = document;
    this.#leavesOutEmpty = leavesOutEmpty;
  }

  expression({ site, ids, reads, type, program }: CompiledExpression): Expression {
    const source = this.#source(site);
    return {
      cel: site.text.cel,
      ...(site.text.template === undefined ? {} : { template: site.text.template }),
      references: [...ids].toSorted(),
      reads,
      type: typeToString(type),
      program,
      ...(source === undefined ? {} : { source }),
    };
  }

  #condition(entry: CompiledExpression): ConditionExpression {
    const types = literalTypes(entry.ast.expr);
    return { ...this.expression(entry), ...(types === undefined ? {} : { types }) };
  }

  #source(site: ExpressionSite): SourcePosition | undefined {
    return this.#document?.positionInside(site.path, site.text.toOriginal(0));
  }

  hole(field: CompiledExpression<FieldSite>, kind: FieldKind): Hole {
    const leavesOutEmpty = this.#leavesOutEmpty && isOptional(field.type);
    const { deferred, isKey } = field.site;
    return {
      path: field.site.steps,
      pathText: field.site.pathText,
      kind,
      expression: this.expression(field),
      ...(leavesOutEmpty ? { leavesOutEmpty } : {}),
      ...(deferred === undefined ? {} : { deferred }),
      ...(isKey === undefined ? {} : { isKey }),
    };
  }

  node(
    { linked, fields, dimensions, includeWhen, readyWhen, propagateWhen }: TypedResource,
    isScaled = false,
  ): GraphNode {
    const { draft, dependsOn, dependsOnInBranches, readsDeferred } = linked;
    const iterators = new Set(draft.dimensions.map((dimension) => dimension.name));
    const base = {
      id: draft.id,
      index: draft.block.index,
      template: {
        skeleton: freeze(draft.skeleton),
        holes: withComputedMaps(fields.map((field) => this.hole(field, kindOfField(field, iterators)))),
      },
      dependsOn: [...dependsOn].toSorted(),
      ...(dependsOnInBranches.length === 0 ? {} : { dependsOnInBranches }),
      ...(readsDeferred.length === 0 ? {} : { readsDeferred }),
      includeWhen: includeWhen.map((each) => this.expression(each)),
      readyWhen: readyWhen.map((each) => this.expression(each)),
      ...(propagateWhen.length === 0 ? {} : { propagateWhen: propagateWhen.map((each) => this.expression(each)) }),
    };
    const forEach = dimensions.map((each) => ({ name: each.site.name, expression: this.expression(each) }));
    if (draft.nodeType === 'def') return { ...base, nodeType: 'def', ...(forEach.length === 0 ? {} : { forEach }) };
    if (draft.resolved === undefined && draft.unknownKind === undefined)
      throw new TypeError(`node ${draft.id} has no kind`);
    const known = { ...base, ...knownType(draft) };
    const { deletionPolicy, externalFields } = draft.block;
    const retained = {
      ...(deletionPolicy === 'Orphaned' ? { deletionPolicy: 'Orphaned' as const } : {}),
      ...(Array.isArray(externalFields) ? { externalFields: externalFields.map(externalFieldSteps) } : {}),
      ...(isScaled ? { isScaled } : {}),
    };
    if (draft.nodeType === 'collection') return { ...known, ...retained, nodeType: 'collection', forEach };
    return draft.nodeType === 'resource'
      ? { ...known, ...retained, nodeType: 'resource' }
      : { ...known, nodeType: draft.nodeType };
  }

  status(block: StatusBlock, conditions: readonly CompiledExpression[] | undefined): StatusPlan {
    const fromFields = block.fields.flatMap((field) => field.ids);
    const fromConditions = (conditions ?? [])
      .flatMap((each) => each.ids)
      .filter((id) => id !== 'schema' && id !== 'runtime');
    return {
      skeleton: freeze(block.skeleton),
      holes: block.fields.map((field) => this.hole(field, 'dynamic')),
      ...(conditions === undefined ? {} : { conditions: conditions.map((each) => this.#condition(each)) }),
      dependsOn: [...new Set([...fromFields, ...fromConditions])].toSorted(),
    };
  }
}

/** The type of a node's objects. Empty when the kind is not known. */
function knownType({ resolved }: ResourceDraft): Partial<KnownType> {
  if (resolved === undefined) return {};
  const { type, info } = resolved;
  return { type, plural: info.plural, namespaced: info.namespaced };
}

/** Freezes a value and all values in it, because all instances of the graph share it. */
export function freeze<T extends JsonValue>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) if (part !== undefined) freeze(part);
  return Object.freeze(value);
}

/** For each hole at or below a computed key, records the path of the outermost map with a computed key. */
export function withComputedMaps(holes: readonly Hole[]): readonly Hole[] {
  const keys = holes.filter(({ isKey }) => isKey === true).map(({ path }) => path);
  if (keys.length === 0) return holes;
  return holes.map((hole) => {
    const above = keys.filter((key) => key.every((step, index) => hole.path[index] === step));
    const [first] = above.toSorted((a, b) => a.length - b.length);
    return first === undefined ? hole : { ...hole, computedMap: first.slice(0, -1) };
  });
}

/** Classifies a field by the time at which its value is known. */
export function kindOfField(field: CompiledExpression, iterators: ReadonlySet<string>): FieldKind {
  if (field.ids.some((id) => iterators.has(id))) return 'iteration';
  return field.ids.some((id) => id !== 'schema') ? 'dynamic' : 'static';
}
