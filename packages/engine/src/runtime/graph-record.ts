/** The objects and fields that a Graph writes, as its status records them. */
export interface GraphTracking {
  readonly managedResources: readonly ManagedResource[];
  readonly contributions: readonly Contribution[];
}

/** An object that a Graph has created or is about to create: an entry of `status.managedResources`. */
export interface ManagedResource {
  /** The ids of the enclosing subgraphs and of the node, joined by `/`. */
  readonly nodeID: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  /** Absent until the Graph has written the object. */
  readonly uid?: string;
}

/** Fields that a patch node writes into an object: an entry of `status.contributions`. */
export interface Contribution {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly subresource?: string;
  readonly fieldManager: string;
}
