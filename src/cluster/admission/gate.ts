import type { Store } from '../store/store.ts';

const GROUP = 'admissionregistration.k8s.io';

/** The kinds of the group that take part in admission. A policy without a binding does nothing. */
const PLURALS = [
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
] as const;

/** Says whether a cluster has configurations of admission. Without any, no code of admission is loaded. */
export class AdmissionGate {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Does the cluster have a webhook configuration or a policy? A write asks once. */
  get isOpen(): boolean {
    for (const plural of PLURALS) if (this.#store.collection(GROUP, plural).size > 0) return true;
    return false;
  }
}
