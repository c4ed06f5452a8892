import { type KubeObject, jsonEquals } from '@typekro/kit/core';
import { Turns } from '../verbs/list-reply.ts';
import { AdmissionPending, afterConversions } from '../webhooks/webhook-pending.ts';
import type { AdmissionAttributes } from './attributes.ts';

/** A decision: either its value, or the refusal of the write. Both have warnings. */
type Outcome<Value> =
  | { readonly value: Value; readonly warnings: readonly string[] }
  | { readonly refusal: unknown; readonly warnings: readonly string[] };

/** A decision, and the attributes of the request about which it was made. */
interface Decision<Value> {
  readonly attributes: AdmissionAttributes;
  readonly outcome: Outcome<Value>;
}

/**
 * The number of steps for which a write does not wait. A number, and not a time, so that the order of the writes of
 * controllers does not depend on the speed of the machine.
 */
const STEPS_AT_ONCE = 8;

/**
 * The decisions of one phase of admission about one write, shared by all runs of the write. A run reuses a decision only
 * if the decision was made for equal objects.
 */
export class Decisions<Value> {
  readonly #made: Decision<Value>[] = [];

  /**
   * Returns the known decision with its attributes, and adds its warnings.
   *
   * @throws AdmissionPending when there is none. Its function `answered` makes the decision.
   */
  of(
    attributes: AdmissionAttributes,
    warnings: string[],
    ask: (warnings: string[]) => Promise<Value>,
  ): { readonly value: Value; readonly attributes: AdmissionAttributes } {
    const known = this.#made.find((made) => isSame(made.attributes, attributes));
    if (known === undefined) throw new AdmissionPending(() => this.#make(attributes, ask));
    for (const each of known.outcome.warnings) warnings.push(each);
    if ('refusal' in known.outcome) throw known.outcome.refusal;
    return { value: known.outcome.value, attributes: known.attributes };
  }

  /**
   * Returns the result of steps that have no effects. A few steps are taken at once. If there are more, the write waits,
   * and the steps are taken from the start, with turns for other requests between them.
   *
   * @throws AdmissionPending when the write must wait.
   */
  inTurns(
    attributes: AdmissionAttributes,
    warnings: string[],
    steps: (warnings: string[]) => Generator<void, Value, void>,
  ): Value {
    if (this.#made.length === 0) {
      const running = steps(warnings);
      for (let count = 0; count < STEPS_AT_ONCE; count++) {
        const step = running.next();
        if (step.done === true) return step.value;
      }
    }
    const ask = (own: string[]) =>
      afterConversions(async () => {
        own.length = 0;
        const turns = new Turns();
        for (const running = steps(own); ; await turns.next()) {
          const step = running.next();
          if (step.done === true) return step.value;
        }
      });
    return this.of(attributes, warnings, ask).value;
  }

  async #make(attributes: AdmissionAttributes, ask: (warnings: string[]) => Promise<Value>): Promise<void> {
    const warnings: string[] = [];
    let outcome: Outcome<Value>;
    try {
      outcome = { value: await ask(warnings), warnings };
    } catch (refusal) {
      outcome = { refusal, warnings };
    }
    this.#made.push({ attributes, outcome });
  }
}

/** Are all attributes equal on which a decision depends? */
function isSame(a: AdmissionAttributes, b: AdmissionAttributes): boolean {
  return (
    a.operation === b.operation &&
    a.resource === b.resource &&
    a.subresource === b.subresource &&
    a.name === b.name &&
    isSameObject(a.object, b.object) &&
    isSameObject(a.old, b.old)
  );
}

/** Are two objects equal, or both absent? */
export const isSameObject = (a: KubeObject | undefined, b: KubeObject | undefined): boolean =>
  a === b || jsonEquals(a, b);
