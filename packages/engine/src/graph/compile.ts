import { type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { objectsAt, valueAt } from '@typekro/kit/kubernetes';
import { assembleGraph } from './assemble.ts';
import { buildResources } from './build-resource.ts';
import { checkAdmission } from './checks/check-admission.ts';
import { checkCrd } from './checks/check-crd.ts';
import { checkNames } from './names/check-names.ts';
import { checkRules } from './checks/check-rules.ts';
import { checkTypes } from './checks/check-types.ts';
import { buildConditions } from './checks/conditions.ts';
import { type ParsedDefinition, readDefinition } from './parsed-definition.ts';
import { deferKinds } from './expressions/defer-kinds.ts';
import { type Linked, linkResources } from './link-resources.ts';
import { dependsOnLevel, withLevelHints } from './warnings/level-hints.ts';
import { type DefinitionDocument, isDefinitionDocument } from './document.ts';
import { installedKinds } from './kinds/graph-kinds.ts';
import { buildSpecSchema, hubBlock } from './kinds/instance-schema.ts';
import { KroLevel, otherLevel } from './kro-compatibility.ts';
import { Language, languageNode } from './expressions/language.ts';
import { hasOtherMeaning } from './names/naming.ts';
import { type CompileInput, type CompileOptions, type CompileResult, sourceOf } from './options.ts';
import { buildInstancePropagation } from './instance-propagation.ts';
import { tooDeep } from './too-deep.ts';
import { Problems } from './problems.ts';
import { buildScale } from './status/scale.ts';
import { buildStatus } from './status/status.ts';
import { buildVersions } from './versions/build-versions.ts';
import { warnExpressions } from './warnings/warn-expressions.ts';
import { warnGraph } from './warnings/warn-graph.ts';
import { warnMarkers } from './warnings/warn-markers.ts';
import { warnTexts } from './warnings/warn-texts.ts';
import { warnLiterals } from './warnings/warn-literals.ts';
import { rootsOf } from './analysis.ts';
import { callsGlobal } from './expressions/gated-functions.ts';

/** kro's default limit of forEach dimensions. */
const MAX_FOR_EACH_DIMENSIONS = 10;

/**
 * Compiles a ResourceGraphDefinition. Never throws for user input: each problem is a diagnostic, and the result has all
 * problems that can be found, not just the first. With errors, the result has no graph. If the other level of kro does
 * not report an error, the hint of the error names that other level. The function does not change the input. Only the
 * graph keeps references to the input; diagnostics do not.
 */
export function compile(input: CompileInput, options: CompileOptions): CompileResult {
  const document = isDefinitionDocument(input) ? input : undefined;
  const value = document === undefined ? (input as JsonValue) : document.value;
  const deep = tooDeep(value);
  if (deep !== undefined) return { diagnostics: [deep] };
  const compiled = compileAtLevel(value, document, options);
  if (compiled.graph !== undefined) return compiled;
  const crd = crdOfSchema(value, options);
  const result = { ...compiled, ...(crd === undefined ? {} : { crd }) };
  if (!dependsOnLevel(value)) return result;
  const level = otherLevel(options.kroCompatibility ?? KroLevel.DEFAULT);
  const { diagnostics } = compileAtLevel(value, document, { ...options, kroCompatibility: level });
  return { ...result, diagnostics: withLevelHints(result.diagnostics, diagnostics, level) };
}

/** The CRD of a definition without its resources and its status. Undefined when its other parts have errors. */
function crdOfSchema(value: JsonValue, options: CompileOptions): KubeObject | undefined {
  const spec = isJsonObject(value) ? value['spec'] : undefined;
  const schema = isJsonObject(spec) ? spec['schema'] : undefined;
  if (!isJsonObject(value) || !isJsonObject(spec) || !isJsonObject(schema)) return undefined;
  const { status: _status, ...rest } = schema;
  const { graph } = compileAtLevel({ ...value, spec: { ...spec, schema: rest, resources: [] } }, undefined, options);
  if (graph === undefined) return undefined;
  const crd = structuredClone(graph.instance.crd);
  for (const version of objectsAt(crd, 'spec', 'versions')) {
    const properties = valueAt(version, 'schema', 'openAPIV3Schema', 'properties');
    if (!isJsonObject(properties) || !isJsonObject(properties['status'])) continue;
    properties['status']['x-kubernetes-preserve-unknown-fields'] = true;
  }
  return crd;
}

function compileAtLevel(
  value: JsonValue,
  document: DefinitionDocument | undefined,
  options: CompileOptions,
): CompileResult {
  const problems = new Problems(document);
  const written = readDefinition(value, problems);
  if (written === undefined) return { diagnostics: problems.diagnostics() };
  const maxDimensions = options.maxForEachDimensions ?? MAX_FOR_EACH_DIMENSIONS;
  const level = options.kroCompatibility ?? KroLevel.DEFAULT;
  checkNames(written, { maxDimensions, level }, problems);
  const definition = withDistinctIds(written);
  checkAdmission(definition, problems);
  const spec = buildSpecSchema(hubBlock(definition), definition.name, options.features ?? {}, problems);
  const kinds = {
    source: sourceOf(options),
    installed: installedKinds(definition),
    allowInstalled: options.target === 'typekro',
  };
  const drafts = buildResources(definition, kinds, { level, features: options.features ?? {} }, problems);
  const instance = { definition, spec: spec.schema };
  const propagation = buildInstancePropagation(definition, spec.schema, options, problems);
  const language = new Language({ instance, nodes: drafts.map(languageNode) }, options);
  const linked = linkResources(drafts, language, problems);
  const mayWait = deferKinds(linked, problems);
  for (const each of linked) checkOmitIdentity(each, definition, problems);
  const resources = linked.map((each) => checkTypes(each, language, problems));
  const status = buildStatus(definition, language, options.features ?? {}, problems);
  const scale = buildScale(spec.replicas, status, problems);
  const api = buildVersions(
    definition,
    { spec: spec.schema, status: status.properties },
    options.features ?? {},
    problems,
  );
  const conditions = buildConditions(status.conditions, language, problems);
  for (const draft of drafts) warnLiterals(draft, problems);
  checkRules(spec.rules, options, problems);
  if (spec.complete) warnMarkers(definition, problems);
  warnTexts(definition, level, problems);
  warnGraph(definition, drafts, options.features ?? {}, level, problems);
  warnExpressions(resources, [...status.fields, ...(conditions ?? [])], language, options, problems);
  if (problems.errors > 0 || !spec.complete || !isJsonObject(value)) return { diagnostics: problems.diagnostics() };
  const graph = assembleGraph({
    definition,
    value,
    document,
    level,
    omit: options.features?.omit === true,
    specSchema: spec.schema,
    columns: spec.columns,
    scale,
    api,
    recordsObjects: options.features?.managedResources === true,
    // Either feature suffices, because a command that does not know the controller's feature gates sets only
    // `optionalResources`.
    mayLackKinds:
      mayWait && (options.features?.deferredSchemas === true || options.features?.optionalResources === true),
    resources,
    status,
    conditions,
    propagation,
  });
  checkCrd(graph.instance.crd, value, problems);
  return { graph, diagnostics: problems.diagnostics() };
}

/**
 * Replaces invalid ids by names that no expression can contain. This applies to ids that are duplicate or empty, or
 * that have another meaning in expressions (`schema`). Therefore an invalid id causes only one problem, and the name
 * keeps its other meaning in expressions. A resource whose id is any other reserved word keeps the id, so that
 * expressions that read the resource cause no additional problem.
 */
function withDistinctIds(definition: ParsedDefinition): ParsedDefinition {
  const seen = new Set<string>();
  let changed = false;
  const resources = definition.resources.map((resource) => {
    const { id, index } = resource;
    const free = id !== '' && !hasOtherMeaning(id) && !seen.has(id);
    seen.add(id);
    changed ||= !free;
    return free ? resource : { ...resource, id: `${id}#${index}` };
  });
  return changed ? { ...definition, resources } : definition;
}

/** Refuses omit() in the fields of an object's identity, because these fields must have a value. */
function checkOmitIdentity({ draft, fields }: Linked, definition: ParsedDefinition, problems: Problems): void {
  const needsNamespace = definition.schema.scope === 'Cluster' && draft.resolved?.info.namespaced === true;
  for (const field of fields) {
    const { site } = field;
    const identity = site.pathText === 'metadata.name' || (needsNamespace && site.pathText === 'metadata.namespace');
    if (!identity || !(site.text.template ?? site.text.cel).includes('omit')) continue;
    if (!rootsOf(field).some((root) => callsGlobal(root, 'omit'))) continue;
    problems.error({
      phase: 'omitIdentity',
      code: 'graph/omit',
      message: `${site.pathText} must have a value; it cannot be omitted`,
      place: { path: site.path, offset: site.text.toOriginal(0) },
      kro: `resource "${draft.id}": omit() cannot be used at path "${site.pathText}" — the field is required and must resolve to a concrete value`,
    });
  }
}
