/**
 * Stand-ins for Flux's source, helm and kustomize controllers. They work while marked Deployments of these
 * names run in the cluster (`typekro.dev/stand-in: "true"`, as `typeKroRuntimeBootstrap` makes them there),
 * and say in every message that nothing was fetched, rendered or applied.
 *
 * @packageDocumentation
 */
export { helmStandIn } from './helm.ts';
export { kustomizeStandIn } from './kustomize.ts';
export { sourceStandIn } from './source.ts';
