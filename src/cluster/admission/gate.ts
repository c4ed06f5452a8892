import type { Collection, Store } from '../store/store.ts';

/** The API group of the configurations of admission. */
export const ADMISSION_GROUP = 'admissionregistration.k8s.io';

/** The kinds of the group that take part in admission. A policy without a binding does nothing. */
const PLURALS = [
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
];

/** Says whether a cluster has configurations of admission. Without any, no code of admission is loaded. */
export class AdmissionGate {
  readonly #collections: readonly Collection[];

  constructor(store: Store) {
    this.#collections = PLURALS.map((plural) => store.collection(ADMISSION_GROUP, plural));
  }

  /** Does the cluster have a webhook configuration or a binding of a policy? A write asks once. */
  get isOpen(): boolean {
    for (const { size } of this.#collections) if (size > 0) return true;
    return false;
  }
}
