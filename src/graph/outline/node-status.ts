/** The state of a node of one instance, for pictures of the graph. */
export interface NodeStatus {
  /** `ready`: done. `busy`: at work, or waiting. `failed`: the node cannot continue. `idle`: left out, or not known. */
  readonly tone: 'ready' | 'busy' | 'failed' | 'idle';
  /** The state and its reason. */
  readonly text: string;
}

/** The states of the nodes of one instance by their ids. */
export interface InstanceStatus {
  readonly nodes: ReadonlyMap<string, NodeStatus>;
  /** The state of the instance itself. */
  readonly instance: NodeStatus;
}
