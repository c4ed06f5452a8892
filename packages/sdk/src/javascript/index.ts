/**
 * Analysis of JavaScript syntax trees (ESTree, made by acorn), and source maps. The analysis finds the names that a
 * pattern binds, the variable that a name refers to, and the variables that a function captures. All functions are
 * pure, except those that read the file of a source map. The tracer of compositions and the transform of modules use
 * this room.
 *
 * @packageDocumentation
 */
export { analyseScopes, findBinding, assignedAround, freeNames } from './scope-analysis.ts';
export type { Binding, Captures, Scope, ScopeAnalysis } from './scope-analysis.ts';
export { type InputMap, inputMap, mapPosition, readInputMap } from './source-map.ts';
export {
  assignedNames,
  boundNames,
  childrenOf,
  isFunction,
  varNames,
  visitNodes,
  quoteForAuthor,
  quoteJs,
  syntaxErrorOf,
} from './syntax.ts';
export type { FunctionSyntax } from './syntax.ts';
