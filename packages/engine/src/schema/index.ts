/**
 * One structural model of types (`Schema`), and the functions that read, write or apply schemas. The formats are
 * OpenAPI v3 and CRD schemas with Kubernetes' extensions, kro's SimpleSchema, the types of Standard Schema libraries,
 * and TypeScript types. Objects are validated, defaulted and pruned as an API server does. CRDs can be compared. All
 * functions are pure and use no network; built-in kinds come from the package's own data.
 *
 * @packageDocumentation
 */
export type { SimpleBlock, SimpleValue } from './simple/simple-emit-names.ts';
export type { FieldStep, ListType, ResourceInfo, Schema, SchemaSource, ValidationRule } from './model.ts';
export type { BuiltinDescriptions } from './builtin-descriptions.ts';
export { describeField, describeBuiltinKind, describeBuiltinType } from './builtin-descriptions.ts';
export type { BuiltinSource } from './builtin-source.ts';
export { builtinSource, bundledSource } from './builtin-source.ts';
export type { FieldFacts, TypeFacts } from './builtin-types.ts';
export { bundleTypes } from './bundle.ts';
export type { FieldDescription, MemberFacts } from './field-facts.ts';
export { factsOf, findField, membersOf, namesIn, typeText, valueText } from './field-facts.ts';
export { combineSources } from './combined-source.ts';
export type { CrdSourceOptions } from './crd/crd-source.ts';
export { crdSource, crdVersions, versionSchema } from './crd/crd-source.ts';
export { structuralSchema } from './lazy.ts';
export type { OpenApiDocument } from './openapi-source.ts';
export { openApiDocument, openApiSource } from './openapi-source.ts';
export type { SimpleColumn, SimpleReplicas } from './simple/simple-columns.ts';
export type { SimpleRule, SimpleSchemaOptions } from './simple/simple-schema.ts';
export { GATED_MARKER_KEYS, MARKER_KEYS, markerOffset } from './simple/simple-lexer.ts';
export { parseSimpleSchema } from './simple/simple-schema.ts';
export { defaultOffset, markerAdvice } from './simple/marker-advice.ts';
export type { SimpleSchemaError } from './simple/simple-type.ts';
export { pluralize } from './pluralize.ts';
export { applyDefaults, DefaultsTooLongError } from './validation/defaults.ts';
export { fieldPath } from './validation/field-error.ts';
export { prune } from './validation/prune.ts';
export type { RuleSite } from './rule-sites.ts';
export { hasRules, ruleSites } from './rule-sites.ts';
export { embeddedResources } from './validation/validate-embedded.ts';
export { validateValue } from './validation/validate.ts';
export type { RefusalText } from './refusal-text.ts';
export { innerFieldsWith, namedValue, shapeHint } from './shape-hint.ts';
export { parentSchema, refusalText, unknownFieldHint } from './refusal-text.ts';
export type { RefusedPlace } from './refused-place.ts';
export { refusedPlace, stepsIn, valueAtSteps, withField } from './refused-place.ts';
export { crdNarrowings } from './crd/crd-narrowings.ts';
export type { CrdChanges, CrdComparison } from './crd/compare-crds.ts';
export { compareCrds, fieldOfChange } from './crd/compare-crds.ts';
export type { BoundKeyword, ChangeType, SchemaChange } from './crd/compare-schemas.ts';
export type { ComparedFacets, FacetChangeType } from './crd/compare-facets.ts';
export { compareSchemas } from './crd/compare-schemas.ts';
export type { SchemaResult } from './libraries/json-schema.ts';
export { fromJsonSchema } from './libraries/json-schema.ts';
export { schemaChecks } from './libraries/json-schema-nodes.ts';
export type { LibraryResult, SchemaCheck } from './libraries/library-type.ts';
export { libraryParser } from './libraries/library-type.ts';
export { fromStandardSchema } from './libraries/standard-schema.ts';
export type { GroupStep } from './regex/groups.ts';
export { stepsToGroups } from './regex/groups.ts';
export type { RegexUse } from './regex/re2.ts';
export { minMatchLength, printRe2, subexpressionsOf } from './regex/re2.ts';
export type { ParsedRegex, Regex } from './regex/syntax.ts';
export { parseRegex, CHARACTERS, PatternProblem } from './regex/syntax.ts';
export type { SimpleEmitOptions } from './simple/simple-emit.ts';
export { toSimpleSchema } from './simple/simple-emit.ts';
export { ruleWithMessage } from './simple/simple-emit-markers.ts';
export { celShape } from './cel-shape.ts';
export type { CelResource } from './cel-types.ts';
export { celType, celTypes } from './cel-types.ts';
export { schemaCodes } from './codes.ts';
export { crdErrors, crdUpdateErrors, isEstablished } from './crd/crd-errors.ts';
export type { RuleChecker } from './structural/structural.ts';
export { structuralErrors } from './structural/structural.ts';
export { docComment, toTypeScript } from './to-typescript.ts';
export { schemaNodeAt, updateSchema } from './validation/update-schema.ts';
