import { parse } from 'yaml';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { type Graph, compileGraphObject } from '@typekro/engine/graph';
import { type Condition, type Decision, type StepOptions, SpecialStep } from '@typekro/engine/runtime';
import { builtinSource, crdSource } from '@typekro/engine/schema';
import { crdOf } from '@typekro/kit/test-support/crd';
import { type LoopOptions, carryOut, conditionOf, settle } from './direct-loop.ts';
import { FakeCluster } from './fake-cluster.ts';

/** A CRD with the subresource `status`, for tests. */
export const WIDGET_CRD = crdOf(
  'Widget',
  {
    properties: {
      spec: { type: 'object', properties: { size: { type: 'integer' } } },
      status: { type: 'object', properties: { seen: { type: 'boolean' } } },
    },
  },
  { group: 'example.com', fields: { subresources: { status: {} } } },
);

const SOURCES = [builtinSource(), crdSource([WIDGET_CRD])];
const NAMESPACE = 'team-a';

/** Compiles a Graph from the YAML of its nodes. Throws when the Graph does not compile. */
export function graphObjectOf(nodes: string, name = 'g'): Graph {
  const { graph, problem } = compile({ ...graphObject(name), spec: { nodes: parse(nodes) as JsonValue } });
  if (graph === undefined) throw new Error(problem);
  return graph;
}

function graphObject(name: string): KubeObject {
  return { apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name, namespace: NAMESPACE } };
}

/** The compiled Graph, or kro's message with the reason why it does not compile. */
function compile(object: KubeObject): { readonly graph?: Graph; readonly problem?: string } {
  const { graph, diagnostics } = compileGraphObject(object, { sources: SOURCES });
  if (graph !== undefined) return { graph };
  const [first] = diagnostics;
  return { problem: first?.kroMessage ?? first?.message ?? 'no graph' };
}

/** Graphs in the namespace `team-a` of a fake cluster. */
export class GraphObjects {
  readonly cluster = new FakeCluster();
  readonly #options: LoopOptions;

  constructor(step: Partial<StepOptions> = {}, options: LoopOptions = {}) {
    this.#options = { ...options, step: { account: 'system:serviceaccount:team-a:default', ...step } };
  }

  /** Creates a Graph or replaces its nodes, and carries out decisions until no work remains. */
  apply(nodes: string, name = 'g'): Decision {
    const key = keyOf(name);
    const spec = this.specOf(nodes);
    if (this.cluster.get(key) === undefined) {
      const { apiVersion, kind, metadata } = graphObject(name);
      this.cluster.put({
        apiVersion,
        kind,
        metadata: { ...metadata, creationTimestamp: '2026-10-31T00:00:00Z' },
        spec,
      });
    } else {
      this.cluster.edit(key, (object) => void (object.spec = spec));
    }
    return this.settle(name);
  }

  /** Carries out decisions until no work remains. If the Graph does not compile, refuses it with kro's message. */
  settle(name = 'g', more: LoopOptions = {}): Decision {
    const key = keyOf(name);
    const object = this.cluster.get(key);
    if (object === undefined) throw new Error(`no Graph ${name}`);
    const options = { ...this.#options, ...more, step: { ...this.#options.step, ...more.step } };
    const { graph = EMPTY, problem } = compile(object);
    if (problem === undefined || object.metadata.deletionTimestamp !== undefined) {
      return settle(graph, key, this.cluster, options).decision;
    }
    return this.refuse(problem, name);
  }

  /** Refuses a Graph with this message. */
  refuse(problem: string, name = 'g'): Decision {
    const key = keyOf(name);
    for (;;) {
      const object = this.cluster.get(key);
      if (object === undefined) throw new Error(`no object ${key}`);
      const now = Date.parse('2026-11-01T00:00:00Z');
      const decision = SpecialStep.refusedGraph(object, problem, this.cluster.view(EMPTY), {
        now,
        ...this.#options.step,
      });
      if (!decision.quiet) {
        carryOut(key, decision, this.cluster, this.#options);
        continue;
      }
      if (decision.statusChanged) {
        this.cluster.edit(key, (edited) => void (edited.status = structuredClone(decision.status)));
      }
      return decision;
    }
  }

  /** Marks a Graph for deletion, and carries out decisions until the Graph is deleted or waits. */
  delete(name = 'g'): Decision {
    this.cluster.remove(keyOf(name));
    return this.settle(name);
  }

  /** The spec of a Graph with these nodes. */
  specOf(nodes: string): JsonObject {
    return { nodes: parse(nodes) as JsonValue };
  }

  /** The live Graph. Undefined if it does not exist. */
  get(name = 'g'): KubeObject | undefined {
    return this.cluster.get(keyOf(name));
  }

  /** A condition of a Graph, in the form `Status Reason message`. */
  condition(type: string, name = 'g'): string {
    const { status, reason = '', message = '' }: Partial<Condition> = conditionOf(this.get(name), type) ?? {};
    return `${status} ${reason} ${message}`;
  }

  /** The objects that the status of a Graph records, each in the form `<nodeID> <name>[ <uid>]`. */
  recorded(name = 'g'): string[] {
    const entries = (this.get(name)?.status?.['managedResources'] ?? []) as JsonObject[];
    return entries.map((entry) => [entry['nodeID'], entry['name'], entry['uid']].filter(Boolean).join(' '));
  }

  /** A ConfigMap of the namespace. */
  map(name: string): KubeObject | undefined {
    return this.cluster.get(`ConfigMap/${NAMESPACE}/${name}`);
  }

  /** The data of a ConfigMap of the namespace. */
  data(name: string): JsonObject | undefined {
    return (this.map(name) as { data?: JsonObject } | undefined)?.data;
  }

  /** Creates a ConfigMap as another client. */
  putMap(name: string, data: JsonObject, labels: Record<string, string> = {}): void {
    const metadata = { name, namespace: NAMESPACE, labels };
    this.cluster.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  }

  /** The names of the ConfigMaps. */
  maps(): string[] {
    const prefix = `ConfigMap/${NAMESPACE}/`;
    return this.cluster.keys().flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
  }
}

const EMPTY = graphObjectOf('[{id: a, def: {x: "1"}}]');

function keyOf(name: string): string {
  return `Graph.kro.run/${NAMESPACE}/${name}`;
}

/** The YAML of a template node with a ConfigMap. */
export const map = (id: string, name: string, data: string, more = ''): string =>
  `- {id: ${id}, ${more}template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${name}"}, data: {${data}}}}`;
/** The YAML of a patch node for a ConfigMap. */
export const patch = (id: string, name: string, data: string, more = ''): string =>
  `- {id: ${id}, ${more}patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${name}"}, data: {${data}}}}`;
/** The YAML of a ref node for a ConfigMap. */
export const ref = (id: string, name: string): string =>
  `- {id: ${id}, ref: {apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}}}`;
/** The YAML of a def node. */
export const def = (id: string, value: string): string => `- {id: ${id}, def: {${value}}}`;
/** The YAML of several nodes. */
export const graph = (...nodes: readonly string[]): string => nodes.join('\n');
