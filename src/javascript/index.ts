/**
 * Analysis of JavaScript syntax trees (ESTree, as acorn makes them): which names a pattern binds, which variable a name
 * refers to, which variables a function captures; and source maps. All functions are pure but those that read the file
 * of a source map. The tracer of compositions and the transform of modules use them.
 *
 * @packageDocumentation
 */
export { assignedAround, freeNames } from './free-names.ts';
export { analyseScopes, findBinding } from './scope-analysis.ts';
export type { Binding, Captures, Scope, ScopeAnalysis } from './scope-analysis.ts';
export { inputMap, mapPosition, readInputMap } from './source-map.ts';
export type { InputMap } from './source-map.ts';
export { assignedNames, boundNames, childrenOf, isFunction, varNames, visitNodes } from './syntax.ts';
export type { FunctionSyntax } from './syntax.ts';
export { syntaxErrorOf } from './syntax-error.ts';
export type { JavaScriptSyntaxError } from './syntax-error.ts';
