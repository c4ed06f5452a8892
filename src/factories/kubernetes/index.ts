/**
 * Factories for every built-in kind of Kubernetes, with all its fields: each takes the object as in YAML
 * (`metadata` and the rest), or with `name`, `namespace`, `labels` and `annotations` at the top. The types
 * of the kinds stand in a name for each group and version: `AppsV1.DeploymentSpec`, `CoreV1.Container`.
 *
 * @packageDocumentation
 */
export * from './generated/factories.ts';
export type * from './generated/types.ts';
export { customResource } from './custom-resource.ts';
export * from './moved.ts';
