import type { ObjectExpression } from 'acorn';
import { type Diagnostic, hasErrors, pascalCase, setOwn, gvkOf } from '@typekro/kit/core';
import type { Schema, SchemaSource } from '@typekro/engine/schema';
import type { NormalDefinition } from './definition-names.ts';
import { createResource, isReservedId, camelCase } from './resources/create-resource.ts';
import { schemasOf, setSchemas } from './resources/run-schemas.ts';
import { diagnosticOf, explainRefusal, withSource } from './refusal/diagnostics.ts';
import { checkDeclaredStatus, fieldsOf } from './emit/declared-status.ts';
import { settleNumbers, settleStatus } from './emit/flows.ts';
import { refuseSecretStatus, warnPrintedSecrets } from './emit/secrets.ts';
import { mergeSides } from './emit/emit-template.ts';
import { callClosure } from './interp/functions.ts';
import { siteOf } from './interp/env.ts';
import { type Closure, type Unit, closureOf } from './value/closure.ts';
import { treeInterpreter } from './interp/tree-interpreter.ts';
import { outerClosure } from './interp/outside-functions.ts';
import { fieldSite } from './interp/returned-fields.ts';
import { alwaysThrown } from './interp/thrown-message.ts';
import { select, variable, not } from './ir/build.ts';
import { Variable } from './ir/node.ts';
import type { ObjectStaticType } from './ir/types.ts';
import { instanceType } from './library/kind-type.ts';
import { specType } from './library/schema-type.ts';
import type { CompositionOptions } from './public-types.ts';
import { declaredStatus } from './schemas.ts';
import { addRefinements } from './refinements.ts';
import { isClusterScoped } from './served-kind.ts';
import { providerProblem, withProviders } from './source/current-run.ts';
import { refuseWithoutProvider } from './source/text-source.ts';
import type { FunctionLike } from './source/function-source.ts';
import type { ResourceRecord } from './trace/records.ts';
import { inConversion, thrownByConversion } from './refusal/conversion-refusal.ts';
import { type Site, CompositionError, failureOf, Refusal, refuse } from './refusal/refusal.ts';
import { type TraceForm, Trace } from './trace/trace.ts';
import { activeTrace, currentTrace, withTrace } from './trace/current-trace.ts';
import { resolveMerged } from './value/merge.ts';
import { refuseLostTexts, symbolic, wrap } from './value/proxy.ts';
import { Phi, Splice, Sym } from './value/symbolic.ts';
import type { TracedGraph } from './emit/definition.ts';

/** The functions of a composition: one function, or a resource builder and a status function. */
export interface CompositionFunctions {
  readonly build: FunctionLike;
  /** The status function; undefined when the composition is one function. */
  readonly status: FunctionLike | undefined;
}

/** A composition after tracing. */
export interface Traced {
  readonly graph: TracedGraph;
  readonly trace: Trace;
  readonly sources: SchemaSource;
  readonly diagnostics: readonly Diagnostic[];
  /** The resources that a resource builder returned, by key. Empty when the composition is one function. */
  readonly named: ReadonlyMap<string, unknown>;
}

/** Makes the symbolic instance that the author's functions get as an argument. `name` is its variable in CEL. */
export function instanceValue(spec: Schema, isNamespaced: boolean, name = 'schema'): Sym {
  const type = specType(spec);
  const root: ObjectStaticType = instanceType(type, isNamespaced);
  return new Sym(variable(new Variable(name, 'schema'), root), { label: 'schema' });
}

/**
 * Traces a composition. With the form `graph`, the traced function has no spec and no status.
 *
 * @throws CompositionError with all parts that cannot be translated.
 */
export function traceComposition(
  definition: Omit<NormalDefinition, 'versions'>,
  spec: Schema,
  functions: CompositionFunctions,
  options: CompositionOptions,
  sources: SchemaSource,
  schemaDiagnostics: readonly Diagnostic[],
  form: TraceForm = 'definition',
): Traced {
  const trace = new Trace(options.strict !== false, treeInterpreter, form);
  setSchemas(trace, sources);
  return withProviders(
    () =>
      withTrace(trace, () => {
        try {
          const instance = form === 'graph' ? undefined : instanceValue(spec, !isClusterScoped(definition.served));
          const inputs = instance === undefined ? noInputs(functions) : instanceInputs(instance, specName(functions));
          if (instance !== undefined) addRefinements(spec, inputs.spec);
          const { status: returned, site, named, fieldSite: field } = runFunctions(functions, inputs);
          const status = form === 'graph' ? withoutStatus(returned, site) : returned;
          trace.closed = true;
          throwNoted(trace);
          refuseLostTexts();
          finishIds(trace.resources);
          const schemaOf = (record: ResourceRecord) => record.schema ?? schemasOf(trace).schemaOf(gvkOf(record));
          for (const record of trace.resources) trace.collecting(() => settleNumbers(record, schemaOf(record)));
          const declared = definition.status === undefined ? undefined : declaredStatus(definition.status);
          const places = { whole: site, field };
          if (declared !== undefined) {
            checkDeclaredStatus(status, declared, places);
            trace.collecting(() => settleStatus(status, declared, (path) => field(path) ?? site));
          }
          refuseSecretStatus(status, trace.resources, places);
          throwNoted(trace);
          warnPrintedSecrets(trace.resources);
          const graph: TracedGraph = {
            names: definition.names,
            served: definition.served,
            spec,
            records: trace.resources,
            status,
            declaredStatus: declared === undefined ? undefined : fieldsOf(declared),
            statusSite: site,
            validations: trace.validations,
            schemaOf,
            allowBreakingChanges: options.allowBreakingChanges === true,
            fieldValidations: options.schemaFieldValidations ?? {},
            versions: [],
          };
          return {
            graph,
            trace,
            sources: schemasOf(trace),
            named,
            diagnostics: [...schemaDiagnostics, ...warningsOf(trace)],
          };
        } catch (error) {
          throw compositionError(definition.names.name, error, trace);
        }
      }),
    options.scope?.(),
  );
}

/** The warnings of a run, with their places. */
export function warningsOf(trace: Trace): Diagnostic[] {
  return trace.warnings.map(({ diagnostic, site }) => withSource(diagnostic, site));
}

/** The word for the traced function in messages. */
const formName = ({ form }: Trace): string => (form === 'graph' ? 'graph' : 'composition');

/** The error to throw for a refusal, or for an exception of the author's own code. */
export function compositionError(name: string, error: unknown, trace: Trace): unknown {
  const isConversion = trace.form === 'conversion';
  // An exception after a refusal may be only a consequence of the refusal, because values are missing.
  const failure =
    error instanceof Refusal || trace.errors.length === 0
      ? (alwaysThrown(error) ??
        failureOf(error, trace.deepestCall) ??
        (isConversion ? thrownByConversion(error) : undefined))
      : undefined;
  if (failure !== undefined) trace.recover(failure);
  else if (trace.errors.length === 0) return error;
  const errors = isConversion ? trace.errors.map(inConversion) : trace.errors;
  const diagnostics = [...errors.map(diagnosticOf), ...warningsOf(trace)];
  const text = `${formName(trace)} ${name}: ${errors.map(explainRefusal).join('\n')}`;
  return new CompositionError(diagnostics, text, failure?.cause);
}

/** Throws the first refusal that was noted during the run, if there is one. */
export function throwNoted(trace: Trace): void {
  const [first] = trace.errors;
  if (first !== undefined) throw first;
}

/** Throws the refusals that occurred while a definition was generated, if one of them is an error. */
export function throwRefusals(name: string, refusals: readonly Refusal[], trace: Trace): void {
  if (refusals.length === 0) return;
  const diagnostics = [...refusals.map(diagnosticOf), ...warningsOf(trace)];
  if (hasErrors(diagnostics))
    throw new CompositionError(diagnostics, `${formName(trace)} ${name}: ${refusals.map(explainRefusal).join('\n')}`);
}

/** The arguments of the author's functions. */
export interface CompositionArguments {
  readonly schema: unknown;
  readonly spec: unknown;
}

/** The inputs of a composition that is not nested: the instance that a user will create. `name` is that of the spec. */
export function instanceInputs(instance: Sym, name: string): CompositionArguments {
  activeTrace().specName = name;
  const type = (instance.type as ObjectStaticType).field('spec')?.type ?? instance.type;
  activeTrace().instance = wrap(instance);
  return { schema: activeTrace().instance, spec: wrap(new Sym(select(instance.node, 'spec', type), { label: name })) };
}

/** The inputs of a graph without an API: none. */
function noInputs({ build }: CompositionFunctions): CompositionArguments {
  const { node, unit } = closureFor(build);
  const [parameter] = node.params;
  if (parameter === undefined) return { schema: undefined, spec: undefined };
  const refusal = new Refusal(
    'argument',
    'the function of a graph takes no parameter, because a Graph has no API and no spec',
    'use values from outside the function, or kubernetesComposition for a custom kind',
  );
  refusal.site = siteOf(unit, parameter);
  throw refusal;
}

/**
 * Is the value a resource or another whole node? An arrow function without braces returns such a value even if the
 * author intends no status.
 */
const isWholeNode = ({ node, resource }: Sym): boolean => resource !== undefined || node.kind === 'var';

/**
 * Refuses a value that the function of a graph returns, because a Graph has no status for its fields. Resources are
 * allowed.
 */
function withoutStatus(returned: unknown, site: Site): undefined {
  const value = resolveMerged(returned);
  const inner = symbolic(value);
  if (value === undefined || value === null || (inner instanceof Sym && isWholeNode(inner))) return undefined;
  if (inner instanceof Phi) {
    withoutStatus(inner.then, site);
    return withoutStatus(inner.otherwise, site);
  }
  if (inner === undefined && typeof value === 'object') {
    for (const item of Object.values(value)) if (!(item instanceof Splice)) withoutStatus(item, site);
    return undefined;
  }
  const refusal = new Refusal(
    'unsupported',
    'the function of a graph returns a value, but a Graph has no status for it',
    'return nothing and write the value into a ConfigMap, or use kubernetesComposition for a kind with a status',
  );
  refusal.site = site;
  throw refusal;
}

/**
 * The author's name for the spec: the parameter of the composition, or the field `spec` of a resource builder's
 * parameter.
 */
export function specName({ build, status }: CompositionFunctions): string {
  const parameter = closureFor(build).node.params[0];
  if (parameter?.type !== 'Identifier') return 'spec';
  return status === undefined ? parameter.name : `${parameter.name}.spec`;
}

/** The results of the author's functions. */
interface Run {
  readonly status: unknown;
  /** The place of the returned status. */
  readonly site: Site;
  /** The place where a field of the status is written. */
  readonly fieldSite: (path: readonly string[]) => Site | undefined;
  readonly named: ReadonlyMap<string, unknown>;
}

/** Runs the author's functions. */
export function runFunctions(functions: CompositionFunctions, inputs: CompositionArguments): Run {
  const builder = closureFor(functions.build);
  if (functions.status === undefined) {
    const status = callClosure(treeInterpreter, builder, selfOf(builder), [inputs.spec, inputs.schema]);
    return { status, ...placesOf(builder), named: new Map() };
  }
  const made = callClosure(treeInterpreter, withSiblings(builder), selfOf(builder), [inputs.schema]);
  const named = nameResources(made);
  const resources: Record<string, unknown> = (currentTrace() as Trace).track({});
  for (const [key, value] of named) setOwn(resources, key, value);
  const last = closureFor(functions.status);
  const status = callClosure(treeInterpreter, last, selfOf(last), [inputs.schema, resources]);
  return { status, ...placesOf(last), named };
}

const placesOf = (closure: Closure): Pick<Run, 'site' | 'fieldSite'> => ({
  site: siteOfResult(closure),
  fieldSite: (path) => fieldSite(closure, path),
});

/** The place of the value that a function returns at its end. */
function siteOfResult({ node, unit }: Closure): Site {
  const last = node.body.type === 'BlockStatement' ? node.body.body.at(-1) : undefined;
  const returned = last?.type === 'ReturnStatement' ? last.argument : undefined;
  return siteOf(unit, returned ?? last ?? node.body);
}

/**
 * The `this` of a composition: undefined for an ordinary function; for an arrow function the outer `this`, if the
 * provider can read it.
 */
function selfOf(closure: Closure): Closure['self'] {
  if (closure.node.type !== 'ArrowFunctionExpression') return { value: undefined, known: true };
  return closure.self;
}

/** The closure of a function, ready to be interpreted. Refuses a function whose source cannot be read. */
function closureFor(fn: FunctionLike): Closure {
  return closureOf(fn) ?? outerClosure(fn) ?? refuseWithoutProvider(fn, providerProblem());
}

/**
 * The builder with a scope for its returned object: inside this object, each earlier key can be used as a variable that
 * denotes its resource.
 */
function withSiblings(builder: Closure): Closure {
  const node = returnedObject(builder);
  if (node === undefined) return builder;
  const values = new Map<string, unknown>();
  const unit: Unit = {
    ...builder.unit,
    siblings: { node, values },
    lookup: (name) => builder.unit.lookup(name) ?? (values.has(name) ? { value: values.get(name) } : undefined),
  };
  return { ...builder, unit };
}

function returnedObject(builder: Closure): ObjectExpression | undefined {
  const { body } = builder.node;
  if (body.type === 'ObjectExpression') return body;
  if (body.type !== 'BlockStatement') return undefined;
  const last = body.body.at(-1);
  return last?.type === 'ReturnStatement' && last.argument?.type === 'ObjectExpression' ? last.argument : undefined;
}

/** The resources that a builder returned, by key. Plain objects become resources. */
function nameResources(raw: unknown): Map<string, unknown> {
  const found = resolveMerged(raw);
  const inner = symbolic(found);
  // With `if (c) return { a }; return { b };`, each resource gets the condition of its branch.
  const made = inner instanceof Phi ? mergeSides(inner) : found;
  const named = new Map<string, unknown>();
  if (typeof made !== 'object' || made === null || symbolic(made) !== undefined) {
    return refuse(
      'types',
      'the resource builder must return an object of resources',
      'return { name: Deployment({ … }), … }',
    );
  }
  for (const [key, value] of Object.entries(made)) {
    const found = nameResource(key, value);
    if (found !== undefined) named.set(key, found);
  }
  return named;
}

function nameResource(key: string, raw: unknown): unknown {
  const trace = currentTrace() as Trace;
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    const then = trace.under(inner.test, () => nameResource(key, inner.then));
    const otherwise = trace.under(not(inner.test), () => nameResource(key, inner.otherwise));
    return wrap(new Phi(inner.test, then, otherwise));
  }
  if (inner instanceof Sym) {
    const { resource } = inner;
    if (resource !== undefined && !resource.explicitId && !named.has(resource)) {
      named.add(resource);
      rename(resource, key);
    }
    return value;
  }
  const [only] = Array.isArray(value) && value.length === 1 ? (value as unknown[]) : [];
  if (only instanceof Splice) {
    const made = trace.resources.find((record) => only.list.kind === 'var' && record.variable === only.list.variable);
    if (made !== undefined && !made.explicitId && !named.has(made)) {
      named.add(made);
      rename(made, key);
    }
    return value;
  }
  if (isManifest(value)) return createResource(value, 'id' in value && value.id !== undefined ? {} : { id: key });
  return value === false || value === null ? undefined : value;
}

/** Resources whose id is the key under which they were returned. */
const named = new WeakSet<ResourceRecord>();

function isManifest(value: unknown): value is { apiVersion: string; kind: string } {
  return typeof value === 'object' && value !== null && 'apiVersion' in value && 'kind' in value;
}

function rename(record: ResourceRecord, id: string): void {
  record.id = /^[a-z][A-Za-z0-9]*$/.test(id) ? id : camelCase(id);
  record.label = undefined;
}

/**
 * Decides the final ids. A derived id gets a number if it is taken, and the suffix `Object` if it is a reserved word.
 * An id that the author chose is refused in both cases.
 */
export function finishIds(records: readonly ResourceRecord[]): void {
  const taken = new Map<string, ResourceRecord>();
  const fixed = (record: ResourceRecord) => record.explicitId || named.has(record);
  for (const record of records.filter(fixed)) {
    const other = taken.get(record.id);
    if (other !== undefined) {
      at(record, () =>
        refuse(
          'duplicate-id',
          `two resources have the id "${record.id}" (${other.kind} and ${record.kind})`,
          other.site !== undefined && other.site.text === record.site?.text && other.site.start === record.site.start
            ? `the call runs once for each element of a list that is known: give each its own id, as id: \`${record.id}\${index}\`, or leave the id out`
            : 'give each its own id',
        ),
      );
    }
    if (isReservedId(record.id))
      at(record, () =>
        refuse(
          'id',
          `"${record.id}" is a reserved word of kro and cannot be an id`,
          `use "${record.id}${pascalCase(record.kind)}"`,
        ),
      );
    taken.set(record.id, record);
  }
  for (const record of records.filter((entry) => !fixed(entry))) {
    const base = isReservedId(record.id) ? `${record.id}Object` : record.id;
    let id = base;
    for (let number = 2; taken.has(id); number++) id = `${base}${number}`;
    record.id = id;
    taken.set(id, record);
  }
  for (const record of records) {
    record.variable.name = record.id;
    if (record.element !== undefined) record.element.name = record.id;
  }
}

function at(record: ResourceRecord, work: () => never): never {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) error.site = record.site;
    throw error;
  }
}
