import { type JsonObject, type KubeObject, jsonEquals, monotonicMs } from '@typekro/kit/core';
import { type CompileOptions, type Graph, GraphShape, compileGraphObject, tooDeep } from '@typekro/engine/graph';
import type { LiveSchemas } from '@typekro/kube';
import { type CompilationTiming, type CompiledSpec, compiledSpec } from '../definition/compiler.ts';
import { kindsNamed } from './graph-object.ts';

/**
 * The maximum number of kept shapes (see `graphShape`), and also of kept Graphs. The controller needs the compiled
 * graph of a Graph only during a pass over the Graph.
 */
const MAX_ENTRIES = 64;

/** The graph for all specs of one shape, compiled from the first of these specs. */
interface SharedGraph {
  readonly graph: Graph;
  readonly kinds: ReadonlySet<string>;
}

/** The result for the spec of one Graph. */
interface OwnResult {
  readonly spec: JsonObject;
  readonly compiled: CompiledGraph;
  readonly kinds: ReadonlySet<string>;
}

/** A compiled Graph. */
export interface CompiledGraph extends Omit<CompiledSpec, 'hash'> {
  /**
   * True if the Graph does not compile and names a kind that the cluster does not serve. No event reports a kind of an
   * aggregated API that appears later, so the caller compiles again after a pause.
   */
  readonly isKindMissing?: true;
}

/**
 * Compiles Graphs against the schemas of the cluster. Keeps the results for the Graphs that were compiled last. Such a
 * Graph is compiled again after the schema of a kind that it names changed, or when the cluster lacked such a kind.
 *
 * Graphs whose specs have the same shape (`graphShape`) share one compilation: they differ only in literals that do not
 * affect the checks. The key is the whole shape. With a digest as the key, an author could make a Graph whose digest
 * equals that of another author's Graph. Each Graph gets a graph with its own literals, its own name and its own
 * namespace. A literal that a compiled expression reads in a loop cannot be replaced, so a Graph with such a literal is
 * compiled by itself.
 */
export class GraphCompiler {
  readonly #schemas: LiveSchemas;
  readonly #options: Omit<CompileOptions, 'sources'>;
  readonly #onCompiled: (compilation: CompilationTiming) => void;
  /** The shared graphs by shape. */
  readonly #shared = new RecentMap<string, SharedGraph>(MAX_ENTRIES);
  /**
   * The results by `namespace/name` of the Graphs. Each write causes another pass, and most writes leave the spec
   * unchanged.
   */
  readonly #own = new RecentMap<string, OwnResult>(MAX_ENTRIES);

  /** The number of changes of schemas. */
  #changes = 0;

  constructor(
    schemas: LiveSchemas,
    options: Omit<CompileOptions, 'sources'>,
    onCompiled: (compilation: CompilationTiming) => void = () => undefined,
  ) {
    this.#schemas = schemas;
    this.#options = options;
    this.#onCompiled = onCompiled;
  }

  async compile(object: KubeObject, signal: AbortSignal): Promise<CompiledGraph> {
    const { apiVersion, kind, metadata, spec = {} } = object;
    const { name = '', namespace = '' } = metadata;
    const input = { apiVersion, kind, metadata: { name, namespace }, spec };
    const id = `${namespace}/${name}`;
    // Other parts of the controller keep facts about a graph, so all passes over one spec get the same graph.
    const own = this.#own.get(id);
    if (own !== undefined && jsonEquals(own.spec, spec)) return own.compiled;
    // A spec that is too deep has no shape. The compiler refuses it, and its diagnostics name the limit.
    if (tooDeep(spec) !== undefined) {
      return compiledSpec(undefined, compileGraphObject(input, { ...this.#options, sources: [] }).diagnostics);
    }
    const shape = GraphShape.of(spec);
    const shared = this.#shared.get(shape);
    const filled = shared === undefined ? undefined : GraphShape.withLiterals(shared.graph, input);
    if (shared !== undefined && filled !== undefined) {
      const compiled = compiledSpec(filled, []);
      this.#own.set(id, { spec, compiled, kinds: shared.kinds });
      return compiled;
    }
    const { types } = kindsNamed(object);
    const changes = this.#changes;
    const sources = await this.#schemas.sourceFor(types, { signal });
    const began = monotonicMs();
    const { graph, diagnostics } = compileGraphObject(input, { ...this.#options, sources });
    this.#onCompiled({ definition: name, milliseconds: monotonicMs() - began, ok: graph !== undefined });
    const compiled = compiledSpec(graph, diagnostics);
    if (graph === undefined && types.some((type) => sources.resourceOf(type) === undefined)) {
      return { ...compiled, isKindMissing: true };
    }
    // A schema has changed since its look-up. The change wakes the Graph again, so this result is not kept.
    if (this.#changes !== changes) return compiled;
    const kinds = new Set(types.map(({ group, kind }) => `${group}/${kind}`));
    this.#own.set(id, { spec, compiled, kinds });
    // Errors and warnings name positions and strings of one spec, so Graphs do not share them.
    if (graph !== undefined && diagnostics.length === 0) this.#shared.set(shape, { graph, kinds });
    return compiled;
  }

  /** Handles a changed schema of a kind. Specs that name the kind are compiled again. */
  forgetKind(group: string, kind: string): void {
    this.#changes += 1;
    this.#schemas.forget(group, kind);
    const named = `${group}/${kind}`;
    this.#shared.deleteWhere(({ kinds }) => kinds.has(named));
    this.#own.deleteWhere(({ kinds }) => kinds.has(named));
  }
}

/** A map of limited size. When the map is full, a new entry replaces the least recently used entry. */
class RecentMap<K, V> {
  readonly #limit: number;
  /** The entries in the order of their last use. */
  readonly #entries = new Map<K, V>();

  /** `limit`: the maximum number of entries. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the value of a key. The key then counts as used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#limit && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Deletes the entries for whose values `hasProperty` returns true. */
  deleteWhere(hasProperty: (value: V) => boolean): void {
    for (const [key, value] of this.#entries) if (hasProperty(value)) this.#entries.delete(key);
  }
}
