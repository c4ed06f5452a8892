/**
 * The compiler of resource graphs. `compile` reads a ResourceGraphDefinition, as an object or as YAML. Without errors
 * it returns a checked, immutable `Graph`: nodes, expressions, dependencies, order, the CRD of the API and the revision
 * hash. All problems are returned together. Each has a code, a path and a remedy, and for YAML input also a position.
 * The errors and the messages in `kroMessage` follow kro; the warnings are this project's own. The compiler is pure and
 * has no I/O.
 *
 * @packageDocumentation
 */
export type { Expression, Graph, Hole, PathStep, ReadPart, GraphNode, TypedNode } from './model.ts';
export { type CompileOptions, type CompileResult, type GraphFeatures, TYPEKRO_FEATURES } from './options.ts';
export type { DefinitionDocument } from './document.ts';
export { parseDefinitions } from './parse-definitions.ts';
export { isDefinition } from './parsed-definition.ts';
export { explainSyntaxError } from './syntax/explain-syntax-error.ts';
export { scanExpressions } from './expressions/scan.ts';
export { diagnosticCodes } from './codes.ts';
export { controllerCrds } from './kinds/controller-crds.ts';
export { revisionHash } from './hash.ts';
export { tooDeep } from './too-deep.ts';
export { compile } from './compile.ts';
export type { ExpressionScope } from './expressions/expression-scope.ts';
export { expressionScopes } from './expressions/expression-scopes.ts';
export { scalarOffsets } from './yaml/yaml-offset.ts';
export { compileGraphObject, compileDocument } from './graph-object/compile-graph-object.ts';
export { type OutlineNode, GraphOutline } from './outline/outline.ts';
export { Nodes } from './nodes.ts';
export { Path } from './path.ts';
export { NameText } from './names/name-text.ts';
export { Naming } from './names/naming.ts';
export { type KroCompatibility, KroLevel } from './kro-compatibility.ts';
export { ALLOW_BREAKING_CHANGES } from './crd.ts';
export { InstanceCrd } from './compare-instance-crds.ts';
export { tryConversions } from './versions/try-conversions.ts';
export { GraphObject } from './graph-object/parsed-graph.ts';
export { GraphShape } from './graph-object/graph-shape.ts';
export { Kinds } from './kinds/kinds-used.ts';
