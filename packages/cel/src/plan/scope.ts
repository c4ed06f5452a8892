import type { PlannedNode } from './planned-node.ts';

/**
 * The loop variables and bound variables in scope while a program is planned. Each name has the plan that reads its
 * variable.
 */
export class PlanScope {
  readonly #stack: { readonly name: string; readonly plan: PlannedNode }[] = [];
  #slots = 0;

  /** The number of local values that a frame of the program needs. */
  get slots(): number {
    return this.#slots;
  }

  /** Reserves a slot for a local value. */
  slot(): number {
    return this.#slots++;
  }

  find(name: string): PlannedNode | undefined {
    return this.#stack.findLast((entry) => entry.name === name)?.plan;
  }

  /** Plans a part of the expression with additional names in scope. */
  within<T>(names: readonly (readonly [string, PlannedNode])[], plan: () => T): T {
    const { length } = this.#stack;
    for (const [name, entry] of names) this.#stack.push({ name, plan: entry });
    const result = plan();
    this.#stack.length = length;
    return result;
  }
}
