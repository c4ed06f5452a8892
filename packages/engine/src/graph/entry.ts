/**
 * `typekro/graph`: the compiler of resource graphs, the types and the formatter of its problems, and the sources of the
 * kinds in templates. The compiler is pure and has no I/O.
 *
 * @packageDocumentation
 */
export * from './index.ts';
export type {
  FieldKind,
  InstanceType,
  InstancePropagation,
  SubgraphNode,
  ForEachDimension,
  GraphOrigin,
  Deferral,
  StatusPlan,
  ConditionExpression,
  TemplatePlan,
  CollectionNode,
  DefNode,
  ExternalCollectionNode,
  ExternalNode,
  KnownType,
  NodeBase,
  PatchNode,
  ResourceNode,
  Retained,
} from './model.ts';
export { apiVersionOf, objectPathOf } from './nodes.ts';
export type { CompileTarget } from './options.ts';
export type { WrittenScalar } from './document.ts';
export type { ParsedPath } from './path.ts';
export type { SyntaxExplanation } from './syntax/pieces.ts';
export type { ResolvedKind } from './kinds/resolve-kind.ts';
export type { ScanResult, TextPart } from './expressions/scan.ts';
export type { NameSymbol, Relation } from './names/name-text.ts';
export type { DependencyMap } from './dag.ts';
export { applyOrder, findCycle, topologicalOrder } from './dag.ts';
export { INTERNAL_PREFIX, RESERVED_PREFIXES } from './names/naming.ts';
export type { CodeInfo, Diagnostic, GroupVersionKind, KubeObject, Severity, SourcePosition } from '@typekro/kit/core';
export { formatDiagnostic, hasErrors } from '@typekro/kit/core';
export type {
  BuiltinSource,
  ComparedFacets,
  ResourceInfo,
  SchemaChange,
  Schema,
  SchemaSource,
  ValidationRule,
} from '../schema/index.ts';
export { builtinSource, combineSources, crdSource, openApiDocument } from '../schema/index.ts';
export type { BoundKeyword, ChangeType } from '../schema/crd/compare-schemas.ts';
export type { CrdChanges, CrdComparison } from '../schema/crd/compare-crds.ts';
export type { CrdSourceOptions } from '../schema/crd/crd-source.ts';
export type { FacetChangeType } from '../schema/crd/compare-facets.ts';
export type { ListType } from '../schema/model.ts';
export type { OpenApiDocument } from '../schema/openapi-source.ts';
export { OBJECT_RECORD } from './crd.ts';
export type { ScopeNode, ExpressionScopes, ScopeName } from './expressions/expression-scope.ts';
export { graphHash } from './graph-object/graph-hash.ts';
export type { WrittenNode } from './graph-object/written-nodes.ts';
export { externalObject, graphCrd, MAX_MANAGED_RESOURCES, conditionSchema } from './graph-object/graph-crd.ts';
export type { OutlineRead, NodeStatus } from './outline/outline.ts';
