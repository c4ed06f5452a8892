/**
 * The compiler of resource graphs. `compile` reads a ResourceGraphDefinition, as an object or as YAML. Without errors
 * it returns a checked, immutable `Graph`: nodes, expressions, dependencies, order, the CRD of the API and the revision
 * hash. All problems are returned together. Each has a code, a path and a remedy, and for YAML input also a position.
 * The errors and the messages in `kroMessage` follow kro; the warnings are this project's own. The compiler is pure and
 * has no I/O.
 *
 * @packageDocumentation
 */
export type {
  Expression,
  FieldKind,
  ForEachDimension,
  Graph,
  GraphOrigin,
  Deferral,
  Hole,
  InstanceType,
  PathStep,
  ReadPart,
  InstancePropagation,
  StatusPlan,
  ConditionExpression,
  TemplatePlan,
  CollectionNode,
  DefNode,
  ExternalCollectionNode,
  ExternalNode,
  GraphNode,
  KnownType,
  NodeBase,
  PatchNode,
  ResourceNode,
  Retained,
  SubgraphNode,
  TypedNode,
} from './model.ts';
export {
  apiVersionOf,
  awaitedKind,
  dimensionsOf,
  isExternal,
  isTyped,
  kindOf,
  objectPathOf,
  objectPathText,
  ownsObjects,
  typedNodes,
} from './nodes.ts';
export { TYPEKRO_FEATURES } from './options.ts';
export type { CompileInput, CompileOptions, CompileResult, CompileTarget, GraphFeatures } from './options.ts';
export type { DefinitionDocument, WrittenScalar } from './document.ts';
export type { ParsedDefinitions } from './parse-definitions.ts';
export type { KroCompatibility } from './kro-compatibility.ts';
export { DEFAULT_KRO_COMPATIBILITY, followsGraphEngine, KRO_COMPATIBILITY_LEVELS } from './kro-compatibility.ts';
export { isDefinition } from './parsed-definition.ts';
export { parseDefinitions } from './parse-definitions.ts';
export type { ParsedPath } from './path.ts';
export { isCrd } from './kinds/graph-kinds.ts';
export { appendStep, formatPath, parsePath } from './path.ts';
export type { SyntaxExplanation } from './syntax/pieces.ts';
export type { ResolvedKind } from './kinds/resolve-kind.ts';
export { resolveKind } from './kinds/resolve-kind.ts';
export { explainSyntaxError } from './syntax/explain-syntax-error.ts';
export type { ScanResult, TextPart } from './expressions/scan.ts';
export { scanExpressions } from './expressions/scan.ts';
export type { NameSymbol, NameText, Relation } from './names/name-text.ts';
export { isConstantName, nameText, compareNameTexts, shownNameText, variesByInstance } from './names/name-text.ts';
export type { DependencyMap } from './dag.ts';
export { applyOrder, findCycle, topologicalOrder } from './dag.ts';
export {
  isLowerCamelCase,
  isReservedWord,
  isUpperCamelCase,
  suggestId,
  INTERNAL_PREFIX,
  RESERVED_PREFIXES,
} from './names/naming.ts';
export { diagnosticCodes } from './codes.ts';
/**
 * Parts of other rooms that callers of the compiler need: the types and the formatter of problems, and the
 * sources of the kinds in templates.
 */
export type { CodeInfo, Diagnostic, GroupVersionKind, KubeObject, Severity, SourcePosition } from '@typekro/kit/core';
export { formatDiagnostic, hasErrors } from '@typekro/kit/core';
export type {
  BoundKeyword,
  BuiltinSource,
  ChangeType,
  ComparedFacets,
  CrdChanges,
  CrdComparison,
  CrdSourceOptions,
  FacetChangeType,
  ListType,
  OpenApiDocument,
  ResourceInfo,
  SchemaChange,
  Schema,
  SchemaSource,
  ValidationRule,
} from '../schema/index.ts';
export { builtinSource, combineSources, crdSource, openApiDocument } from '../schema/index.ts';
export { OBJECT_RECORD, OBJECT_RECORD_SCHEMA } from './crd.ts';
export { ALLOW_BREAKING_CHANGES, compareInstanceCrds, hasObjectRecord } from './compare-instance-crds.ts';
export { controllerCrds, DEFINITION_CRD, REVISION_CRD } from './kinds/controller-crds.ts';
export { revisionHash } from './hash.ts';
export { isTooDeep } from './too-deep.ts';
export { compile } from './compile.ts';
export type { ExpressionScope, ExpressionScopes, ScopeName, ScopeNode } from './expressions/expression-scope.ts';
export { expressionScopes } from './expressions/expression-scopes.ts';
export type { ScalarStyle } from './yaml/yaml-offset.ts';
export { offsetInScalar } from './yaml/yaml-offset.ts';
export { compileGraphObject, compileDocument } from './graph-object/compile-graph-object.ts';
export { isGraphObject, isServiceAccountName } from './graph-object/parsed-graph.ts';
export { graphHash } from './graph-object/graph-hash.ts';
export { graphShape, withLiterals } from './graph-object/graph-shape.ts';
export { writtenNodes } from './graph-object/written-nodes.ts';
export type { WrittenNode } from './graph-object/written-nodes.ts';
export { OWNING_METADATA } from './graph-object/object-structure.ts';
export {
  externalObject,
  GRAPH_CRD,
  GRAPH_KIND,
  GRAPH_TYPE,
  graphCrd,
  MAX_MANAGED_RESOURCES,
  conditionSchema,
} from './graph-object/graph-crd.ts';
export { toMermaid } from './mermaid.ts';
export type { GraphOutline, OutlineNode, OutlineRead, InstanceStatus, NodeStatus } from './outline/outline.ts';
export { graphOutline } from './outline/outline.ts';
export { outlineLines } from './outline/outline-text.ts';
export { toDot } from './outline/dot.ts';
export { toSvg } from './outline/svg.ts';
export { kindsUsed } from './kinds/kinds-used.ts';
