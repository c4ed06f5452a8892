import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { goJsonKind } from '@typekro/kit/golang';
import { textAt, valueAt } from '@typekro/kit/kubernetes';
import type { PathStep } from '../model.ts';
import type { ConditionText, ForEachEntry } from '../parsed-definition.ts';
import type { Problems } from '../problems.ts';
import type { FrameProblems } from './frame-problems.ts';
import { ACCOUNT_NAME, GRAPH_CRD, GRAPH_KIND, GRAPH_TYPE, MAX_ACCOUNT_NAME_LENGTH } from './graph-crd.ts';
import { OWNING_METADATA } from './object-structure.ts';

/** The payloads of nodes, in kro's order. */
export const PAYLOADS = ['template', 'ref', 'def', 'graph', 'patch'] as const;

/** The member that decides the type of a node. */
export type Payload = (typeof PAYLOADS)[number];

/** One entry of `nodes`. */
export interface NodeBlock {
  /** The id as written; '' when there is none. */
  readonly name: string;
  readonly index: number;
  readonly path: readonly PathStep[];
  readonly payloads: Readonly<Partial<Record<Payload, JsonValue>>>;
  /** The elements of the list `forEach`, each with its entries. */
  readonly forEach: readonly { readonly path: readonly PathStep[]; readonly entries: readonly ForEachEntry[] }[];
  readonly includeWhen: readonly ConditionText[];
  readonly readyWhen: readonly ConditionText[];
}

/** A Graph object, read field by field. */
export interface ParsedGraph {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly serviceAccountName: string | undefined;
  readonly nodes: readonly NodeBlock[];
}

/** Does the object have the type of a Graph? The Graph may be invalid. */
export function isGraphObject({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): boolean {
  return kind === 'Graph' && apiVersion.startsWith('kro.run/');
}

/** Names of ServiceAccounts, as the CRD of Graphs allows them. */
const ACCOUNT_NAME_PATTERN = new RegExp(ACCOUNT_NAME);

/** Is this a valid ServiceAccount name according to the CRD of Graphs? */
export function isServiceAccountName(name: string): boolean {
  return name.length <= MAX_ACCOUNT_NAME_LENGTH && ACCOUNT_NAME_PATTERN.test(name);
}

/** Reads a Graph. Returns undefined, and reports a problem, when the value is not a Graph or has no `spec`. */
export function readGraph(value: JsonValue, problems: Problems, root: FrameProblems): ParsedGraph | undefined {
  const wrong = (path: readonly PathStep[], message: string, hint?: string, kro?: string): void =>
    problems.error({ phase: 'structure', code: 'graph/invalid-graph', message, place: { path }, hint, kro });
  if (!isJsonObject(value)) {
    wrong([], 'an object is expected here', undefined, value === null ? 'invalid graph: graph is nil' : undefined);
    return undefined;
  }
  const kind = valueAt(value, 'kind');
  if (kind !== undefined && kind !== 'Graph') {
    wrong(['kind'], `this is a ${stringifyJson(kind)}, not a Graph`);
    return undefined;
  }
  const spec = valueAt(value, 'spec');
  if (!isJsonObject(spec)) {
    wrong(['spec'], 'a Graph needs spec.nodes, a list of nodes', 'add spec: with nodes: below it');
    return undefined;
  }
  const unknown = Object.keys(spec).filter((key) => key !== 'nodes' && key !== 'serviceAccountName');
  for (const key of unknown)
    wrong(['spec', key], `a Graph has no field "${key}"`, 'a Graph has nodes and serviceAccountName');
  const metadata = valueAt(value, 'metadata');
  const text = (key: string): string | undefined => {
    const found = isJsonObject(metadata) ? valueAt(metadata, key) : undefined;
    return typeof found === 'string' ? found : undefined;
  };
  const account = valueAt(spec, 'serviceAccountName');
  if (account !== undefined && (typeof account !== 'string' || !isServiceAccountName(account))) {
    const hint = 'use lowercase letters, digits, "-" and ".", or remove the field to use the account "default"';
    wrong(['spec', 'serviceAccountName'], 'this is not a name of a ServiceAccount', hint);
  }
  return {
    name: text('name') ?? '',
    namespace: text('namespace'),
    serviceAccountName: typeof account === 'string' ? account : undefined,
    nodes: new NodeReader(root).nodes(valueAt(spec, 'nodes'), ['spec', 'nodes']),
  };
}

/** Reads the nodes of a frame. It must check JSON types, because the schema of the CRD does not cover subgraphs. */
export class NodeReader {
  readonly #problems: FrameProblems;

  constructor(problems: FrameProblems) {
    this.#problems = problems;
  }

  nodes(value: JsonValue | undefined, path: readonly PathStep[]): NodeBlock[] {
    return this.#list(value, path).map((entry, index) => this.#node(entry, index, [...path, index]));
  }

  #node(value: JsonValue, index: number, path: readonly PathStep[]): NodeBlock {
    const block = this.#object(value, path) ?? {};
    const at = (key: string): PathStep[] => [...path, key];
    const payloads: Partial<Record<Payload, JsonValue>> = {};
    for (const payload of PAYLOADS) {
      const found = valueAt(block, payload);
      if (found !== undefined && found !== null) payloads[payload] = found;
    }
    for (const key of Object.keys(block)) {
      if (!NODE_FIELDS.has(key)) this.#problems.unknownField(key, at(key), NODE_FIELDS);
    }
    return {
      name: this.#text(valueAt(block, 'id'), at('id')),
      index,
      path,
      payloads,
      forEach: this.#list(valueAt(block, 'forEach'), at('forEach')).map((entry, position) =>
        this.#dimension(entry, [...at('forEach'), position]),
      ),
      includeWhen: this.#texts(valueAt(block, 'includeWhen'), at('includeWhen')),
      readyWhen: this.#texts(valueAt(block, 'readyWhen'), at('readyWhen')),
    };
  }

  #dimension(value: JsonValue, path: readonly PathStep[]): NodeBlock['forEach'][number] {
    const entries = Object.entries(this.#object(value, path) ?? {}).map(([name, text]) => ({
      name,
      text: this.#text(text, [...path, name]),
      path: [...path, name],
    }));
    return { path, entries };
  }

  #object(value: JsonValue, path: readonly PathStep[]): JsonObject | undefined {
    if (isJsonObject(value)) return value;
    this.#problems.wrongType(path, 'an object is expected here', goJsonKind(value));
    return undefined;
  }

  #list(value: JsonValue | undefined, path: readonly PathStep[]): readonly JsonValue[] {
    if (Array.isArray(value)) return value;
    if (value === undefined || value === null) return [];
    const name = path.at(-1);
    const [first] = isJsonObject(value) ? Object.keys(value) : [];
    const hint =
      name === 'nodes' && first !== undefined
        ? `write "- id: ${first}" instead of "${first}:", and do the same for each node`
        : 'begin each entry with "- ", also when there is only one';
    this.#problems.wrongType(path, 'a list is expected here', goJsonKind(value), hint);
    return [];
  }

  #text(value: JsonValue | undefined, path: readonly PathStep[]): string {
    if (typeof value === 'string') return value;
    if (value === undefined || value === null) return '';
    const hint =
      isJsonObject(value) || Array.isArray(value)
        ? undefined
        : `put it in quotes: "${this.#problems.source.written(path)?.text ?? value}"`;
    this.#problems.wrongType(path, 'a string is expected here', goJsonKind(value), hint);
    return '';
  }

  #texts(value: JsonValue | undefined, path: readonly PathStep[]): ConditionText[] {
    return this.#list(value, path).map((entry, index) => ({
      text: this.#text(entry, [...path, index]),
      path: [...path, index],
    }));
  }
}

const NODE_FIELDS: ReadonlySet<string> = new Set(['id', ...PAYLOADS, 'forEach', 'includeWhen', 'readyWhen']);

/** The maximum depth of subgraphs that are searched. The compiler refuses a Graph with so many levels of subgraphs. */
const MAX_DEPTH = 100;

/** A node as it is written in a Graph object. */
export interface WrittenNode {
  /** The node, unchecked. */
  readonly node: JsonObject;
  /** The ids of the subgraphs that contain the node, and the node's own id, joined by `/`. A missing id is empty. */
  readonly path: string;
}

/**
 * The nodes of a Graph object and of all its subgraphs. A subgraph comes before its nodes. Skips malformed nodes, so
 * that even a Graph that does not compile can be searched.
 */
export function* writtenNodes({ spec }: KubeObject): Generator<WrittenNode> {
  yield* nodesOf(spec?.['nodes'], '', 0);
}

function* nodesOf(nodes: JsonValue | undefined, place: string, depth: number): Generator<WrittenNode> {
  if (!Array.isArray(nodes) || depth > MAX_DEPTH) return;
  for (const node of nodes) {
    if (!isJsonObject(node)) continue;
    const path = place + textAt(node, 'id');
    yield { node, path };
    if (isJsonObject(node['graph'])) yield* nodesOf(node['graph']['nodes'], `${path}/`, depth + 1);
  }
}

/** Objects of the kind Graph, before they are compiled. */
export const GraphObject = {
  KIND: GRAPH_KIND,
  TYPE: GRAPH_TYPE,
  CRD: GRAPH_CRD,
  OWNING_METADATA,
  is: isGraphObject,
  isServiceAccountName,
  nodesOf: writtenNodes,
};
