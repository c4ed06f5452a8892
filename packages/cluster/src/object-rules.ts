/**
 * Converts objects of built-in kinds to the form in which a server stores them, without a running server. Browsers also
 * use this function. `index.ts` does not export it, because a cluster loads the kinds only when a request first needs
 * them.
 */
export { type NewObject, newObjects } from './kinds/new-objects.ts';
