import type { KubeObject } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { Nodes } from '../graph/index.ts';
import { objectAt } from '@typekro/kit/kubernetes';
import { inventoryOf, recordedScope, sameScope, unionScope } from './reports/applyset.ts';
import { annotationOf, groupKindText, labelOfObject } from './objects/identity.ts';
import { APPLYSET_ID_LABEL, FINALIZER, INVENTORY_MANAGER, VERSION_LABEL } from './objects/keys.ts';
import { hasFinalizer, isSuspended } from './reports/finalizer.ts';
import { contributionAnnotations } from './contributions.ts';
import { instanceLabels } from './objects/labels.ts';
import type { Inventory, InventoryScope, ParentWrite } from './model.ts';
import { ownedFields } from './objects/owned-fields.ts';
import type { Pruning } from './prune.ts';
import type { StepContext } from './step-context.ts';

/** The kinds and namespaces of all objects that nodes want, without the instance's own namespace. */
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

/** The scope with the kinds of all nodes that own objects and whose kind is constant. */
function possibleScope({ graph }: StepContext): InventoryScope {
  const owned = Nodes.typed(graph).filter(Nodes.ownsObjects);
  return { groupKinds: [...new Set(owned.map(({ type }) => groupKindText(type)))].sort(compareText), namespaces: [] };
}

/**
 * The inventory to record on the instance. It covers the recorded and the wanted kinds and namespaces. It shrinks to
 * the wanted kinds and namespaces only under four conditions: the record is valid, every node is resolved and its
 * objects are in place, all recorded kinds could be listed, and no retired object remains. A suspended instance keeps
 * its recorded inventory, because the controller writes no children for it.
 */
export function decideInventory(context: StepContext, pruning: Pruning): Inventory {
  const { recorded } = context;
  // Kinds may be missing from an invalid record, so all kinds that the graph can have created are added.
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

/** The metadata that must be written to the instance before its children are written. */
export function decideParentWrite(context: StepContext, inventory: Inventory): ParentWrite {
  const { instance, graph, version, options, recorded } = context;
  const labels = instanceLabels(graph, options.definitionUid ?? '', version);
  const labelsDue = !hasFinalizer(instance) || !hasLabels(instance, { ...labels, [APPLYSET_ID_LABEL]: inventory.id });
  const extra = contributionAnnotations(graph, instance);
  const isNamed = Object.entries(extra).every(([key, value]) => annotationOf(instance, key) === value);
  const covered = recorded.state === 'valid' && sameScope(recorded.scope, inventory) && isNamed;
  const { resourceVersion } = instance.metadata;
  // Only the first write carries the observed resourceVersion, because the first write changes the resourceVersion.
  const first = resourceVersion === undefined ? {} : { resourceVersion };
  return {
    ...(labelsDue ? { labels: labelsObject(instance, labels, inventory, extra, first) } : {}),
    ...(covered ? {} : { inventory: inventoryObject(instance, inventory, extra, labelsDue ? {} : first) }),
  };
}

/**
 * True if the inventory's own field manager does not own the inventory on the instance. One request may have written
 * labels and inventory under the manager of the labels. If kro then takes the instance over, kro's apply of the labels
 * drops the inventory. False for an instance without `managedFields`.
 */
export function isInventoryForeign(instance: KubeObject, inventory: Inventory): boolean {
  if (instance.metadata.managedFields === undefined) return false;
  const owned = ownedFields(instance, INVENTORY_MANAGER);
  const annotations = objectAt(owned, 'f:metadata', 'f:annotations');
  return !Object.keys(inventory.annotations).every((key) => Object.hasOwn(annotations, `f:${key}`));
}

/** The inventory as an object to apply, with the observed resourceVersion. */
export function inventoryWrite({ instance, graph }: StepContext, inventory: Inventory): KubeObject {
  const { resourceVersion } = instance.metadata;
  const extra = contributionAnnotations(graph, instance);
  return inventoryObject(instance, inventory, extra, resourceVersion === undefined ? {} : { resourceVersion });
}

/**
 * Does the instance have the labels? The version label may have any value, because another version alone causes no
 * write.
 */
function hasLabels(instance: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => {
    const found = labelOfObject(instance, key);
    return key === VERSION_LABEL ? found !== undefined : found === value;
  });
}

/** One request adds finalizer and inventory, so that an instance never has only one of them. */
function labelsObject(
  instance: KubeObject,
  labels: Readonly<Record<string, string>>,
  inventory: Inventory,
  extra: Readonly<Record<string, string>>,
  version: { resourceVersion?: string },
): KubeObject {
  const { metadata, ...type } = inventoryObject(instance, inventory, extra, version);
  return { ...type, metadata: { ...metadata, labels: { ...labels, ...inventory.labels }, finalizers: [FINALIZER] } };
}

function inventoryObject(
  instance: KubeObject,
  inventory: Inventory,
  extra: Readonly<Record<string, string>>,
  version: { resourceVersion?: string },
): KubeObject {
  const { metadata, ...type } = identityOf(instance);
  const { labels, annotations } = inventory;
  return {
    ...type,
    metadata: { ...metadata, ...version, labels: { ...labels }, annotations: { ...annotations, ...extra } },
  };
}

/** The identity of the instance. With the UID, an apply cannot create a deleted instance again. */
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
