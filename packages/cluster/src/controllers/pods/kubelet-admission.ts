import type { KubeObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { type Rejection, rejectionOf } from '../../scheduling/kubelet-rejection.ts';
import { boundNodeOf, NodeLedger } from '../../scheduling/node-ledger.ts';
import { demandOf } from '../../scheduling/node-usage.ts';
import type { StoreEvent } from '../../store/store.ts';
import { recordEvent } from '../events.ts';
import { isFinished, isTerminating, KUBELET } from './pod-state.ts';
import type { ControllerClient } from '../controller-client.ts';
import { RefusalPauses } from '../refusal-pauses.ts';
import { controllerOf } from '../relation-index.ts';

/** The step of the kubelet in which it accepts or refuses the pods that are bound to its node. */
export class KubeletAdmission {
  /** The resources that the accepted pods use on their nodes. */
  readonly #ledger = new NodeLedger((pod) => (isAccepted(pod) ? boundNodeOf(pod) : ''));
  /** The pauses between refusals, for each owner of pods. */
  readonly #pauses = new RefusalPauses();

  /** Updates the ledger with an event of a pod. */
  take({ type, stored: { key, object } }: StoreEvent): void {
    this.#ledger.take(key, type === 'DELETED' ? undefined : object);
  }

  reset(): void {
    this.#ledger.clear();
    this.#pauses.clear();
  }

  /**
   * Refuses a new pod that its node cannot run, by setting it to Failed. Returns the milliseconds until a delayed
   * refusal, 0 for a pod that this call refuses, and `undefined` for any other pod. The pauses between refusals of the
   * same owner's pods increase, because the owner replaces each refused pod immediately.
   */
  refuse(client: ControllerClient, pod: KubeObject, node: KubeObject): number | undefined {
    if (isAccepted(pod) || isTerminating(pod) || isFinished(pod)) return undefined;
    const owner = controllerOf(pod)?.uid;
    const rejection = rejectionOf(demandOf(pod), node, this.#ledger.account(node.metadata.name ?? '').usage);
    if (rejection === undefined) {
      if (owner !== undefined) this.#pauses.delete(owner);
      return undefined;
    }
    const waitMs = owner === undefined ? 0 : this.#pauses.pauseOf(owner, client.now());
    if (waitMs > 0) return waitMs;
    if (owner !== undefined) {
      client.afterwards(`${pod.metadata.uid} refusal`, () => this.#pauses.add(owner, client.now()));
    }
    recordEvent(client, pod, KUBELET, rejection.reason, rejection.message, 'Warning');
    client.updateStatus(pod, rejectedStatus(client, pod, rejection));
    return 0;
  }
}

/** Has the kubelet decided about the pod? It sets the start time of each pod that it accepts or refuses. */
const isAccepted = (pod: KubeObject): boolean => textAt(pod.status, 'startTime') !== '';

const rejectedStatus = (client: ControllerClient, pod: KubeObject, { reason, message }: Rejection) => ({
  ...pod.status,
  observedGeneration: pod.metadata.generation ?? 1,
  phase: 'Failed',
  reason,
  message: `Pod was rejected: ${message}`,
  startTime: client.timestamp(),
});
