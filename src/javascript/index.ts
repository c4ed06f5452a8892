/**
 * What the syntax of JavaScript means, on trees of acorn (ESTree): which names a pattern binds, which variable a name
 * is, which variables a function takes from around it. Pure functions. The tracer of compositions and the transform of
 * modules both ask here.
 *
 * @packageDocumentation
 */
export { assignedAround, freeNames } from './free-names.ts';
export { analyseScopes, findBinding } from './scope-analysis.ts';
export type { Binding, Captures, Scope, ScopeAnalysis } from './scope-analysis.ts';
export { assignedNames, boundNames, childrenOf, isFunction, varNames, visitNodes } from './syntax.ts';
export type { FunctionSyntax } from './syntax.ts';
