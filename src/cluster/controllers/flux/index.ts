/**
 * Simulations of Flux's source, helm and kustomize controllers. They work while marked Deployments with the names of
 * these controllers run in the cluster (`typekro.dev/stand-in: "true"`; `typeKroRuntimeBootstrap` creates them there).
 * Every message of a success says that nothing was fetched, rendered or applied.
 *
 * @packageDocumentation
 */
export { helmStandIn } from './helm.ts';
export { kustomizeStandIn } from './kustomize.ts';
export { sourceStandIn } from './source.ts';
