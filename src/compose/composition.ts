import type { Diagnostic, JsonObject, KubeObject } from '../core/index.ts';
import { formatApiVersion, formatDiagnostic, hasErrors } from '../core/index.ts';
import { compile } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { applyDefaults, validate } from '../schema/index.ts';
import { normalDefinition } from './definition-names.ts';
import { writeDefinition } from './emit/definition.ts';
import { printYaml } from './emit/yaml.ts';
import { withNodes } from './ir/node.ts';
import type { CompositionOptions, SchemaInput, Target } from './public-types.ts';
import { schemasFor, structuralSchema, withUnknownKinds } from './schemas.ts';
import { withProviders } from './source/current.ts';
import { throwRefusals, traceComposition, warningsOf } from './trace-composition.ts';
import type { CompositionFunctions, Traced } from './trace-composition.ts';
import type { Refusal } from './trace/refusal.ts';
import { CompositionError } from './trace/refusal.ts';
import { withTrace } from './trace/trace.ts';

/** A definition that was written and checked. */
interface Written {
  readonly definition: JsonObject;
  readonly graph: Graph;
  readonly diagnostics: readonly Diagnostic[];
}

/** A traced composition and what is made from it; definitions are written once per target. */
export class CompositionCore {
  readonly name: string;
  readonly traced: Traced;
  readonly functions: CompositionFunctions;
  readonly options: CompositionOptions;
  readonly specInput: SchemaInput;
  private readonly written = new Map<Target, Written>();

  constructor(definition: unknown, functions: CompositionFunctions, options: CompositionOptions) {
    const normal = normalDefinition(definition);
    const sources = schemasFor(options.types);
    const spec = structuralSchema(normal.spec, 'spec');
    this.name = normal.names.name;
    this.functions = functions;
    this.options = options;
    this.specInput = normal.spec;
    this.traced = traceComposition(normal, spec.schema, functions, options, sources, spec.diagnostics);
  }

  /** Warnings of tracing, and of the definitions written so far. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.traced.diagnostics, ...[...this.written.values()].flatMap((entry) => entry.diagnostics)];
  }

  /**
   * The checked definition for a target.
   *
   * @throws CompositionError with everything that the target's compiler refuses.
   */
  write(target: Target): Written {
    let written = this.written.get(target);
    if (written === undefined) {
      written = this.writeAndCheck(target);
      this.written.set(target, written);
    }
    return written;
  }

  private writeAndCheck(target: Target): Written {
    const { graph, trace, nodes, sources } = this.traced;
    const refusals: Refusal[] = [];
    const before = trace.warnings.length;
    const { definition, diagnostics } = withNodes(nodes, () =>
      withProviders(() =>
        withTrace(trace, () => {
          const result = writeDefinition(graph, target, refusals);
          throwRefusals(this.name, refusals, trace);
          return result;
        }),
      ),
    );
    const features = { omit: target === 'typekro', now: target === 'typekro' };
    const checked = compile(definition, { sources: withUnknownKinds(sources), target, features });
    const errors = checked.diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
    if (checked.graph === undefined || hasErrors(errors)) {
      const text = errors.map((diagnostic) => formatDiagnostic(diagnostic)).join('\n');
      throw new CompositionError(
        checked.diagnostics,
        `composition ${this.name} is not accepted for target ${target}:\n${text}`,
      );
    }
    const traced = withProviders(() => warningsOf(trace)).slice(before);
    const warnings = [...diagnostics, ...traced, ...checked.diagnostics];
    return { definition, graph: checked.graph, diagnostics: warnings };
  }

  /** The definition as YAML. */
  definitionYaml(target: Target): string {
    return printYaml(this.write(target).definition);
  }

  /**
   * The instance for a spec: checked, defaults filled in.
   *
   * @throws CompositionError `compose/invalid-spec` with every field that is wrong.
   */
  instance(spec: unknown, namespace = 'default'): KubeObject {
    const { names, spec: schema } = this.traced.graph;
    const value = applyDefaults(schema, plainSpec(spec)) as JsonObject;
    const errors = validate(schema, value, {});
    if (errors.length > 0) {
      const diagnostics = errors.map((error): Diagnostic => ({
        code: 'compose/invalid-spec',
        severity: 'error',
        message: error.message,
        path: `spec.${error.field}`,
      }));
      throw new CompositionError(
        diagnostics,
        `Invalid spec: ${errors.map((error) => `${error.field}: ${error.message}`).join('; ')}`,
      );
    }
    const name = typeof value['name'] === 'string' && value['name'] !== '' ? value['name'] : this.name;
    return {
      apiVersion: formatApiVersion({ group: names.group ?? 'kro.run', version: names.version }),
      kind: names.kind,
      metadata: { name, namespace },
      spec: value,
    };
  }
}

/** The spec as JSON: what a caller passes may hold `undefined`. */
function plainSpec(spec: unknown): JsonObject {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) {
    throw new CompositionError(
      [{ code: 'compose/invalid-spec', severity: 'error', message: 'a spec must be an object' }],
      'Invalid spec: a spec must be an object',
    );
  }
  return JSON.parse(JSON.stringify(spec)) as JsonObject;
}
