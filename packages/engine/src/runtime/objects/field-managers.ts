import { cryptoLibrary } from '@typekro/kit/core';

/** The prefix of the field managers with which Graphs write the objects of template nodes. */
const TEMPLATE_PREFIX = 'kro-graphengine.tmpl.';
/** The prefix of the field managers with which patch nodes write fields. */
const PATCH_PREFIX = 'kro-graphengine.patch.';
/**
 * The common prefix of the field managers in this file. kro's other field managers, in `keys.ts`, do not have this
 * prefix.
 */
export const ENGINE_PREFIX = 'kro-graphengine.';

/** The field manager of the template nodes of a Graph. `owner` is the UID of the Graph. */
export function templateManager(owner: string): string {
  return TEMPLATE_PREFIX + shortDigest(owner);
}

/**
 * The field manager of a patch node. `owner` is the UID of the Graph or, for the status fields of an instance, the id
 * of its ApplySet. `nodePath` is the ids of the enclosing subgraphs, outermost first, and the node's id, joined by `/`.
 */
export function patchManager(owner: string, nodePath: string): string {
  return `${PATCH_PREFIX}${shortDigest(owner)}.${shortDigest(`${owner}/${nodePath}`)}`;
}

/** Does a Graph write the objects of template nodes with this manager? */
export function isTemplateManager(manager: string): boolean {
  return manager.startsWith(TEMPLATE_PREFIX);
}

/** Does a patch node of any Graph write with this manager? */
export function isPatchNodeManager(manager: string): boolean {
  return manager.startsWith(PATCH_PREFIX);
}

/** Does a patch node of this owner write with this manager, in this version of kro or in an older one? */
export function isPatchManager(manager: string, owner: string): boolean {
  const prefix = patchPrefix(owner);
  return manager === prefix || manager.startsWith(`${prefix}.`);
}

/**
 * The prefix of the managers of an owner's patch nodes. Older versions of kro used this prefix as the only manager of
 * all patch nodes of a Graph.
 */
export function patchPrefix(owner: string): string {
  return PATCH_PREFIX + shortDigest(owner);
}

function shortDigest(text: string): string {
  return cryptoLibrary().hash('sha256', text, 'hex').slice(0, 12);
}

/** The names of the field managers of kro's graph engine. */
export const FieldManager = {
  isOfPatch: isPatchNodeManager,
  isOfTemplate: isTemplateManager,
  ofPatch: patchManager,
  patchPrefix,
  ofTemplate: templateManager,
};
