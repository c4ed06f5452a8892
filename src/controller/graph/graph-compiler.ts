import type { JsonObject, KubeObject } from '../../core/index.ts';
import { monotonicMs } from '../../core/index.ts';
import type { CompileOptions } from '../../graph/index.ts';
import { compileGraphObject, isTooDeep } from '../../graph/index.ts';
import type { LiveSchemas } from '../../kube/index.ts';
import { digestOf } from '../../runtime/index.ts';
import type { CompilationTiming, CompiledSpec } from '../definition/compiler.ts';
import { compiledSpec } from '../definition/compiler.ts';
import { kindsNamed } from './graph-object.ts';

/**
 * The maximum number of compiled specs. The least recently used one is dropped first; a Graph at rest needs its
 * compiled spec only when it wakes.
 */
const MAX_COMPILED = 64;

interface Entry {
  readonly compiled: CompiledSpec;
  readonly kinds: ReadonlySet<string>;
}

/** A compiled Graph. */
export interface CompiledGraph extends CompiledSpec {
  /**
   * Did the compilation fail, with a kind that the cluster does not serve? No event reports a kind of an aggregated API
   * that appears later, so the caller compiles again after a pause.
   */
  readonly isKindMissing?: true;
}

/**
 * Compiles Graphs against the schemas of the cluster. A spec is compiled again only after the schema of a kind that it
 * names has changed, or when the cluster lacked such a kind. No two Graphs share a result: the authors of Graphs need
 * not trust each other, and a result carries the name and the namespace of its Graph.
 */
export class GraphCompiler {
  readonly #schemas: LiveSchemas;
  readonly #options: Omit<CompileOptions, 'sources'>;
  readonly #onCompiled: (compilation: CompilationTiming) => void;
  readonly #entries = new Map<string, Entry>();
  /**
   * The digest of each spec; `undefined` for a spec that is nested so deep that its digest could exceed the call stack.
   * Each write causes another pass, and most writes leave the spec unchanged.
   */
  readonly #digests = new WeakMap<JsonObject, { readonly digest: string | undefined }>();

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
    const digest = this.#digestOf(spec);
    // The compiler names the limit.
    if (digest === undefined) {
      return compiledSpec('', undefined, compileGraphObject(input, { ...this.#options, sources: [] }).diagnostics);
    }
    const key = `${namespace}/${name} ${digest}`;
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // The map is ordered by last use.
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.compiled;
    }
    const { types } = kindsNamed(object);
    const changes = this.#changes;
    const sources = await this.#schemas.sourceFor(types, { signal });
    const began = monotonicMs();
    const { graph, diagnostics } = compileGraphObject(input, { ...this.#options, sources });
    this.#onCompiled({ definition: name, milliseconds: monotonicMs() - began, ok: graph !== undefined });
    const compiled = compiledSpec(digest, graph, diagnostics);
    if (graph === undefined && types.some((type) => sources.resourceOf(type) === undefined)) {
      return { ...compiled, isKindMissing: true };
    }
    // A schema that changed during its look-up wakes the Graph again, and must not be kept.
    if (this.#changes !== changes) return compiled;
    const kinds = new Set(types.map(({ group, kind }) => `${group}/${kind}`));
    this.#entries.set(key, { compiled, kinds });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_COMPILED && oldest !== undefined) this.#entries.delete(oldest);
    return compiled;
  }

  /** Handles a changed schema of a kind. Specs that name the kind are compiled again. */
  forgetKind(group: string, kind: string): void {
    this.#changes += 1;
    this.#schemas.forget(group, kind);
    for (const [key, { kinds }] of this.#entries) if (kinds.has(`${group}/${kind}`)) this.#entries.delete(key);
  }

  #digestOf(spec: JsonObject): string | undefined {
    const known = this.#digests.get(spec);
    if (known !== undefined) return known.digest;
    const digest = isTooDeep(spec) ? undefined : digestOf(spec);
    this.#digests.set(spec, { digest });
    return digest;
  }
}
