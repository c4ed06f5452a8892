import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import { objectsAt, transitionTimeOf } from '@typekro/kit/kubernetes';
import type { KindName, StandInCondition, StandInFailure, StandInView } from '../../stand-in.ts';
import type { ControllerClient } from '../controller-client.ts';
import { simulatedMs } from '../pods/simulated-pods.ts';

/** The values that a view needs in addition to the cluster. */
export interface ViewInputs {
  readonly failure: StandInFailure | undefined;
  /** The duration of a step, in milliseconds. */
  readonly stepMs: number;
  /** The time at which the work on the current spec began; `undefined` when all steps count as done. */
  readonly beganAt: number | undefined;
}

/** What a stand-in sees of the cluster while it works on one object. `completedSteps` also sets `nextStepMs`. */
export class ObjectView implements StandInView {
  readonly now: number;
  readonly timestamp: string;
  readonly failure: StandInFailure | undefined;
  /** The milliseconds until the next step; `undefined` when no steps remain. */
  nextStepMs: number | undefined;
  readonly #object: KubeObject;
  readonly #client: ControllerClient;
  readonly #inputs: ViewInputs;

  constructor(object: KubeObject, client: ControllerClient, inputs: ViewInputs) {
    this.now = client.now();
    this.timestamp = client.timestamp();
    this.failure = inputs.failure;
    this.#object = object;
    this.#client = client;
    this.#inputs = inputs;
  }

  get({ apiVersion, kind, namespace = '', name }: ObjectRef): KubeObject | undefined {
    const resource = this.#client.resourceOfKind(apiVersion, kind);
    return resource && this.#client.get(resource, resource.namespaced ? namespace : '', name);
  }

  list({ group, kind }: KindName, namespace: string): readonly KubeObject[] {
    const resource = this.#client.resources().find((each) => each.group === group && each.kind === kind);
    return resource === undefined ? [] : this.#client.list(resource, namespace);
  }

  completedSteps(count: number): number {
    const { beganAt, stepMs } = this.#inputs;
    const totalMs = simulatedMs(this.#object, 'readyAfter') ?? count * stepMs;
    const waitedMs = beganAt === undefined ? totalMs : this.now - beganAt;
    if (waitedMs >= totalMs) return count;
    const eachMs = totalMs / count;
    const done = Math.floor(waitedMs / eachMs);
    const nextMs = Math.ceil((done + 1) * eachMs - waitedMs);
    this.nextStepMs = Math.min(this.nextStepMs ?? nextMs, nextMs);
    return done;
  }

  conditions(
    conditions: readonly StandInCondition[],
    before: readonly JsonObject[] = objectsAt(this.#object.status, 'conditions'),
  ): JsonObject[] {
    return conditions.map(({ type, status, reason, message, observed = false }) => {
      const known = before.find((each) => each['type'] === type);
      return {
        type,
        status,
        ...(reason === undefined ? {} : { reason }),
        ...(message === undefined ? {} : { message }),
        lastTransitionTime: transitionTimeOf(known, status, this.timestamp),
        ...(observed ? { observedGeneration: this.#object.metadata.generation ?? 1 } : {}),
      };
    });
  }
}
