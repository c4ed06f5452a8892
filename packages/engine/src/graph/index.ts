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
export {
  awaitedKind,
  dimensionsOf,
  isExternal,
  isTyped,
  kindOf,
  objectPathText,
  ownsObjects,
  typedNodes,
} from './nodes.ts';
export type { CompileInput, CompileOptions, CompileResult, GraphFeatures } from './options.ts';
export { TYPEKRO_FEATURES } from './options.ts';
export type { DefinitionDocument } from './document.ts';
export type { ParsedDefinitions } from './parse-definitions.ts';
export { parseDefinitions } from './parse-definitions.ts';
export type { KroCompatibility } from './kro-compatibility.ts';
export { DEFAULT_KRO_COMPATIBILITY, followsGraphEngine, KRO_COMPATIBILITY_LEVELS } from './kro-compatibility.ts';
export { isDefinition } from './parsed-definition.ts';
export { isCrd } from './kinds/graph-kinds.ts';
export { appendStep, formatPath, parsePath } from './path.ts';
export { resolveKind } from './kinds/resolve-kind.ts';
export { explainSyntaxError } from './syntax/explain-syntax-error.ts';
export { scanExpressions } from './expressions/scan.ts';
export type { NameText } from './names/name-text.ts';
export { isConstantName, nameText, compareNameTexts, shownNameText, variesByInstance } from './names/name-text.ts';
export { isLowerCamelCase, isReservedWord, isUpperCamelCase, suggestId } from './names/naming.ts';
export { diagnosticCodes } from './codes.ts';
export { OBJECT_RECORD_SCHEMA } from './crd.ts';
export { ALLOW_BREAKING_CHANGES, compareInstanceCrds, hasObjectRecord } from './compare-instance-crds.ts';
export { controllerCrds, DEFINITION_CRD, REVISION_CRD } from './kinds/controller-crds.ts';
export { revisionHash } from './hash.ts';
export { isTooDeep } from './too-deep.ts';
export { compile } from './compile.ts';
export type { ExpressionScope } from './expressions/expression-scope.ts';
export { expressionScopes } from './expressions/expression-scopes.ts';
export type { ScalarStyle } from './yaml/yaml-offset.ts';
export { scalarOffsets } from './yaml/yaml-offset.ts';
export { compileGraphObject, compileDocument } from './graph-object/compile-graph-object.ts';
export { isGraphObject, isServiceAccountName } from './graph-object/parsed-graph.ts';
export { graphShape, withLiterals } from './graph-object/graph-shape.ts';
export { writtenNodes } from './graph-object/written-nodes.ts';
export { OWNING_METADATA } from './graph-object/object-structure.ts';
export { GRAPH_CRD, GRAPH_KIND, GRAPH_TYPE } from './graph-object/graph-crd.ts';
export { toMermaid } from './mermaid.ts';
export type { GraphOutline, OutlineNode, InstanceStatus } from './outline/outline.ts';
export { graphOutline } from './outline/outline.ts';
export { outlineLines } from './outline/outline-text.ts';
export { toDot } from './outline/dot.ts';
export { toSvg } from './outline/svg.ts';
export { kindsUsed } from './kinds/kinds-used.ts';
