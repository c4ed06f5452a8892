import {
  type Diagnostic,
  type JsonObject,
  type SourcePosition,
  formatDiagnostic,
  hasErrors,
  getOrInsert,
} from '@typekro/kit/core';
import type { CompileResult, Graph } from '@typekro/engine/graph';
import { applyAspects } from './aspects/apply-aspects.ts';
import type { AnyAspect } from './aspect-types.ts';
import { inAuthorsWords } from './emit/author-words.ts';
import { printedSecret } from './emit/secrets.ts';
import { type Variants, splitVariants } from './emit/variants.ts';
import { siteInVersions } from './emit/version-block.ts';
import type { CompositionOptions, Target } from './public-types.ts';
import { withSource } from './refusal/diagnostics.ts';
import { type Refusal, type Site, CompositionError } from './refusal/refusal.ts';
import { withProviders } from './source/current-run.ts';
import { type Traced, throwRefusals, warningsOf } from './trace-composition.ts';
import { withTrace } from './trace/current-trace.ts';

/** The object that is made from a trace, before it is checked. */
export interface Rendered {
  readonly definition: JsonObject;
  readonly diagnostics: readonly Diagnostic[];
}

/** An object that was made from a trace and checked. */
export interface Written extends Rendered {
  readonly graph: Graph;
}

/** A traced function, and the objects made from it: a ResourceGraphDefinition or a Graph for each target. */
export abstract class TracedCore {
  readonly name: string;
  readonly traced: Traced;
  readonly options: CompositionOptions;
  /** Warnings about Secrets whose values were printed, by the id of the resource. */
  private readonly printed = new Map<string, Diagnostic>();
  private readonly written = new Map<Target, Written>();
  private split: Variants | undefined;

  protected constructor(traced: Traced, options: CompositionOptions) {
    this.name = traced.graph.names.name;
    this.traced = traced;
    this.options = options;
  }

  /** The word that messages use for the traced function. */
  protected abstract readonly what: string;
  /** Makes the object for a target. Adds each refusal to `refusals`. */
  protected abstract render(target: Target, refusals: Refusal[]): Rendered;
  /** Compiles the object as a controller does. */
  protected abstract check(definition: JsonObject, target: Target): CompileResult;
  /** The entries of the object that represent nodes. */
  protected abstract entries(definition: JsonObject): readonly JsonObject[];

  /** The trace with aspects applied to its resources. Returns the same trace when there are no aspects. */
  protected tracedWith(aspects: readonly AnyAspect[] | undefined): Traced {
    if (aspects === undefined || aspects.length === 0) return this.traced;
    const { graph, trace } = this.traced;
    const records = withTrace(trace, () => applyAspects(graph.records, aspects));
    return { ...this.traced, graph: { ...graph, records } };
  }

  /**
   * The nodes of the graph. A resource becomes several nodes when its fields depend on whether another resource exists.
   *
   * @throws CompositionError for a resource that would become too many nodes.
   */
  get variants(): Variants {
    this.split ??= this.splitResources();
    return this.split;
  }

  private splitResources(): Variants {
    const { graph, trace } = this.traced;
    const refusals: Refusal[] = [];
    return withProviders(() =>
      withTrace(trace, () => {
        const variants = splitVariants(graph.records, refusals);
        throwRefusals(this.name, refusals, trace);
        return variants;
      }),
    );
  }

  /** Warnings of tracing, and of the definitions written so far. */
  get diagnostics(): readonly Diagnostic[] {
    const written = [...this.written.values()].flatMap((entry) => entry.diagnostics);
    return [...this.traced.diagnostics, ...written, ...this.printed.values()];
  }

  /**
   * Records a warning that the values of a Secret were printed. A Secret with constant values already has a warning.
   */
  notePrintedSecret(id: string): void {
    const site = this.variants.records.find((record) => record.id === id)?.site;
    const diagnostic = withProviders(() => withSource(printedSecret(id), site));
    const isKnown = ({ code, source }: Diagnostic) =>
      code === diagnostic.code && source?.line === diagnostic.source?.line && source?.file === diagnostic.source?.file;
    if (!this.diagnostics.some(isKnown)) this.printed.set(id, diagnostic);
  }

  /**
   * The checked definition for a target.
   *
   * @throws CompositionError with all errors of the target's compiler.
   */
  write(target: Target): Written {
    return getOrInsert(this.written, target, () => this.writeAndCheck(target));
  }

  private writeAndCheck(target: Target): Written {
    const { trace } = this.traced;
    const refusals: Refusal[] = [];
    const before = trace.warnings.length;
    void this.variants; // Splits the resources first, so that a refusal of the split precedes the refusals of the definition.
    const { definition, diagnostics } = withProviders(() =>
      withTrace(trace, () => {
        const result = this.render(target, refusals);
        throwRefusals(this.name, refusals, trace);
        return result;
      }),
    );
    const checked = this.check(definition, target);
    const found = withProviders(() =>
      checked.diagnostics.map((each) =>
        withSource(trace.handwritten ? each : inAuthorsWords(each), ...this.sitesOf(each, definition)),
      ),
    );
    const errors = found.filter((diagnostic) => diagnostic.severity === 'error');
    if (checked.graph === undefined || hasErrors(errors)) {
      const text = errors.map((diagnostic) => formatDiagnostic(diagnostic)).join('\n');
      throw new CompositionError(found, `${this.what} ${this.name} is not accepted for target ${target}:\n${text}`);
    }
    const traced = withProviders(() => warningsOf(trace)).slice(before);
    const warnings = [...diagnostics, ...traced, ...found];
    return { definition, graph: checked.graph, diagnostics: warnings };
  }

  /** Finds the position in the author's source of the value at a field path of the definition. */
  locate(path: string, target: Target): SourcePosition | undefined {
    const { definition } = this.write(target);
    const diagnostic: Diagnostic = { code: 'compose/place', severity: 'error', message: '', path };
    return withProviders(() => withSource(diagnostic, ...this.sitesOf(diagnostic, definition)).source);
  }

  /**
   * The position in the source at which a part of the definition is made, and the position of the call that leads
   * there.
   */
  private sitesOf(
    { path = '' }: Diagnostic,
    definition: JsonObject,
  ): [site: Site | undefined, caller?: Site | undefined] {
    const position = /^spec\.(?:resources|nodes)\[(\d+)\]/.exec(path)?.[1];
    const { statusSite, versions } = this.traced.graph;
    if (position === undefined)
      return [path.startsWith('spec.schema.status') ? statusSite : siteInVersions(versions, path)];
    const id = this.entries(definition)[Number(position)]?.['id'];
    const record = this.variants.records.find((each) => each.id === id);
    return [record?.site, record?.caller];
  }
}
