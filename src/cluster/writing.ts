/**
 * The code that only requests with changes use: verbs, patches, ownership of fields, the rules of all kinds, the life
 * of definitions, and virtual resources. `lazy-modules.ts` loads it as one module.
 */
export { settleDefinition } from './definitions/settle-definition.ts';
export { routeWrite } from './http/write-router.ts';
