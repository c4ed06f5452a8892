import type { Schema, SchemaSource } from '@typekro/engine/schema';
import type { NormalDefinition } from './definition-names.ts';
import { specSchemaOf } from './emit/simple-spec.ts';
import { settleStatus } from './emit/flows.ts';
import type { TracedConversion, TracedVersion } from './emit/version-block.ts';
import { treeInterpreter } from './interp/tree-interpreter.ts';
import type { CompositionOptions } from './public-types.ts';
import { addRefinements } from './refinements.ts';
import { CONVERSION_THROWS } from './refusal/conversion-refusal.ts';
import { type Site, Refusal } from './refusal/refusal.ts';
import { setSchemas } from './resources/run-schemas.ts';
import { schemaOfInput } from './schemas.ts';
import { isClusterScoped } from './served-kind.ts';
import type { FunctionLike } from './source/function-source.ts';
import { withProviders } from './source/current-run.ts';
import {
  compositionError,
  instanceInputs,
  instanceValue,
  runFunctions,
  specName,
  throwNoted,
} from './trace-composition.ts';
import { withTrace } from './trace/current-trace.ts';
import { type TraceForm, Trace } from './trace/trace.ts';
import { refuseLostTexts } from './value/proxy.ts';

/**
 * Traces the conversions of a definition's versions. `hub` is the schema of the spec that the composition reads.
 *
 * @throws CompositionError with all parts of a schema or a function that cannot be translated.
 */
export function traceVersions(
  { names, served, versions }: NormalDefinition,
  hub: Schema,
  options: CompositionOptions,
  sources: SchemaSource,
): readonly TracedVersion[] {
  const isNamespaced = !isClusterScoped(served);

  function run<T>(
    what: string,
    form: TraceForm,
    work: (trace: Trace) => T,
  ): { readonly trace: Trace; readonly result: T } {
    const trace = new Trace(options.strict !== false, treeInterpreter, form);
    setSchemas(trace, sources);
    return withTrace(trace, () => {
      try {
        const result = work(trace);
        throwNoted(trace);
        return { trace, result };
      } catch (error) {
        throw compositionError(`${names.name} (versions.${what})`, error, trace);
      }
    });
  }

  function conversion(fn: FunctionLike | undefined, from: Schema, to: Schema, what: string) {
    if (fn === undefined) return undefined;
    const { trace, result } = run(what, 'conversion', (own) => {
      const functions = { build: fn, status: undefined };
      const { spec } = instanceInputs(instanceValue(from, isNamespaced, 'self'), specName(functions));
      const { status: fields, site, fieldSite } = runFunctions(functions, { spec, schema: undefined });
      refuseLostTexts();
      const settled = specSchemaOf({ spec: to, fieldValidations: {} });
      settleStatus(fields, settled, (path) => fieldSite(path) ?? site);
      refuseEffects(own);
      return { fields, site, fieldSite };
    });
    return { trace, ...result } satisfies TracedConversion;
  }

  const version = (definition: NormalDefinition['versions'][number]): TracedVersion => {
    const { name, toHub, fromHub } = definition;
    const { schema: spec, diagnostics } = schemaOfInput(definition.spec, `versions.${name}.spec`);
    const checks = run(name, 'definition', () => {
      addRefinements(spec, instanceInputs(instanceValue(spec, isNamespaced), 'spec').spec);
    }).trace;
    return {
      definition,
      spec,
      diagnostics,
      checks,
      toHub: conversion(toHub, spec, hub, `${name}.toHub`),
      fromHub: conversion(fromHub, hub, spec, `${name}.fromHub`),
    };
  };
  return versions.length === 0 ? [] : withProviders(() => versions.map(version), options.scope?.());
}

/**
 * Refuses resources and conditional errors: a conversion only makes another form of an object, and must have a result
 * for each object that is stored.
 */
function refuseEffects({ resources, validations }: Trace): void {
  const [resource] = resources;
  const [validation] = validations;
  const refuseAt = (site: Site | undefined, message: string, remedy: string) => {
    const refusal = new Refusal('unsupported', message, remedy);
    refusal.site = site;
    throw refusal;
  };
  if (resource !== undefined)
    refuseAt(
      resource.site,
      'a conversion cannot create a resource',
      'create it in the function that describes the kind',
    );
  if (validation !== undefined) refuseAt(validation.site, ...CONVERSION_THROWS);
}
