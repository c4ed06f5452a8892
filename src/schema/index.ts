/**
 * One structural model of types, and everything that reads, writes or applies it: OpenAPI v3 and CRD
 * schemas with Kubernetes' extensions, the built-in kinds, kro's SimpleSchema, Standard Schema libraries,
 * TypeScript types; validation, defaulting and pruning of objects as an API server does them; comparison
 * of two versions of a CRD. Pure, no network; built-in kinds are read from the package's own data.
 *
 * @packageDocumentation
 */
export type {
  FieldError,
  FieldErrorReason,
  FieldStep,
  ListType,
  ResourceInfo,
  Schema,
  SchemaSource,
  ValidationRule,
} from './model.ts';
