/** A child that the controller deleted and created again without a reason in the test. */
export interface Flap {
  /** `Kind.group/namespace/name`. */
  readonly key: string;
  readonly node: string;
  readonly deletedAtMs: number;
  readonly createdAtMs: number;
  /** Why the node had no object, in the controller's words. */
  readonly because: string | undefined;
}

interface Deletion {
  readonly atMs: number;
  readonly epoch: number;
  readonly because: () => string | undefined;
}

interface Child {
  uid: string;
  node: string;
  /** The deletion by the controller; `other`: another client deleted the object first. */
  deletion: Deletion | 'other' | undefined;
}

/**
 * Finds children that the controller deletes and creates again. A deletion has a reason when the same test without
 * faults has it, too, or when another client deleted the object first.
 */
export class FlapDetector {
  readonly found: Flap[] = [];
  /** Keys of all children that the controller deleted. */
  readonly deleted = new Set<string>();
  readonly #children = new Map<string, Child>();
  readonly #expected: ReadonlySet<string> | undefined;
  /** The number of actions of the test so far. A deletion may have an action as its reason. */
  epoch = 0;

  /** `expected`: the children that the controller deletes without faults. Absent for the life without faults. */
  constructor(expected?: ReadonlySet<string>) {
    this.#expected = expected;
  }

  /** Records a write of a child by the controller. */
  written(key: string, uid: string, node: string, atMs: number): void {
    const child = this.#children.get(key);
    this.#children.set(key, { uid, node, deletion: child?.uid === uid ? child.deletion : undefined });
    if (child === undefined || child.uid === uid) return;
    const { deletion } = child;
    if (deletion === undefined || deletion === 'other' || this.#isExpected(key, deletion)) return;
    this.found.push({
      key,
      node,
      deletedAtMs: deletion.atMs,
      createdAtMs: atMs,
      because: deletion.because(),
    });
  }

  /** Records a deletion of a child by the controller. `because` is called when the child exists again. */
  deletedByController(key: string, atMs: number, because: () => string | undefined): void {
    const child = this.#children.get(key);
    if (child === undefined) return;
    this.deleted.add(key);
    child.deletion ??= { atMs, epoch: this.epoch, because };
  }

  /** Records a deletion of a child by another client. */
  deletedByOther(key: string): void {
    const child = this.#children.get(key);
    if (child !== undefined) child.deletion ??= 'other';
  }

  /** The node of a child that the controller wrote. */
  nodeOf(key: string): string | undefined {
    return this.#children.get(key)?.node;
  }

  #isExpected(key: string, { epoch }: Deletion): boolean {
    return this.#expected === undefined ? epoch !== this.epoch : this.#expected.has(key);
  }
}
