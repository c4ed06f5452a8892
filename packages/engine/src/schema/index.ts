/**
 * One structural model of types (`Schema`), and the functions that read or apply schemas. The formats are OpenAPI v3 and
 * CRD schemas with Kubernetes' extensions, and kro's SimpleSchema. Objects are validated, defaulted and pruned as an API
 * server does. CRDs can be compared. All functions are pure and use no network; built-in kinds come from the package's
 * own data.
 *
 * @packageDocumentation
 */
export type { ResourceInfo, Schema, SchemaSource, ValidationRule } from './model.ts';
export { type BuiltinSource, builtinSource } from './builtin-source.ts';
export { combineSources } from './combined-source.ts';
export { crdSource } from './crd/crd-source.ts';
export { CrdSchema } from './crd/crd-versions.ts';
export { openApiDocument } from './openapi-source.ts';
export { pluralize } from './pluralize.ts';
export type { SchemaChange } from './crd/compare-schemas.ts';
export type { ComparedFacets } from './crd/compare-facets.ts';
export { schemaCodes } from './codes.ts';
export { FieldDescription } from './field-facts.ts';
export { valueAtSteps, RefusedPlace } from './refused-place.ts';
export { RefusalText } from './refusal-text.ts';
export { Marker } from './simple/simple-lexer.ts';
export { BuiltinDescriptions } from './builtin-descriptions.ts';
export { CrdRules } from './crd/crd-errors.ts';
export type { RuleSite } from './rule-sites.ts';
export { CelTypes } from './cel-types.ts';
export { SimpleSchema } from './simple/simple-schema.ts';
export { StructuralSchema } from './validation/validate.ts';
export { schemaNodeAt } from './validation/update-schema.ts';
