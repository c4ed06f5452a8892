/**
 * The code that only requests with changes need, loaded as a whole by `lazy-modules.ts`: verbs, patches, ownership of
 * fields, the rules of all kinds, the life of definitions, and resources that are not stored objects.
 */
export { settleDefinition } from './definitions/settle-definition.ts';
export { routeWrite } from './http/write-router.ts';
