import {
  type Diagnostic,
  type GroupVersionKind,
  type JsonObject,
  definedMembers,
  monotonicMs,
  oncePerObject,
} from '@typekro/kit/core';
import {
  type CompileOptions,
  type Graph,
  compile,
  Kinds,
  revisionHash,
  tooDeep,
  tryConversions,
} from '@typekro/engine/graph';
import type { LiveSchemas } from '@typekro/kube';

/** The result of compiling a spec. */
export interface CompiledSpec {
  readonly hash: string;
  /** `undefined` when the spec has errors. */
  readonly graph?: Graph;
  /** kro's message for the first error; `undefined` when the spec compiles. */
  readonly message?: string;
  /** The messages of all problems, with places and remedies. */
  readonly problems: readonly string[];
}

/** One compilation of a spec, for metrics. */
export interface CompilationTiming {
  readonly definition: string;
  readonly milliseconds: number;
  readonly ok: boolean;
}

/** A result of the compiler without the hash of the spec, with kro's message for the first error. */
export function compiledSpec(graph: Graph | undefined, diagnostics: readonly Diagnostic[]): Omit<CompiledSpec, 'hash'> {
  const first = diagnostics.find(({ severity }) => severity === 'error');
  return {
    ...(graph === undefined ? {} : { graph }),
    ...(graph !== undefined || first === undefined ? {} : { message: first.kroMessage ?? first.message }),
    problems: diagnostics.map(
      ({ code, message, path, hint }) =>
        `${path === undefined ? '' : `${path}: `}${message} [${code}]${hint === undefined ? '' : `; hint: ${hint}`}`,
    ),
  };
}

/**
 * The maximum number of compiled specs per definition: the newest one, and the earlier revisions that some instances
 * follow, by a pin or during a roll-out.
 */
const MAX_KEPT_SPECS = 6;

/** The hash of a spec, and the kinds that the spec uses. */
interface SpecFacts {
  /** `undefined` when the spec is nested so deeply that its hash could exceed the call stack. */
  readonly hash: string | undefined;
  readonly types: readonly GroupVersionKind[];
}

interface Kept {
  readonly key: string;
  readonly compiled: CompiledSpec;
}

/**
 * Compiles the specs of definitions and revisions against the schemas of the cluster. The compiler keeps the results of
 * the latest specs (`MAX_KEPT_SPECS`). A result is valid until the schema of one of the spec's kinds changes.
 */
export class DefinitionCompiler {
  readonly #schemas: LiveSchemas;
  readonly #options: Omit<CompileOptions, 'sources'>;
  readonly #kept = new Map<string, Kept[]>();
  /**
   * A cache of the hash of each spec and of the kinds that the spec uses. It helps because each write causes another
   * pass, and most writes leave the spec unchanged.
   */
  readonly #factsOf = oncePerObject((spec: JsonObject): SpecFacts => ({
    hash: tooDeep(spec) === undefined ? revisionHash(spec) : undefined,
    types: Kinds.used(spec),
  }));
  /** The number of changes of a kind's schema, by `group/kind`. */
  readonly #epochs = new Map<string, number>();

  readonly #onCompiled: (compilation: CompilationTiming) => void;
  readonly #pause: (() => Promise<void>) | undefined;

  /** @param pause lets other work run while conversions are tried. Default: they are tried at once. */
  constructor(
    schemas: LiveSchemas,
    options: Omit<CompileOptions, 'sources'>,
    onCompiled: (compilation: CompilationTiming) => void = () => undefined,
    pause?: () => Promise<void>,
  ) {
    this.#pause = pause;
    this.#schemas = schemas;
    this.#onCompiled = onCompiled;
    this.#options = options;
  }

  async compile(name: string, spec: JsonObject, signal: AbortSignal): Promise<CompiledSpec> {
    const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name }, spec };
    const { hash, types } = this.#factsOf(spec);
    // The spec is nested too deeply. The diagnostics of the compiler name the limit.
    if (hash === undefined) {
      const { diagnostics } = compile(definition, { ...this.#options, sources: [] });
      return { hash: '', ...compiledSpec(undefined, diagnostics) };
    }
    const key = `${hash} ${this.#epochOf(types)}`;
    const known = this.#kept.get(name)?.find((entry) => entry.key === key);
    if (known !== undefined) return known.compiled;
    const sources = await this.#schemas.sourceFor(types, { signal });
    const began = monotonicMs();
    const { graph, diagnostics } = await tryConversions(
      compile(definition, { ...this.#options, sources }),
      definedMembers({ pause: this.#pause }),
    );
    this.#onCompiled({ definition: name, milliseconds: monotonicMs() - began, ok: graph !== undefined });
    const compiled = { hash, ...compiledSpec(graph, diagnostics) };
    this.#keep(name, { key, compiled });
    return compiled;
  }

  /** Handles a changed schema of a kind. Specs that use the kind are compiled again. */
  forgetKind(group: string, kind: string): void {
    const key = `${group}/${kind}`;
    this.#epochs.set(key, (this.#epochs.get(key) ?? 0) + 1);
    this.#schemas.forget(group, kind);
  }

  /** Drops the compiled specs of a deleted definition. */
  forget(name: string): void {
    this.#kept.delete(name);
  }

  #keep(name: string, entry: Kept): void {
    const others = (this.#kept.get(name) ?? []).filter(({ key }) => key !== entry.key);
    this.#kept.set(name, [entry, ...others].slice(0, MAX_KEPT_SPECS));
  }

  #epochOf(types: readonly GroupVersionKind[]): string {
    const kinds = [...new Set(types.map(({ group, kind }) => `${group}/${kind}`))].sort();
    return kinds.map((key) => this.#epochs.get(key) ?? 0).join('.');
  }
}
