/** The diagnosis of a cluster: facts are read first, and pure checks turn them into findings with remedies. */
export { rightsText } from './checks/check-rights.ts';
export { type GrantedAction, grantedActions } from './cluster-facts.ts';
export { type Reading, readingOrRefusal } from './finding.ts';
export { readDefinitionRights } from './read-definition-rights.ts';
export { listOrNone, readFacts } from './read-facts.ts';
export { type NeededRight, definitionRights, reviewRights } from './read-rights.ts';
export { diagnose, doctorLines } from './diagnosis.ts';
