import type { Diagnostic, JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { formatApiVersion, isJsonObject, nearestName, parseJson, stringifyJson, TypeKroError } from '@typekro/kit/core';
import { type CompileResult, compile } from '@typekro/engine/graph';
import { ruleEvaluator } from '@typekro/cluster/rule-evaluator';
import { Conversion } from '@typekro/engine/conversion';
import { type FieldError, dnsSubdomain, objectsAt } from '@typekro/kit/kubernetes';
import type { RuleSite, Schema } from '@typekro/engine/schema';
import { RefusalText, RefusedPlace, StructuralSchema, valueAtSteps } from '@typekro/engine/schema';
import type { AnyAspect } from './aspect-types.ts';
import type { VersionedPlace } from './deploy-engine.ts';
import { normalDefinition } from './definition-names.ts';
import { hoistedIds, writeDefinition } from './emit/definition.ts';
import { parsedSpec, specSchemaOf } from './emit/simple-spec.ts';
import { fieldRules } from './emit/field-rules.ts';
import { refusedRules } from './emit/refused-rules.ts';
import { violations } from './emit/violations.ts';
import { evaluateGraph } from './evaluate-graph.ts';
import type { CompositionOptions, SchemaInput, Target } from './public-types.ts';
import { strangeObject, valueOutsideJson, parseSpec } from './parse-spec.ts';
import { schemasFor, schemaOfInput, withUnknownKinds } from './schemas.ts';
import { type CompositionFunctions, type Traced, traceComposition } from './trace-composition.ts';
import { traceVersions } from './trace-versions.ts';
import { type Rendered, TracedCore } from './traced-core.ts';
import { type Refusal, type Site, CompositionError } from './refusal/refusal.ts';
import { isClusterScoped } from './served-kind.ts';
import { withProviders } from './source/current-run.ts';
import { withTrace } from './trace/current-trace.ts';
import type { ValidationRecord } from './trace/records.ts';

interface CompositionParts {
  readonly traced: Traced;
  readonly functions: CompositionFunctions;
  readonly options: CompositionOptions;
  readonly specInput: SchemaInput;
}

/**
 * A traced composition, and the definitions and instances that are created from it. A definition is written once per
 * target.
 */
export class CompositionCore extends TracedCore {
  readonly functions: CompositionFunctions;
  readonly specInput: SchemaInput;
  /** The checks of a spec, by the version of the API. */
  private readonly specChecks = new Map<string, SpecChecks>();

  private constructor(parts: CompositionParts) {
    super(parts.traced, parts.options);
    this.functions = parts.functions;
    this.specInput = parts.specInput;
  }

  /**
   * Traces a composition.
   *
   * @throws CompositionError with all parts that cannot be translated.
   */
  static trace(definition: unknown, functions: CompositionFunctions, options: CompositionOptions): CompositionCore {
    const normal = normalDefinition(definition);
    const sources = schemasFor(options.types);
    const spec = schemaOfInput(normal.spec, 'spec');
    const traced = traceComposition(normal, spec.schema, functions, options, sources, spec.diagnostics);
    const graph = { ...traced.graph, versions: traceVersions(normal, spec.schema, options, sources) };
    return new CompositionCore({ traced: { ...traced, graph }, functions, options, specInput: normal.spec });
  }

  /** Returns the same composition with aspects applied to its resources. */
  with(aspects: readonly AnyAspect[] | undefined): CompositionCore {
    const traced = this.tracedWith(aspects);
    if (traced === this.traced) return this;
    const { functions, options, specInput } = this;
    return new CompositionCore({ traced, functions, options, specInput });
  }

  protected readonly what = 'composition';

  protected render(target: Target, refusals: Refusal[]): Rendered {
    return writeDefinition(this.traced.graph, this.variants, target, refusals);
  }

  protected check(definition: JsonObject, target: Target): CompileResult {
    const isOwn = target === 'typekro';
    const own = { omit: isOwn, now: isOwn, propagateWhen: isOwn, externalFields: isOwn, versions: isOwn };
    const features = { ...own, deletionPolicy: true };
    const compiled = compile(definition, { sources: withUnknownKinds(this.traced.sources), target, features });
    const crd = compiled.graph?.instance.crd;
    if (crd === undefined) return compiled;
    const refused = withProviders(() => refusedRules(crd, (rule) => this.siteOfRule(rule, target)));
    return refused.length === 0 ? compiled : { diagnostics: refused };
  }

  /** The author's function from which a rule was made; undefined for the rule of a keyword or a library. */
  private siteOfRule(rule: string, target: Target): Site | undefined {
    const { graph, trace } = this.traced;
    const isOf = (validation: ValidationRecord): boolean => {
      const { rules } = withTrace(trace, () => fieldRules([validation], target, new Set()));
      return [...rules.values()].some((texts) => texts.includes(rule));
    };
    return graph.validations.find(isOf)?.site;
  }

  protected entries(definition: JsonObject): readonly JsonObject[] {
    return (definition['spec'] as JsonObject)['resources'] as readonly JsonObject[];
  }

  /** The namespaces that are applied before an instance in kro mode. */
  namespaces(instance: KubeObject): KubeObject[] {
    const { trace } = this.traced;
    const { records } = this.variants;
    const ids = withTrace(trace, () => hoistedIds(records));
    if (ids.size === 0) return [];
    const { resources } = evaluateGraph(this.write('typekro').graph, this.atHub(instance), {});
    return resources.filter(({ id }) => ids.has(id)).flatMap(({ objects }) => objects.map(hoistedNamespace));
  }

  /**
   * Creates the instance for a spec: checks the spec and sets its defaults. A cluster-scoped instance has no namespace.
   *
   * @throws CompositionError `compose/invalid-spec` with all invalid fields, or with all violated preconditions.
   */
  instance(spec: unknown, place?: VersionedPlace): KubeObject {
    const instance = this.proposed(spec, place);
    const broken = this.violations(instance);
    if (broken.length === 0) return instance;
    const hint = `correct the spec of ${this.traced.graph.names.kind}`;
    const diagnostics = broken.map((message): Diagnostic => {
      return { code: 'compose/invalid-spec', severity: 'error', message, path: 'spec', hint };
    });
    throw new CompositionError(diagnostics, `Invalid spec: ${broken.join('; ')}`);
  }

  /**
   * Creates the instance for a spec, without a check of the preconditions.
   *
   * @throws CompositionError `compose/invalid-spec` with all invalid fields.
   */
  proposed(spec: unknown, place: VersionedPlace = {}): KubeObject {
    const instance = this.plainInstance(spec, place);
    const hoisted = this.namespaces(instance).map((object) => object.metadata.name ?? '');
    if (hoisted.length === 0) return instance;
    const annotations = { [HOISTED_ANNOTATION]: JSON.stringify(hoisted) };
    return { ...instance, metadata: { ...instance.metadata, annotations } };
  }

  /** The author's messages of the preconditions that an instance violates. */
  violations(instance: KubeObject): string[] {
    const { graph, trace } = this.traced;
    const { schema } = this.checks(graph.names.version);
    return withTrace(trace, () => violations(graph.validations, schema, this.atHub(instance)));
  }

  /**
   * An instance as the composition reads it: one of another version of the API is converted, as a controller does.
   *
   * @throws CompositionError `compose/invalid-spec` for an instance that cannot be converted, or is invalid afterwards.
   */
  atHub(instance: KubeObject): KubeObject {
    const { group = 'kro.run', version } = this.traced.graph.names;
    const hub = formatApiVersion({ group, version });
    if (instance.apiVersion === hub) return instance;
    try {
      const { spec, metadata } = Conversion.inHub(this.write('typekro').graph.instance.crd, instance);
      return { ...this.plainInstance(spec), metadata };
    } catch (thrown) {
      if (!(thrown instanceof Conversion.Error || thrown instanceof CompositionError)) throw thrown;
      const message = `the spec in ${instance.apiVersion} is not valid in ${hub}: ${thrown.message}`;
      const hint = 'correct the spec, or the functions toHub and fromHub of the version';
      throw new CompositionError([{ code: 'compose/invalid-spec', severity: 'error', message, hint }], message, thrown);
    }
  }

  /** The schema of a version of the API and its rules, with which each spec is checked. */
  private checks(version: string): SpecChecks {
    const { names, spec: authored, versions } = this.traced.graph;
    const known = this.specChecks.get(version);
    if (known !== undefined) return known;
    // No site of a rule is the root, which would get the fields of a Kubernetes object.
    const rules = ruleEvaluator({});
    const other = versions.find(({ definition }) => definition.name === version);
    if (other === undefined && version !== names.version) throw unknownVersion(version, this.traced.graph);
    const checks =
      other === undefined
        ? { schema: specSchemaOf(this.traced.graph), rules, authored, input: this.specInput }
        : { schema: this.writtenSchema(version), rules, authored: other.spec, input: other.definition.spec };
    this.specChecks.set(version, checks);
    return checks;
  }

  /** The schema of a version beside the hub, as it is in the definition. */
  private writtenSchema(version: string): Schema {
    const { definition } = this.write('typekro');
    const block = objectsAt(definition, 'spec', 'schema', 'versions').find(({ name }) => name === version);
    return parsedSpec({ spec: {}, types: {}, ...(block as object) });
  }

  private plainInstance(spec: unknown, place: VersionedPlace = {}): KubeObject {
    const { namespace = 'default' } = place;
    const { names, served } = this.traced.graph;
    const { version = names.version } = place;
    const { schema, rules, authored, input } = this.checks(version);
    const given = plainSpec(spec);
    refuseWholeObject(given, Object.keys(authored.properties ?? {}));
    const parsed = parseSpec(input, spec, given, authored);
    const value = StructuralSchema.applyDefaults(schema, parsed.ok ? plainSpec(parsed.value) : given) as JsonObject;
    const lost = strangeObject(spec, value) ?? valueOutsideJson(parsed.ok ? parsed.value : spec);
    const found =
      lost === undefined
        ? StructuralSchema.validate(schema, value, { evaluateRules: withShownRules(rules()) })
        : [lost];
    // The messages of the schema name a remedy, so they take precedence over those of the library.
    const all = parsed.ok || found.length > 0 ? found : parsed.fields;
    if (all.length > 0) {
      // The validation can report a field error again as an error of the whole object. If there are errors of fields,
      // errors of the whole object are therefore dropped.
      const ofFields = all.filter(({ field }) => !/^(?:|<nil>)$/.test(field));
      const errors = ofFields.length > 0 ? ofFields : all;
      const diagnostics = errors.map(({ field, message }): Diagnostic => {
        const { steps } = RefusedPlace.of(value, field, message);
        const text = RefusalText.of(message, valueAtSteps(value, steps), field);
        const remedy = inTypeScript(text.hint, valueAtSteps(value, steps)) ?? `correct the spec of ${names.kind}`;
        return {
          code: 'compose/invalid-spec',
          severity: 'error',
          message: field === '' ? text.message : `${field}: ${text.message}`,
          path: field === '' ? 'spec' : `spec.${field}`,
          hint: remedy,
        };
      });
      // The remedy of a single error is separate from the message; the remedies of several errors are part of the
      // message.
      const problems = diagnostics.map(({ message, hint = '' }) =>
        diagnostics.length === 1 ? message : `${message} (${hint})`,
      );
      throw new CompositionError(diagnostics, `Invalid spec: ${problems.join('; ')}`);
    }
    const own = typeof value['name'] === 'string' && value['name'] !== '' ? value['name'] : this.name;
    const name = place.name === undefined ? own : checkedInstanceName(place.name);
    return {
      apiVersion: formatApiVersion({ group: names.group ?? 'kro.run', version }),
      kind: names.kind,
      metadata: { name, ...(isClusterScoped(served) ? {} : { namespace }), labels: { ...instanceLabels(this.name) } },
      spec: value,
    };
  }
}

/**
 * Checks the name that a caller gives an instance.
 *
 * @throws TypeKroError `compose/invalid-option`
 */
function checkedInstanceName(name: unknown): string {
  const [problem] = typeof name === 'string' ? dnsSubdomain(name) : ['it is not a string'];
  if (typeof name === 'string' && problem === undefined) return name;
  throw new TypeKroError(`the option name takes the name of an instance, not ${JSON.stringify(name)}: ${problem}`, {
    code: 'compose/invalid-option',
    remedy: 'use lowercase letters, digits, "-" and ".", for example name: \'my-app\'',
  });
}

/** The error for a version that the API does not have. */
function unknownVersion(version: unknown, { names, versions }: Traced['graph']): TypeKroError {
  const known = [names.version, ...versions.map(({ definition }) => definition.name)];
  const near = nearestName(String(version), known);
  return new TypeKroError(`${names.kind} has no version ${JSON.stringify(version)}`, {
    code: 'compose/invalid-option',
    remedy: near === undefined ? `it has ${known.join(', ')}` : `did you mean "${near}"?`,
  });
}

/** The compiled schema of a spec, and the evaluation of its rules. */
interface SpecChecks {
  readonly schema: Schema;
  /** The author's schema, as a structural schema and in the author's notation. */
  readonly authored: Schema;
  readonly input: SchemaInput;
  readonly rules: ReturnType<typeof ruleEvaluator>;
}

/** Evaluates rules whose errors show the comment of the rule, or its text, in place of kro's general message. */
const withShownRules =
  (evaluate: (site: RuleSite) => readonly FieldError[]) =>
  (site: RuleSite): readonly FieldError[] =>
    evaluate({
      ...site,
      rules: site.rules.map(({ rule }) => ({
        rule,
        message: / \/\/ ([^/]+)$/.exec(rule)?.[1] ?? `failed rule: ${rule}`,
      })),
    });

/** The annotation that lists, as JSON, the names of the namespaces that were applied before an instance. */
const HOISTED_ANNOTATION = 'typekro.dev/hoisted-namespaces';

/** Adds annotations to a namespace that belongs to no instance, so that Argo CD and Flux do not prune it. */
export function hoistedNamespace(object: JsonObject): KubeObject {
  const { apiVersion, kind, metadata, ...rest } = object as KubeObject;
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

/** The labels of an instance that the SDK creates. They contain the name of the definition. */
function instanceLabels(definition: string): Readonly<Record<string, string>> {
  return { 'typekro.dev/factory': definition, 'typekro.dev/mode': 'kro', 'typekro.dev/rgd': definition };
}

/** Refuses an argument that is a whole instance (with `spec`, as in YAML) instead of a spec. */
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
 * Rewords a remedy about YAML in terms of TypeScript. The remedy names a conversion, because the author's value may be
 * computed, for example from an environment variable.
 */
function inTypeScript(hint: string | undefined, value: JsonValue | undefined): string | undefined {
  if (hint?.startsWith('begin each entry with') === true) return `write a list: [${JSON.stringify(value)}]`;
  const number = /^write (?:it|the number) without quotes: (.+)$/.exec(hint ?? '')?.[1];
  if (number !== undefined) return `write ${number}, or Number(…) around the expression that returns the string`;
  if (hint === 'write true or false, without quotes')
    return "write true or false, or compare the string: text === 'true'";
  return hint;
}

/** Converts the spec to plain JSON, without members that are `undefined`. */
function plainSpec(spec: unknown): JsonObject {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) {
    throw new CompositionError(
      [{ code: 'compose/invalid-spec', severity: 'error', message: 'a spec must be an object' }],
      'Invalid spec: a spec must be an object',
    );
  }
  try {
    return JSON.parse(JSON.stringify(spec)) as JsonObject;
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    // JSON.stringify throws if the spec has a `bigint`. Only such a spec uses parseJson, because parseJson would
    // convert 1e20 to a `bigint`.
    return parseJson(stringifyJson(spec)) as JsonObject;
  }
}
