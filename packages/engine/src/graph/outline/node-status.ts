/** The state of a node of one instance, for pictures of the graph. */
export interface NodeStatus {
  /**
   * `ready`: the node is done. `busy`: the controller works on the node, or the node waits. `failed`: the node cannot
   * continue. `idle`: the node is left out, or its state is not known.
   */
  readonly tone: 'ready' | 'busy' | 'failed' | 'idle';
  /** The state and its reason. */
  readonly text: string;
}

/** The state of one instance, and the states of its nodes by node id. */
export interface InstanceStatus {
  readonly nodes: ReadonlyMap<string, NodeStatus>;
  /** The state of the instance itself. */
  readonly instance: NodeStatus;
}
