import { type KubeObject, objectName } from '@typekro/kit/core';
import { INTERNAL_PREFIX, RESERVED_PREFIXES } from '../../graph/names/naming.ts';

/** Names that kro writes into the cluster. Clients, other controllers and later versions read these names. */

/** Finalizer of definitions, revisions and instances. */
export const FINALIZER = 'kro.run/finalizer';

/** Finalizer of Graphs. */
export const GRAPH_FINALIZER = 'kro.run/graph-finalizer';

/**
 * The field managers of server-side apply for children, for the inventory of an instance, and for its labels and
 * finalizer.
 */
export const CHILD_MANAGER = 'kro.run/applyset';
export const INVENTORY_MANAGER = 'kro.run/applyset-parent';
export const LABEL_MANAGER = 'kro.run/labeller';
/** Since kro 0.10: the field manager of the conditions and the state of an instance. */
export const STATUS_MANAGER = 'kro-instance-status';
/** The field manager of the record of objects in the status of an instance. */
export const RECORD_MANAGER = 'kro-graph-manager';

export const OWNED_LABEL = 'kro.run/owned';
export const VERSION_LABEL = 'kro.run/kro-version';
export const DEFINITION_ID_LABEL = 'kro.run/resource-graph-definition-id';
export const DEFINITION_NAME_LABEL = 'kro.run/resource-graph-definition-name';
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const INSTANCE_ID_LABEL = 'kro.run/instance-id';
export const INSTANCE_NAME_LABEL = 'kro.run/instance-name';
export const INSTANCE_NAMESPACE_LABEL = 'kro.run/instance-namespace';
export const INSTANCE_GROUP_LABEL = 'kro.run/instance-group';
export const INSTANCE_VERSION_LABEL = 'kro.run/instance-version';
export const INSTANCE_KIND_LABEL = 'kro.run/instance-kind';
export const NODE_ID_LABEL = 'kro.run/node-id';
export const COLLECTION_INDEX_LABEL = 'kro.run/collection-index';
export const COLLECTION_SIZE_LABEL = 'kro.run/collection-size';

export const APPLY_ORDER_ANNOTATION = 'internal.kro.run/apply-order';
/** Since kro 0.10, on a child: the node that created the child. */
export const NODE_PATH_ANNOTATION = 'internal.kro.run/node-path';
/** Since kro 0.10, on a child: the name and the group of the instance, if they are too long for a label. */
export const INSTANCE_NAME_ANNOTATION = 'internal.kro.run/instance-name';
export const INSTANCE_GROUP_ANNOTATION = 'internal.kro.run/instance-group';
/** Since kro 0.10, on an instance: the record of the fields that its graph patches, such as the author's status. */
export const CONTRIBUTIONS_ANNOTATION = 'internal.kro.run/patch-contributions';
/**
 * After kro 0.10.0-rc.0, on a child: `Orphaned` if the child stays when it is retired. Without the annotation, a
 * retired child is deleted.
 */
export const CHILD_DELETION_POLICY_ANNOTATION = 'internal.kro.run/deletion-policy';
export const RECONCILE_ANNOTATION = 'kro.run/reconcile';

/**
 * An annotation of this project. On an instance, with the value `orphan`: the children stay when the instance is
 * deleted. On a definition, with the value `wait`: a deleted definition stays until its instances are gone.
 */
export const DELETION_POLICY_ANNOTATION = 'typekro.dev/deletion-policy';

export const APPLYSET_ID_LABEL = 'applyset.kubernetes.io/id';
export const PART_OF_LABEL = 'applyset.kubernetes.io/part-of';
export const TOOLING_ANNOTATION = 'applyset.kubernetes.io/tooling';
export const GROUP_KINDS_ANNOTATION = 'applyset.kubernetes.io/contains-group-kinds';
export const NAMESPACES_ANNOTATION = 'applyset.kubernetes.io/additional-namespaces';
export const INVENTORY_HASH_ANNOTATION = 'internal.kro.run/applyset-inventory-hash';

export { INTERNAL_PREFIX, RESERVED_PREFIXES };

/** Does the controller reserve this key of labels and annotations? */
export const isReservedKey = (key: string): boolean => RESERVED_PREFIXES.some((prefix) => key.startsWith(prefix));

/** The instance that the labels of an object name as its owner, e.g. `Shop default/corner`. */
export function owningInstance({ metadata: { labels = {} } }: KubeObject): string | undefined {
  const {
    [INSTANCE_KIND_LABEL]: kind,
    [INSTANCE_NAME_LABEL]: name,
    [INSTANCE_NAMESPACE_LABEL]: namespace = '',
  } = labels;
  if (kind === undefined || name === undefined) return undefined;
  return objectName({ kind, name, ...(namespace === '' ? {} : { namespace }) });
}

/** Converts a version to a label value, which may not contain `+`. */
export function versionLabel(version: string): string {
  return version.replaceAll('+', '-');
}

/** The default of {@link VERSION_LABEL}: the version that kro's unreleased builds write. */
export const DEFAULT_VERSION = 'devel';
