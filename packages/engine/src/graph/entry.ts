/**
 * `typekro/graph`: the compiler of resource graphs, the types and the formatter of its problems, and the sources of the
 * kinds in templates. The compiler is pure and has no I/O. The other names of `index.ts` are for the other rooms.
 *
 * @packageDocumentation
 */
export type { CodeInfo, Diagnostic, GroupVersionKind, KubeObject, Severity, SourcePosition } from '@typekro/kit/core';
export { formatDiagnostic, hasErrors } from '@typekro/kit/core';
export type * from './model.ts';
export type { CompileInput, CompileOptions, CompileResult, CompileTarget, GraphFeatures } from './options.ts';
export type { DefinitionDocument, WrittenScalar } from './document.ts';
export type { ParsedDefinitions } from './parse-definitions.ts';
export type { KroCompatibility } from './kro-compatibility.ts';
export {
  compile,
  compileDocument,
  compileGraphObject,
  diagnosticCodes,
  parseDefinitions,
  TYPEKRO_FEATURES,
} from './index.ts';
export type { CrdSourceOptions } from '../schema/crd/crd-source.ts';
export type { ListType, ResourceInfo, Schema, SchemaSource, ValidationRule } from '../schema/model.ts';
export type { BuiltinSource } from '../schema/builtin-source.ts';
export type { OpenApiDocument } from '../schema/openapi-source.ts';
export { builtinSource, combineSources, crdSource, openApiDocument } from '../schema/index.ts';
