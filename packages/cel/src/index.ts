/**
 * The Common Expression Language with kro's libraries. The lexer and the parser make a syntax tree with positions. The
 * type checker has cel-go's verdicts and messages. The planner compiles the checked tree to closures that are
 * specialised for the checked types. The room also has the standard and extension libraries, an unparser, an analysis
 * of references, and the conversion of results to JSON. The room does no I/O. Its only Kubernetes-specific parts are
 * the CEL libraries.
 *
 * @packageDocumentation
 */
export type * from './api.ts';
export type * from './ast.ts';
export type * from './library.ts';
export { type FieldInfo, type TypeProvider, EMPTY_PROVIDER, combineProviders } from './provider.ts';
export { freeIdentifiers, namesBoundBy, renameVariables } from './rename.ts';
export type { DataShape, ShapeKind } from './shape.ts';
export type { CelType, TypeKind } from './types.ts';
export {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  TYPE,
  UINT,
  isOptional,
  listType,
  mapType,
  opaqueType,
  optionalType,
  sameType,
  structType,
  typeParam,
  typeToString,
  isAssignable,
} from './types.ts';
export type { Value, ValueObject } from './values.ts';
export {
  BUDGET_EXCEEDED,
  CelDouble,
  CelDuration,
  CelMap,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  CelValue,
  EvalFailure,
  OpaqueValue,
  fail,
  typeNameOf,
} from './values.ts';
export { createEnvironment } from './environment.ts';
export { standardLibrary } from './standard/index.ts';
export { joinPrograms, replaceStrings } from './plan/program.ts';
export { type SizeAt, estimateCost, minRoundCost } from './cost/estimate.ts';
export type { Range as CostRange } from './cost/range.ts';
export { RULE_LIBRARIES } from './kubernetes.ts';
export type { KroEnvironmentOptions, KroFeatures } from './kro.ts';
export { KRO_LIBRARIES, bindings, kroEnvironment, optionalTypes, twoVariableComprehensions } from './kro.ts';
export * from './lib/index.ts';
export type { InspectOptions, Inspection, ReferenceOptions, References, Use } from './references.ts';
export { inspect, references } from './references.ts';
export { type JsonOptions, type JsonResult, finiteJson, toJson } from './to-json.ts';
export { escapeFieldName, unescapeFieldName } from './eval/field-names.ts';
export { nanosecondsOfUnit } from './eval/string-formats.ts';
export { rewriteAst, walkAst } from './rewrite.ts';
/** The nodes of syntax trees. */
export * as syntax from './syntax/unparsed-nodes.ts';
export { type LexicalError, type Token, tokenize } from './syntax/lexer.ts';
export { unparse } from './unparse.ts';
