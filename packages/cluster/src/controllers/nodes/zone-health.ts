import type { KubeObject } from '@typekro/kit/core';
import { conditionOf, textAt } from '@typekro/kit/kubernetes';

/** Nodes with this label do not count in the health of their zone. */
const NOT_COUNTED = 'node.kubernetes.io/exclude-disruption';

/** A zone is disrupted when at least this fraction of its nodes, and at least three nodes, are not ready. */
const UNHEALTHY_PART = 0.55;
/** In a disrupted zone with more nodes than this, nodes still get taints. */
const MAX_SMALL_ZONE = 50;

interface Health {
  readonly zone: string;
  readonly isReady: boolean;
  readonly isCounted: boolean;
  /** Does the node report that it is not ready? A node without the condition `Ready` reports nothing. */
  readonly isUnready: boolean;
}

interface Counts {
  ready: number;
  notReady: number;
}

/**
 * Counts the ready nodes of each zone. As in Kubernetes, the node lifecycle controller uses these counts to distinguish
 * failed nodes from a control plane that has lost its network.
 */
export class ZoneHealth {
  readonly #nodes = new Map<string, Health>();
  readonly #zones = new Map<string, Counts>();
  #ready = 0;

  /**
   * Records the current state of a node; `undefined` means that the node is gone. Returns whether the health has
   * changed.
   */
  take(name: string, node: KubeObject | undefined): boolean {
    const before = this.#nodes.get(name);
    const after = node === undefined ? undefined : healthOf(node);
    if (before === after || (before !== undefined && after !== undefined && isSame(before, after))) return false;
    if (before !== undefined) this.#count(before, -1);
    if (after !== undefined) this.#count(after, 1);
    if (after === undefined) this.#nodes.delete(name);
    else this.#nodes.set(name, after);
    return true;
  }

  /** The names of the nodes that report that they are not ready. */
  *unreadyNodes(): Iterable<string> {
    for (const [name, { isUnready }] of this.#nodes) if (isUnready) yield name;
  }

  /**
   * Is no node of the cluster ready? In this case the control plane is assumed to have lost its network, and no pod is
   * evicted.
   */
  get isFullyDisrupted(): boolean {
    return this.#ready === 0;
  }

  /**
   * Is the zone of the node small and disrupted, with at least one ready node? If so, no further node of the zone gets
   * the taint that evicts its pods.
   */
  isPartlyDisrupted(node: KubeObject): boolean {
    const { ready, notReady } = this.#zones.get(zoneOf(node)) ?? NONE;
    const total = ready + notReady;
    return ready > 0 && notReady > 2 && notReady / total >= UNHEALTHY_PART && total <= MAX_SMALL_ZONE;
  }

  clear(): void {
    this.#nodes.clear();
    this.#zones.clear();
    this.#ready = 0;
  }

  #count({ zone, isReady, isCounted }: Health, change: 1 | -1): void {
    if (!isCounted) return;
    let counts = this.#zones.get(zone);
    if (counts === undefined) this.#zones.set(zone, (counts = { ready: 0, notReady: 0 }));
    if (isReady) {
      counts.ready += change;
      this.#ready += change;
    } else counts.notReady += change;
    if (counts.ready + counts.notReady === 0) this.#zones.delete(zone);
  }
}

const NONE: Counts = { ready: 0, notReady: 0 };

function zoneOf({ metadata: { labels = {} } }: KubeObject): string {
  return JSON.stringify([labels['topology.kubernetes.io/region'] ?? '', labels['topology.kubernetes.io/zone'] ?? '']);
}

function healthOf(node: KubeObject): Health {
  const status = textAt(conditionOf(node, 'Ready'), 'status');
  return {
    zone: zoneOf(node),
    isReady: status === 'True',
    isCounted: node.metadata.labels?.[NOT_COUNTED] === undefined,
    isUnready: status === 'False' || status === 'Unknown',
  };
}

const isSame = (a: Health, b: Health): boolean =>
  a.zone === b.zone && a.isReady === b.isReady && a.isCounted === b.isCounted && a.isUnready === b.isUnready;
