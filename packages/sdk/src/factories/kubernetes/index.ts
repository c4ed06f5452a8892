/**
 * Factories for every built-in kind of Kubernetes, with all its fields. A factory takes the object as in YAML
 * (`metadata` and the rest), or with `name`, `namespace`, `labels` and `annotations` at the top level. The types of the
 * kinds are exported in one namespace per group and version: `AppsV1.DeploymentSpec`, `CoreV1.Container`.
 *
 * @packageDocumentation
 */
export * from './generated/factories.ts';
export type * from './generated/types.ts';
export { customResource } from './custom-resource.ts';
export * from './generated/moved.ts';
