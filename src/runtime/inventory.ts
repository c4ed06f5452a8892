import type { KubeObject } from '../core/index.ts';
import { compareText } from '../golang/index.ts';
import { objectAt } from '../kubernetes/index.ts';
import { inventoryOf, recordedScope, sameScope, unionScope } from './applyset.ts';
import { groupKindText, labelOf } from './identity.ts';
import { APPLYSET_ID_LABEL, FINALIZER, INVENTORY_MANAGER, VERSION_LABEL } from './keys.ts';
import { hasFinalizer, isSuspended } from './finalizer.ts';
import { instanceLabels } from './labels.ts';
import type { Inventory, InventoryScope, ParentWrite } from './model.ts';
import { ownedFields } from './owned-fields.ts';
import type { Pruning } from './prune.ts';
import type { StepContext } from './step-context.ts';

/** Kinds and namespaces of everything that nodes want. */
export function wantedScope(context: StepContext): InventoryScope {
  const groupKinds = new Set<string>();
  const namespaces = new Set<string>();
  for (const { wanted } of context.results.values()) {
    for (const { target } of wanted ?? []) {
      groupKinds.add(groupKindText(target.type));
      if (target.namespace !== undefined && target.namespace !== context.namespace) namespaces.add(target.namespace);
    }
  }
  return { groupKinds: [...groupKinds].sort(compareText), namespaces: [...namespaces].sort(compareText) };
}

/** Every kind that the graph writes, whether or not it does so now. */
function possibleScope({ graph }: StepContext): InventoryScope {
  const owned = [...graph.nodes.values()].filter(
    ({ nodeType }) => nodeType === 'resource' || nodeType === 'collection',
  );
  return { groupKinds: [...new Set(owned.map(({ type }) => groupKindText(type)))].sort(compareText), namespaces: [] };
}

/**
 * The inventory that the instance is to record. It always covers what is recorded and what is wanted; it
 * becomes smaller only when every node is resolved and no retired object is left anywhere. That of a
 * suspended instance covers what is recorded and nothing more: nothing is written for it.
 */
export function decideInventory(context: StepContext, pruning: Pruning): Inventory {
  const { recorded } = context;
  // Of a record that somebody spoiled, kinds may be missing: those that the graph can have made are put back.
  const before =
    recorded.state === 'invalid' ? unionScope(recorded.scope, possibleScope(context)) : recordedScope(recorded);
  if (isSuspended(context.instance)) return inventoryOf(context.applySet, before, context.version);
  const wanted = wantedScope(context);
  const results = [...context.results.values()];
  const resolved = results.every((result) => result.wanted !== undefined);
  const inPlace = results.every((result) => result.inPlace);
  const mayShrink =
    recorded.state !== 'invalid' && resolved && inPlace && pruning.complete && pruning.remaining.length === 0;
  return inventoryOf(context.applySet, mayShrink ? wanted : unionScope(before, wanted), context.version);
}

/** What of the instance's metadata has to be written before children are. */
export function decideParentWrite(context: StepContext, inventory: Inventory): ParentWrite {
  const { instance, graph, version, options, recorded } = context;
  const labels = instanceLabels(graph, options.definitionUid ?? '', version);
  const labelsDue = !hasFinalizer(instance) || !hasLabels(instance, { ...labels, [APPLYSET_ID_LABEL]: inventory.id });
  const covered = recorded.state === 'valid' && sameScope(recorded.scope, inventory);
  const { resourceVersion } = instance.metadata;
  // The first write of the two must hit the version that was decided on; it changes the version itself.
  const first = resourceVersion === undefined ? {} : { resourceVersion };
  return {
    ...(labelsDue ? { labels: labelsObject(instance, labels, inventory, first) } : {}),
    ...(covered ? {} : { inventory: inventoryObject(instance, inventory, labelsDue ? {} : first) }),
  };
}

/**
 * Does the inventory stand on the instance under another manager's name only? Labels and inventory may have
 * been written by one request; kro's own labelling, should it take the instance over, would then drop the
 * inventory. Unknown for an instance without `managedFields`, which counts as no.
 */
export function isInventoryForeign(instance: KubeObject, inventory: Inventory): boolean {
  if (instance.metadata.managedFields === undefined) return false;
  const owned = ownedFields(instance, INVENTORY_MANAGER);
  const annotations = objectAt(owned, 'f:metadata', 'f:annotations');
  return !Object.keys(inventory.annotations).every((key) => Object.hasOwn(annotations, `f:${key}`));
}

/** The inventory as an object to apply, on the version that was decided about. */
export function inventoryWrite(instance: KubeObject, inventory: Inventory): KubeObject {
  const { resourceVersion } = instance.metadata;
  return inventoryObject(instance, inventory, resourceVersion === undefined ? {} : { resourceVersion });
}

/** A version that differs is no reason to write; one that is missing is. */
function hasLabels(instance: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => {
    const found = labelOf(instance, key);
    return key === VERSION_LABEL ? found !== undefined : found === value;
  });
}

/**
 * The finalizer goes on together with the inventory, so that at no time an instance has the one without the
 * other.
 */
function labelsObject(
  instance: KubeObject,
  labels: Readonly<Record<string, string>>,
  inventory: Inventory,
  version: { resourceVersion?: string },
): KubeObject {
  const { metadata, ...type } = identityOf(instance);
  return {
    ...type,
    metadata: {
      ...metadata,
      ...version,
      labels: { ...labels, ...inventory.labels },
      annotations: { ...inventory.annotations },
      finalizers: [FINALIZER],
    },
  };
}

function inventoryObject(
  instance: KubeObject,
  inventory: Inventory,
  version: { resourceVersion?: string },
): KubeObject {
  const { metadata, ...type } = identityOf(instance);
  const { labels, annotations } = inventory;
  return { ...type, metadata: { ...metadata, ...version, labels: { ...labels }, annotations: { ...annotations } } };
}

/** Which instance is meant: with its UID, an apply can never bring a deleted one back. */
function identityOf(instance: KubeObject): KubeObject {
  const { name = '', namespace, uid } = instance.metadata;
  return {
    apiVersion: instance.apiVersion,
    kind: instance.kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined || uid === '' ? {} : { uid }),
    },
  };
}
