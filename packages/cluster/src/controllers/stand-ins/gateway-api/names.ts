import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { StandInView } from '../../../stand-in.ts';

export const GROUP = 'gateway.networking.k8s.io';
export const V1 = 'gateway.networking.k8s.io/v1';

/** Maps the kind of a route to the protocols of the listeners that accept the kind. */
export const ROUTE_PROTOCOLS: Readonly<Record<string, readonly string[]>> = {
  HTTPRoute: ['HTTP', 'HTTPS'],
  GRPCRoute: ['HTTP', 'HTTPS'],
  TLSRoute: ['TLS'],
  TCPRoute: ['TCP', 'TLS'],
  UDPRoute: ['UDP'],
};

/** A reference to an object. Defaults replace absent fields. */
export interface Reference {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Reads a reference. `defaults` replaces an absent group, kind or namespace. */
export function referenceOf(value: JsonObject, defaults: Omit<Reference, 'name'>): Reference {
  return {
    group: typeof value['group'] === 'string' ? value['group'] : defaults.group,
    kind: textAt(value, 'kind') || defaults.kind,
    namespace: textAt(value, 'namespace') || defaults.namespace,
    name: textAt(value, 'name'),
  };
}

/**
 * May an object refer to an object in another namespace? A ReferenceGrant in the other namespace must allow the
 * reference.
 */
export function isGranted(
  view: StandInView,
  from: { readonly group: string; readonly kind: string; readonly namespace: string },
  to: Reference,
): boolean {
  if (from.namespace === to.namespace) return true;
  return view
    .list({ group: GROUP, kind: 'ReferenceGrant' }, to.namespace)
    .some(
      (grant) =>
        objectsAt(grant.spec, 'from').some(
          (each) => each['group'] === from.group && each['kind'] === from.kind && each['namespace'] === from.namespace,
        ) &&
        objectsAt(grant.spec, 'to').some(
          (each) =>
            each['group'] === to.group &&
            each['kind'] === to.kind &&
            (each['name'] === undefined || each['name'] === to.name),
        ),
    );
}

/** The GatewayClass of a gateway; `undefined` when it does not exist. */
export function gatewayClassOf(gateway: KubeObject, view: StandInView): KubeObject | undefined {
  return view.get({ apiVersion: V1, kind: 'GatewayClass', name: textAt(gateway.spec, 'gatewayClassName') });
}
