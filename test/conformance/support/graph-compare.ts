import { type JsonObject, type JsonValue, isJsonObject, jsonEquals } from '@typekro/kit/core';
import type { Expression, Graph, GraphNode, Hole } from '@typekro/engine/graph';

/** Describes a graph in the form of the recordings, with the parts that are recorded. */
export function describeGraph(graph: Graph): JsonObject {
  const nodes = Object.fromEntries([...graph.nodes.values()].map((node) => [node.id, describeNode(node)]));
  const { conditions } = graph.status;
  return {
    accept: true,
    crd: graph.instance.crd,
    topologicalOrder: [...graph.order],
    applyOrder: Object.fromEntries(graph.applyOrder),
    statusResources: graph.order.flatMap((id) => {
      const dependencies = graph.nodes.get(id)?.dependsOn ?? [];
      return dependencies.length === 0 ? [] : [{ id, dependencies: dependencies.map((each) => ({ id: each })) }];
    }),
    nodes,
    instance: {
      resource: {
        group: graph.instance.group,
        version: graph.instance.version,
        plural: graph.instance.plural,
      },
      namespaced: graph.instance.namespaced,
      dependencies: instanceDependencies(graph),
      fields: describeHoles(graph.status.holes, 'status.'),
      ...(conditions === undefined ? {} : { conditions: conditions.map(({ cel, references }) => ({ cel, references: [...references] })) }),
    },
  };
}

/**
 * The dependencies of the instance as kro reports them, sorted. A node is listed once for each expression of a status
 * field that references it, or once if only conditions reference it. `schema` is listed at most once.
 */
function instanceDependencies({ status }: Graph): string[] {
  const fromFields = status.holes.flatMap((hole) => hole.expression.references);
  const nodes = fromFields.filter((id) => id !== 'schema');
  const fromConditions = new Set((status.conditions ?? []).flatMap((condition) => condition.references));
  const more = [...fromConditions].filter((id) => id !== 'schema' && id !== 'runtime' && !nodes.includes(id));
  return [...nodes, ...(fromFields.includes('schema') ? ['schema'] : []), ...more].toSorted();
}

function describeNode(node: GraphNode): JsonObject {
  const texts = (list: readonly Expression[]): string[] => list.map((expression) => expression.cel);
  return {
    type: node.nodeType,
    resource: { group: node.type?.group ?? '', version: node.type?.version ?? '', plural: node.plural ?? '' },
    namespaced: node.namespaced ?? false,
    dependencies: [...node.dependsOn],
    fields: describeHoles(node.template.holes, ''),
    ...(node.includeWhen.length === 0 ? {} : { includeWhen: texts(node.includeWhen) }),
    ...(node.readyWhen.length === 0 ? {} : { readyWhen: texts(node.readyWhen) }),
    ...(node.nodeType === 'collection'
      ? {
          forEach: node.forEach.map(({ name, expression }) => ({
            name,
            cel: expression.cel,
            references: [...expression.references],
          })),
        }
      : {}),
  };
}

function describeHoles(holes: readonly Hole[], prefix: string): JsonValue[] {
  return holes
    .map((hole) => ({
      path: prefix + hole.pathText,
      cel: hole.expression.cel,
      ...(hole.expression.template === undefined ? {} : { template: hole.expression.template }),
      kind: hole.kind,
      references: [...hole.expression.references],
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * The first difference between the wanted and the found value, as `path: want … got …`. Undefined when the values
 * agree. As the corpus defines, an absent list equals an empty one.
 */
export function firstDifference(want: JsonValue | undefined, got: JsonValue | undefined, path = ''): string | undefined {
  if (isEmpty(want) && isEmpty(got)) return undefined;
  if (Array.isArray(want) && Array.isArray(got) && want.length === got.length) {
    for (const [index, entry] of want.entries()) {
      const difference = firstDifference(entry, got[index], `${path}[${index}]`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  if (isJsonObject(want) && isJsonObject(got)) {
    for (const key of new Set([...Object.keys(want), ...Object.keys(got)])) {
      const difference = firstDifference(want[key], got[key], `${path}.${key}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return jsonEquals(want, got) ? undefined : `${path}: want ${show(want)} got ${show(got)}`;
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) && value.length === 0;
}

function show(value: JsonValue | undefined): string {
  return JSON.stringify(value, (_key, entry: unknown) => (typeof entry === 'bigint' ? `${entry}` : entry)) ?? 'nothing';
}

/**
 * Do two error messages agree? Messages without a part of cel-go must be equal. If both end with a message of cel-go,
 * the part before it and its position must be equal. The message of cel-go must also be equal, except for syntax
 * errors.
 */
export function sameErrorText(want: string, got: string): boolean {
  if (want === got) return true;
  const [wantHead, wantCel] = splitAtCel(want);
  const [gotHead, gotCel] = splitAtCel(got);
  if (wantHead !== gotHead || wantCel === undefined || gotCel === undefined) return false;
  if (wantCel.message.startsWith('Syntax error')) return wantCel.position === gotCel.position;
  return wantCel.position === gotCel.position && wantCel.message === gotCel.message;
}

function splitAtCel(text: string): [string, { position: string; message: string } | undefined] {
  const match = /ERROR: <input>:(-?\d+:-?\d+): ([^\n]*)/.exec(text);
  if (match === null) return [text, undefined];
  return [text.slice(0, match.index), { position: match[1] ?? '', message: match[2] ?? '' }];
}

/** Does a message contain names of Go types or functions? The corpus does not require such messages to match. */
export function isGoText(text: string): boolean {
  return /strconv\.|map\[string\]|error unmarshaling JSON|json: cannot|<nil>|interface \{\}/.test(text);
}
