/**
 * Schemas in the notations of authors. The types of Standard Schema libraries (arktype, zod, valibot) and JSON Schema
 * become structural schemas; these are written as kro's SimpleSchema and as TypeScript. Regular expressions of
 * JavaScript are rewritten for RE2. All functions are pure.
 *
 * @packageDocumentation
 */
export { fromJsonSchema } from './json-schema.ts';
export { toSimpleSchema } from './simple-emit.ts';
export { toTypeScript } from './to-typescript.ts';
