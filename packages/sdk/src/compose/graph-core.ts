import { type JsonObject, TypeKroError } from '@typekro/kit/core';
import { type CompileResult, compileGraphObject, GraphObject } from '@typekro/engine/graph';
import type { AnyAspect } from './aspect-types.ts';
import { normalDefinition } from './definition-names.ts';
import { NOTHING_SERVED } from './served-kind.ts';
import { writeGraph } from './emit/graph.ts';
import type { GraphOptions } from './graph-type.ts';
import type { Target } from './public-types.ts';
import type { Refusal } from './refusal/refusal.ts';
import { schemasFor, withUnknownKinds } from './schemas.ts';
import type { FunctionLike } from './source/function-source.ts';
import { type Traced, traceComposition } from './trace-composition.ts';
import { type Rendered, TracedCore } from './traced-core.ts';

const NO_FIELDS = { type: 'object', properties: {} } as const;

/** The traced function of a graph, which serves no kind, and the Graph made from the function. */
export class GraphCore extends TracedCore {
  declare readonly options: GraphOptions;
  protected readonly what = 'graph';

  private constructor(traced: Traced, options: GraphOptions) {
    super(traced, options);
  }

  /**
   * Traces the function of a graph.
   *
   * @throws TypeKroError `compose/definition` for an illegal name or option; CompositionError with all parts that
   * cannot be translated.
   */
  static trace(name: unknown, build: FunctionLike, options: GraphOptions): GraphCore {
    const { names } = normalDefinition({ name, spec: NO_FIELDS }, 'graph');
    checkServiceAccount(options.serviceAccountName);
    const sources = schemasFor(options.types);
    const definition = {
      names: { ...names, group: undefined, kind: 'Graph' },
      spec: NO_FIELDS,
      status: undefined,
      served: NOTHING_SERVED,
    };
    const functions = { build, status: undefined };
    const traced = traceComposition(definition, NO_FIELDS, functions, options, sources, [], 'graph');
    if (traced.graph.records.length > 0) return new GraphCore(traced, options);
    throw new TypeKroError(`the graph ${names.name} has no nodes`, {
      code: 'compose/definition',
      remedy: 'create a resource in its function',
    });
  }

  /** The same graph with aspects applied to its resources. */
  with(aspects: readonly AnyAspect[] | undefined): GraphCore {
    return this.changed(this.tracedWith(aspects), this.options);
  }

  /** The same graph in another namespace. */
  inNamespace(namespace: string | undefined): GraphCore {
    if (namespace === undefined || namespace === this.options.namespace) return this;
    return this.changed(this.traced, { ...this.options, namespace });
  }

  private changed(traced: Traced, options: GraphOptions): GraphCore {
    return traced === this.traced && options === this.options ? this : new GraphCore(traced, options);
  }

  protected render(target: Target, refusals: Refusal[]): Rendered {
    return {
      definition: writeGraph(this.traced.graph, this.variants, target, this.options, refusals),
      diagnostics: [],
    };
  }

  protected check(definition: JsonObject, target: Target): CompileResult {
    const features = { omit: target === 'typekro', now: target === 'typekro' };
    return compileGraphObject(definition, { sources: withUnknownKinds(this.traced.sources), target, features });
  }

  protected entries(definition: JsonObject): readonly JsonObject[] {
    return (definition['spec'] as JsonObject)['nodes'] as readonly JsonObject[];
  }
}

function checkServiceAccount(name: unknown): void {
  if (name === undefined) return;
  if (typeof name === 'string' && GraphObject.isServiceAccountName(name)) return;
  throw new TypeKroError(`"${String(name)}" cannot be the name of a service account`, {
    code: 'compose/definition',
    remedy:
      'use lowercase letters, digits, dashes and dots; begin and end each part between dots with a letter or a digit',
  });
}
