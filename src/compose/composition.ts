import type { Diagnostic, JsonObject, JsonValue, KubeObject, SourcePosition } from '../core/index.ts';
import { formatApiVersion, formatDiagnostic, hasErrors, isJsonObject } from '../core/index.ts';
import { compile } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { applyDefaults, refusalText, refusedPlace, validateValue, valueAtSteps } from '../schema/index.ts';
import { applyAspects } from './aspects/apply.ts';
import type { AnyAspect } from './aspect-types.ts';
import { normalDefinition } from './definition-names.ts';
import { withSource } from './refusal/diagnostics.ts';
import { hoistedIds, writeDefinition } from './emit/definition.ts';
import type { TracedGraph } from './emit/definition.ts';
import { splitVariants } from './emit/variants.ts';
import type { Variants } from './emit/variants.ts';
import { printedSecret } from './emit/secrets.ts';
import { inAuthorsWords } from './emit/author-words.ts';
import { evaluateGraph } from './evaluate-graph.ts';
import type { CompositionOptions, SchemaInput, Target } from './public-types.ts';
import { schemasFor, schemaOfInput, withUnknownKinds } from './schemas.ts';
import { withProviders } from './source/current.ts';
import { throwRefusals, traceComposition, warningsOf } from './trace-composition.ts';
import type { CompositionFunctions, Traced } from './trace-composition.ts';
import type { Refusal, Site } from './refusal/refusal.ts';
import { CompositionError } from './refusal/refusal.ts';
import { withTrace } from './trace/current.ts';

/** A definition that was written and checked. */
interface Written {
  readonly definition: JsonObject;
  readonly graph: Graph;
  readonly diagnostics: readonly Diagnostic[];
}

interface CompositionParts {
  readonly traced: Traced;
  readonly functions: CompositionFunctions;
  readonly options: CompositionOptions;
  readonly specInput: SchemaInput;
}

/**
 * A traced composition, and the definitions and instances made from it. A definition is written once for each target.
 */
export class CompositionCore {
  readonly name: string;
  readonly traced: Traced;
  readonly functions: CompositionFunctions;
  readonly options: CompositionOptions;
  readonly specInput: SchemaInput;
  /** Warnings about Secrets whose values were printed, by the id of the resource. */
  private readonly printed = new Map<string, Diagnostic>();
  private readonly written = new Map<Target, Written>();
  private split: Variants | undefined;

  private constructor(parts: CompositionParts) {
    this.name = parts.traced.graph.names.name;
    this.traced = parts.traced;
    this.functions = parts.functions;
    this.options = parts.options;
    this.specInput = parts.specInput;
  }

  /** Traces a composition. @throws CompositionError with all parts that cannot be translated. */
  static trace(definition: unknown, functions: CompositionFunctions, options: CompositionOptions): CompositionCore {
    const normal = normalDefinition(definition);
    const sources = schemasFor(options.types);
    const spec = schemaOfInput(normal.spec, 'spec');
    const traced = traceComposition(normal, spec.schema, functions, options, sources, spec.diagnostics);
    return new CompositionCore({ traced, functions, options, specInput: normal.spec });
  }

  /** The same composition with aspects applied to its resources. */
  with(aspects: readonly AnyAspect[] | undefined): CompositionCore {
    if (aspects === undefined || aspects.length === 0) return this;
    const { graph, trace } = this.traced;
    const records = withTrace(trace, () => applyAspects(graph.records, aspects));
    const { functions, options, specInput } = this;
    const traced = { ...this.traced, graph: { ...graph, records } };
    return new CompositionCore({ traced, functions, options, specInput });
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
    let written = this.written.get(target);
    if (written === undefined) {
      written = this.writeAndCheck(target);
      this.written.set(target, written);
    }
    return written;
  }

  private writeAndCheck(target: Target): Written {
    const { graph, trace, sources } = this.traced;
    const { variants } = this;
    const refusals: Refusal[] = [];
    const before = trace.warnings.length;
    const { definition, diagnostics } = withProviders(() =>
      withTrace(trace, () => {
        const result = writeDefinition(graph, variants, target, refusals);
        throwRefusals(this.name, refusals, trace);
        return result;
      }),
    );
    const features = { omit: target === 'typekro', now: target === 'typekro' };
    const checked = compile(definition, { sources: withUnknownKinds(sources), target, features });
    const found = withProviders(() =>
      checked.diagnostics.map((each) =>
        withSource(trace.handwritten ? each : inAuthorsWords(each), ...sitesOfPath(each, definition, graph, variants)),
      ),
    );
    const errors = found.filter((diagnostic) => diagnostic.severity === 'error');
    if (checked.graph === undefined || hasErrors(errors)) {
      const text = errors.map((diagnostic) => formatDiagnostic(diagnostic)).join('\n');
      throw new CompositionError(found, `composition ${this.name} is not accepted for target ${target}:\n${text}`);
    }
    const traced = withProviders(() => warningsOf(trace)).slice(before);
    const warnings = [...diagnostics, ...traced, ...found];
    return { definition, graph: checked.graph, diagnostics: warnings };
  }

  /** Finds the position in the author's source of the value at a field path of the definition. */
  locate(path: string, target: Target): SourcePosition | undefined {
    const { definition } = this.write(target);
    const diagnostic: Diagnostic = { code: 'compose/place', severity: 'error', message: '', path };
    return withProviders(
      () => withSource(diagnostic, ...sitesOfPath(diagnostic, definition, this.traced.graph, this.variants)).source,
    );
  }

  /**
   * The namespaces that are applied before the instance of a spec in kro mode.
   *
   * @throws CompositionError for a spec that does not match the schema.
   */
  namespaces(spec: unknown): KubeObject[] {
    const { trace } = this.traced;
    const { records } = this.variants;
    const ids = withTrace(trace, () => hoistedIds(records));
    if (ids.size === 0) return [];
    const { resources } = evaluateGraph(
      this.write('typekro').graph,
      this.plainInstance(spec) as unknown as JsonObject,
      {},
    );
    return resources.filter(({ id }) => ids.has(id)).flatMap(({ objects }) => objects.map(hoistedNamespace));
  }

  /**
   * Makes the instance for a spec: checks the spec and fills in its defaults.
   *
   * @throws CompositionError `compose/invalid-spec` with every field that is wrong.
   */
  instance(spec: unknown, namespace = 'default'): KubeObject {
    const instance = this.plainInstance(spec, namespace);
    const hoisted = this.namespaces(spec).map((object) => object.metadata.name ?? '');
    if (hoisted.length === 0) return instance;
    const annotations = { [HOISTED_ANNOTATION]: JSON.stringify(hoisted) };
    return { ...instance, metadata: { ...instance.metadata, annotations } };
  }

  private plainInstance(spec: unknown, namespace = 'default'): KubeObject {
    const { names, spec: schema } = this.traced.graph;
    const given = plainSpec(spec);
    refuseWholeObject(given, Object.keys(schema.properties ?? {}));
    const value = applyDefaults(schema, given) as JsonObject;
    const all = validateValue(schema, value, {});
    if (all.length > 0) {
      // The validation reports an error of a field once more as an error of the whole object.
      const ofFields = all.filter(({ field }) => !/^(?:|<nil>)$/.test(field));
      const errors = ofFields.length > 0 ? ofFields : all;
      const diagnostics = errors.map(({ field, message }): Diagnostic => {
        const { steps } = refusedPlace(value, field, message);
        const text = refusalText(message, valueAtSteps(value, steps), field);
        const remedy = inTypeScript(text.hint, valueAtSteps(value, steps)) ?? `correct the spec of ${names.kind}`;
        return {
          code: 'compose/invalid-spec',
          severity: 'error',
          message: `${field}: ${text.message}`,
          path: `spec.${field}`,
          hint: remedy,
        };
      });
      // One error has its remedy beside the message; several errors have their remedies in the message.
      const told = diagnostics.map(({ message, hint = '' }) =>
        diagnostics.length === 1 ? message : `${message} (${hint})`,
      );
      throw new CompositionError(diagnostics, `Invalid spec: ${told.join('; ')}`);
    }
    const name = typeof value['name'] === 'string' && value['name'] !== '' ? value['name'] : this.name;
    return {
      apiVersion: formatApiVersion({ group: names.group ?? 'kro.run', version: names.version }),
      kind: names.kind,
      metadata: { name, namespace, labels: { ...instanceLabels(this.name) } },
      spec: value,
    };
  }
}

/** The annotation with the names, as JSON, of the namespaces that were applied before an instance. */
const HOISTED_ANNOTATION = 'typekro.dev/hoisted-namespaces';

/** Makes a namespace that belongs to no instance. The annotations keep Argo CD and Flux from pruning the namespace. */
export function hoistedNamespace(object: JsonObject): KubeObject {
  const { apiVersion, kind, metadata, ...rest } = object as unknown as KubeObject;
  const { labels, annotations, ...named } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      ...named,
      labels: { ...labels, 'app.kubernetes.io/managed-by': 'typekro' },
      annotations: {
        ...annotations,
        'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
        'kustomize.toolkit.fluxcd.io/prune': 'disabled',
      },
    },
    ...rest,
  };
}

/** The labels of an instance that the SDK made, with the name of its definition. */
function instanceLabels(definition: string): Readonly<Record<string, string>> {
  return { 'typekro.dev/factory': definition, 'typekro.dev/mode': 'kro', 'typekro.dev/rgd': definition };
}

/** The position in the source that made a part of the definition, and the call that leads there. */
function sitesOfPath(
  { path = '' }: Diagnostic,
  definition: JsonObject,
  graph: TracedGraph,
  { records }: Variants,
): [site: Site | undefined, caller?: Site | undefined] {
  const position = /^spec\.resources\[(\d+)\]/.exec(path)?.[1];
  if (position === undefined) return [path.startsWith('spec.schema.status') ? graph.statusSite : undefined];
  const resources = (definition['spec'] as JsonObject)['resources'] as readonly JsonObject[];
  const id = resources[Number(position)]?.['id'];
  const record = records.find((each) => each.id === id);
  return [record?.site, record?.caller];
}

/** Refuses a whole instance (with `spec`, as in YAML) as the argument that must be a spec. */
function refuseWholeObject(given: JsonObject, fields: readonly string[]): void {
  if (!isJsonObject(given['spec']) || fields.includes('spec') || fields.some((name) => Object.hasOwn(given, name)))
    return;
  const message = 'the fields of the spec are below "spec"';
  const hint = `pass the spec itself: { ${fields
    .slice(0, 3)
    .map((name) => `${name}: …`)
    .join(', ')} }`;
  throw new CompositionError(
    [{ code: 'compose/invalid-spec', severity: 'error', message, path: 'spec', hint }],
    `Invalid spec: ${message}`,
  );
}

/**
 * Rewords a remedy about YAML in terms of TypeScript. The author's value may be computed, for example from the
 * environment, so the remedy names a conversion.
 */
function inTypeScript(hint: string | undefined, value: JsonValue | undefined): string | undefined {
  if (hint?.startsWith('begin each entry with') === true) return `write a list: [${JSON.stringify(value)}]`;
  const number = /^write (?:it|the number) without quotes: (.+)$/.exec(hint ?? '')?.[1];
  if (number !== undefined) return `write ${number}, or Number(…) around what gives the text`;
  if (hint === 'write true or false, without quotes') return "write true or false, or text === 'true' of a text";
  return hint;
}

/** The spec as JSON, without the members that are `undefined`. */
function plainSpec(spec: unknown): JsonObject {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) {
    throw new CompositionError(
      [{ code: 'compose/invalid-spec', severity: 'error', message: 'a spec must be an object' }],
      'Invalid spec: a spec must be an object',
    );
  }
  return JSON.parse(JSON.stringify(spec)) as JsonObject;
}
