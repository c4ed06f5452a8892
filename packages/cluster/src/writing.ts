/**
 * Exports the entry points of the code that only writes use: verbs, patches, field ownership, the rules of all kinds,
 * the lifecycle of CRDs, and virtual resources. `lazy-modules.ts` loads this code as one module.
 */
export { settleDefinition } from './definitions/settle-definition.ts';
export { routeWrite } from './http/write-router.ts';
