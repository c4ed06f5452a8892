/**
 * Definitions and instances as a folder for Kustomize, Flux and Argo CD.
 *
 * @packageDocumentation
 */
export type { ArgoOptions } from './argocd.ts';
export type { GitOpsFiles, GitOpsOptions } from './files.ts';
export { gitOpsFiles } from './files.ts';
export type { FluxOptions } from './flux.ts';
