import type { JsonObject, KubeObject } from '@typekro/kit/core';
import {
  asObjects,
  conditionIn,
  countAt,
  namePrefix,
  objectsAt,
  textAt,
  transitionTimeOf,
} from '@typekro/kit/kubernetes';
import type { FollowedKind, StandInCondition, StandInKind, StandInView } from '../../../stand-in.ts';
import { attachment } from './attach.ts';
import { gatewayClassOf, GROUP, isGranted, referenceOf, ROUTE_PROTOCOLS } from './names.ts';

/** Without a simulated failure, the stand-in accepts each GatewayClass, whatever its controller is. */
export const gatewayClasses: StandInKind = {
  group: GROUP,
  kind: 'GatewayClass',
  reconcile(_gatewayClass, view) {
    const { failure } = view;
    const accepted: StandInCondition =
      failure === undefined
        ? {
            type: 'Accepted',
            status: 'True',
            reason: 'Accepted',
            message: 'accepted by the stand-in of the Gateway API',
          }
        : { type: 'Accepted', status: 'False', reason: failure.reason, message: failure.message };
    return { status: { conditions: view.conditions([{ ...accepted, observed: true }]) } };
  },
};

const ROUTES: readonly FollowedKind[] = Object.keys(ROUTE_PROTOCOLS).map((kind) => ({
  group: GROUP,
  kind,
  anywhere: true,
}));

/** A Gateway is programmed when its Service has an address. */
export const gateways: StandInKind = {
  group: GROUP,
  kind: 'Gateway',
  follows: [
    ...ROUTES,
    { group: GROUP, kind: 'GatewayClass' },
    { group: GROUP, kind: 'ReferenceGrant', anywhere: true },
    { group: '', kind: 'Secret', anywhere: true },
    { group: '', kind: 'Namespace' },
  ],

  reconcile(gateway, view) {
    const gatewayClass = gatewayClassOf(gateway, view);
    const isClassAccepted = conditionIn(objectsAt(gatewayClass?.status, 'conditions'), 'Accepted')?.status === 'True';
    // A controller works only on gateways whose class it has accepted.
    if (!isClassAccepted) return undefined;
    const { failure } = view;
    const service = view.get({
      apiVersion: 'v1',
      kind: 'Service',
      namespace: gateway.metadata.namespace ?? '',
      name: serviceName(gateway),
    });
    const addresses = objectsAt(service?.status, 'loadBalancer', 'ingress').map((entry) => ({
      type: 'IPAddress',
      value: textAt(entry, 'ip'),
    }));
    const isProgrammed = failure === undefined && addresses.length > 0 && view.completedSteps(1) > 0;
    const listeners = objectsAt(gateway.spec, 'listeners').map((listener) =>
      listenerStatus(gateway, listener, view, isProgrammed),
    );
    return {
      owned: [serviceOf(gateway)],
      status: {
        ...(isProgrammed ? { addresses } : {}),
        listeners,
        conditions: view.conditions([accepted(listeners), programmed(view, isProgrammed, addresses.length)]),
      },
    };
  },
};

const serviceName = ({ metadata, spec }: KubeObject): string =>
  namePrefix(`${metadata.name}-${textAt(spec, 'gatewayClassName')}`, 63);

function serviceOf(gateway: KubeObject): KubeObject {
  const labels = { 'gateway.networking.k8s.io/gateway-name': gateway.metadata.name ?? '' };
  const ports = new Map<string, JsonObject>();
  for (const listener of objectsAt(gateway.spec, 'listeners')) {
    const port = countAt(listener, 'port');
    const protocol = listener['protocol'] === 'UDP' ? 'UDP' : 'TCP';
    ports.set(`${port}/${protocol}`, { name: `${protocol.toLowerCase()}-${port}`, port, protocol, targetPort: port });
  }
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: serviceName(gateway), labels },
    spec: { type: 'LoadBalancer', selector: labels, ports: [...ports.values()] },
  };
}

function accepted(listeners: readonly JsonObject[]): StandInCondition {
  const bad = listeners.filter((each) => conditionIn(asObjects(each['conditions']), 'ResolvedRefs')?.status !== 'True');
  return bad.length === 0
    ? { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'the gateway is accepted', observed: true }
    : {
        type: 'Accepted',
        status: 'True',
        reason: 'ListenersNotValid',
        message: `listeners have problems: ${bad.map((each) => textAt(each, 'name')).join(', ')}`,
        observed: true,
      };
}

function programmed({ failure }: StandInView, isProgrammed: boolean, addresses: number): StandInCondition {
  const base = { type: 'Programmed', observed: true } as const;
  if (isProgrammed) return { ...base, status: 'True', reason: 'Programmed', message: 'the gateway has an address' };
  if (failure !== undefined) return { ...base, status: 'False', ...failure };
  return addresses === 0
    ? {
        ...base,
        status: 'False',
        reason: 'AddressNotAssigned',
        message: 'the Service of the gateway has no address yet',
      }
    : { ...base, status: 'False', reason: 'Pending', message: 'the gateway is being set up' };
}

function listenerStatus(
  gateway: KubeObject,
  listener: JsonObject,
  view: StandInView,
  isProgrammed: boolean,
): JsonObject {
  const name = textAt(listener, 'name');
  const protocol = textAt(listener, 'protocol');
  const before = objectsAt(gateway.status, 'listeners').find((each) => each['name'] === name);
  const problem = certificateProblem(gateway, listener, view);
  const isUsable = problem === undefined;
  const conditions: readonly StandInCondition[] = [
    { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'the listener is accepted' },
    { type: 'Conflicted', status: 'False', reason: 'NoConflicts', message: 'no other listener conflicts with it' },
    isUsable
      ? { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: 'all references are resolved' }
      : { type: 'ResolvedRefs', status: 'False', ...problem },
    isUsable && isProgrammed
      ? { type: 'Programmed', status: 'True', reason: 'Programmed', message: 'the listener is programmed' }
      : {
          type: 'Programmed',
          status: 'False',
          reason: isUsable ? 'Pending' : 'Invalid',
          message: isUsable ? 'the gateway is being set up' : problem.message,
        },
  ];
  const kinds = Object.keys(ROUTE_PROTOCOLS).filter((kind) => ROUTE_PROTOCOLS[kind]?.includes(protocol));
  const attached = kinds
    .flatMap((kind) => view.list({ group: GROUP, kind }, ''))
    .filter((route) => attachment(route, gateway, view).listeners.includes(name));
  return {
    name,
    supportedKinds: kinds.map((kind) => ({ group: GROUP, kind })),
    attachedRoutes: attached.length,
    conditions: conditions.map((condition) => withTimes(condition, before, gateway, view)),
  };
}

/** Adds the time of the last transition and the observed generation to a condition of a listener or route. */
export function withTimes(
  { type, status, reason = '', message = '' }: StandInCondition,
  before: JsonObject | undefined,
  object: KubeObject,
  view: StandInView,
): JsonObject {
  const known = asObjects(before?.['conditions']).find((each) => each['type'] === type);
  return {
    type,
    status,
    reason,
    message,
    lastTransitionTime: transitionTimeOf(known, status, view.timestamp),
    observedGeneration: object.metadata.generation ?? 1,
  };
}

/**
 * The reason why a listener's certificates cannot be used. `undefined` when they can be used, or when the listener has
 * no certificates.
 */
function certificateProblem(
  gateway: KubeObject,
  listener: JsonObject,
  view: StandInView,
): { readonly reason: string; readonly message: string } | undefined {
  const { namespace = '' } = gateway.metadata;
  for (const value of objectsAt(listener, 'tls', 'certificateRefs')) {
    const reference = referenceOf(value, { group: '', kind: 'Secret', namespace });
    const place = `${reference.namespace}/${reference.name}`;
    if (reference.group !== '' || reference.kind !== 'Secret')
      return { reason: 'InvalidCertificateRef', message: `${reference.kind} ${place} is not a Secret` };
    if (!isGranted(view, { group: GROUP, kind: 'Gateway', namespace }, reference))
      return { reason: 'RefNotPermitted', message: `no ReferenceGrant allows the reference to Secret ${place}` };
    const secret = view.get({ apiVersion: 'v1', kind: 'Secret', namespace: reference.namespace, name: reference.name });
    if (textAt(secret, 'data', 'tls.crt') === '')
      return { reason: 'InvalidCertificateRef', message: `Secret ${place} does not exist, or has no certificate` };
  }
  return undefined;
}
