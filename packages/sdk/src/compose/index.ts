/**
 * Translates a typed TypeScript function to a resource graph. The source of the function is interpreted with symbolic
 * values. Its `if`, loops, helpers, template strings and early returns become conditions, collections and CEL. A
 * composition is translated exactly, or refused with the line and a remedy. The caller supplies the engine that deploys
 * a composition.
 *
 * @packageDocumentation
 */
export type * from './composition-api.ts';
export type * from './deploy-engine.ts';
export type * from './graph-type.ts';
export type { Composition, NestedComposition, ResourceList } from './composition-type.ts';
export { isCompositionName } from './definition-names.ts';
export type { AddedMetadata, PrinterColumn, ServedKind } from './served-kind.ts';
export type * from './public-types.ts';
export type * from './version-types.ts';
export type { AnyAspect } from './aspect-types.ts';
export * from './cel-api.ts';
export type { CompositionApiOptions } from './factory/factory.ts';
export * from './interpret-module.ts';
export { type Manifest, createResource } from './resources/create-resource.ts';
export type { DerivedField, ResourceOptions } from './trace/records.ts';
export { traceCodes } from './refusal/trace-codes.ts';
export { type CompositionApi, createCompositionApi } from './composition-object.ts';
export { isCounter } from './library/kind-type.ts';
export * from './computed.ts';
export { def } from './resources/def.ts';
export * from './resources/external-ref.ts';
export * from './resources/patch.ts';
export * from './factory-helpers.ts';
export { type ArgumentShape, isPlainText } from './check-argument-shape.ts';
export { type ArgumentTable, argumentMembers, requireKnown, takeArguments } from './factory-arguments.ts';
export type { ArgoOptions } from './gitops/argocd.ts';
export { type GitOpsFiles, type GitOpsOptions, gitOpsFiles, kustomization, manifestFolder } from './gitops/files.ts';
export { printYaml } from './emit/print-yaml.ts';
export type { FluxOptions } from './gitops/flux.ts';
export { defineResourceFactory } from './resources/define-resource-factory.ts';
export { defineFactory, opaque } from './value/native-functions.ts';
export * from './quantity.ts';
export { type SingletonHandle, singleton } from './singleton.ts';
export { CompositionError } from './refusal/refusal.ts';
export * from './resource-factory.ts';
export { withUnknownKinds } from './schemas.ts';
