import type { Registry } from '../registry/registry.ts';
import type { Collection, Store } from '../store/store.ts';

/** The API group of webhook configurations, policies and bindings. */
export const ADMISSION_GROUP = 'admissionregistration.k8s.io';

/**
 * The resources whose objects open the gate. Policies are not included, because a policy without a binding has no
 * effect.
 */
const PLURALS = [
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
];

/**
 * Reports whether a write may have to pass through a webhook or a policy, or wait for a conversion webhook. While the
 * gate is closed, the cluster does not load the admission code, and writes need no `AdmissionSession`.
 */
export class AdmissionGate {
  readonly #collections: readonly Collection[];
  readonly #registry: Pick<Registry, 'callsConversionWebhooks'>;

  constructor(store: Store, registry: Pick<Registry, 'callsConversionWebhooks'>) {
    this.#registry = registry;
    this.#collections = PLURALS.map((plural) => store.collection(ADMISSION_GROUP, plural));
  }

  /**
   * Does the cluster have a webhook configuration, a policy binding or a conversion webhook? Called for each write
   * request and for each reconcile.
   */
  get isOpen(): boolean {
    if (this.#registry.callsConversionWebhooks) return true;
    for (const { size } of this.#collections) if (size > 0) return true;
    return false;
  }
}
