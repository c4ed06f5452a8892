/** A child that the controller deleted and created again, although the test gives no reason for it. */
export interface Flap {
  /** `Kind.group/namespace/name`. */
  readonly key: string;
  readonly node: string;
  readonly deletedAtMs: number;
  readonly createdAtMs: number;
  /** The reason why the node had no object, in the controller's words. */
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
  /** The deletion by the controller; `other` if another client deleted the object first. */
  deletion: Deletion | 'other' | undefined;
}

/**
 * Finds children that the controller deletes and creates again without a reason. A deletion has a reason if the
 * controller also deletes this child in the same test without faults, or if another client deleted the object first. In
 * the run without faults, an action of the test between the deletion and the new creation is the reason.
 */
export class FlapDetector {
  readonly found: Flap[] = [];
  /** Keys of all children that the controller deleted. */
  readonly deleted = new Set<string>();
  readonly #children = new Map<string, Child>();
  readonly #expected: ReadonlySet<string> | undefined;
  /**
   * The number of the test's actions so far. In the run without faults, a child may be created again after a later
   * action.
   */
  epoch = 0;

  /**
   * `expected` has the keys of the children that the controller deletes without faults; undefined for the run without
   * faults.
   */
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
    this.found.push({ key, node, deletedAtMs: deletion.atMs, createdAtMs: atMs, because: deletion.because() });
  }

  /** Records a deletion of a child by the controller. `because` is called only if the child is created again. */
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
