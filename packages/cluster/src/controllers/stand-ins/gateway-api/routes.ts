import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import type { StandInCondition, StandInKind, StandInView } from '../../../stand-in.ts';
import { attachment, parentsOf } from './attach.ts';
import { withTimes } from './gateways.ts';
import { gatewayClassOf, GROUP, isGranted, referenceOf, ROUTE_PROTOCOLS, V1 } from './names.ts';

/** The controller name in a route's status, when the GatewayClass names no controller. */
const CONTROLLER = 'typekro.dev/stand-in';

/** Routes of all kinds. The status of a route has no entry for a gateway that does not exist, or that has no class. */
export const routes: readonly StandInKind[] = Object.keys(ROUTE_PROTOCOLS).map((kind) => ({
  group: GROUP,
  kind,
  follows: [
    { group: GROUP, kind: 'Gateway', anywhere: true },
    { group: GROUP, kind: 'ReferenceGrant', anywhere: true },
    { group: '', kind: 'Service', anywhere: true },
  ],
  reconcile: (route, view) => {
    const known = parentsOf(route)
      .map((parent) => parentStatus(route, parent, view))
      .filter((status) => status !== undefined);
    const isSeen = known.length > 0 || objectsAt(route.status, 'parents').length > 0;
    return isSeen ? { status: { parents: known } } : undefined;
  },
}));

function parentStatus(route: KubeObject, parent: JsonObject, view: StandInView): JsonObject | undefined {
  const { namespace = '' } = route.metadata;
  const reference = referenceOf(parent, { group: GROUP, kind: 'Gateway', namespace });
  const gateway = view.get({ apiVersion: V1, kind: 'Gateway', namespace: reference.namespace, name: reference.name });
  const gatewayClass = gateway && gatewayClassOf(gateway, view);
  if (gateway === undefined || gatewayClass === undefined || view.completedSteps(1) === 0) return undefined;
  const { listeners, reason } = attachment(route, gateway, view, parent);
  const { failure } = view;
  const accepted: StandInCondition =
    failure !== undefined
      ? { type: 'Accepted', status: 'False', ...failure }
      : listeners.length > 0
        ? { type: 'Accepted', status: 'True', reason, message: `attached to ${listeners.join(', ')}` }
        : {
            type: 'Accepted',
            status: 'False',
            reason,
            message: `no listener of Gateway ${reference.namespace}/${reference.name} accepts the route`,
          };
  const problem = backendProblem(route, view);
  const resolved: StandInCondition =
    problem === undefined
      ? { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: 'all references are resolved' }
      : { type: 'ResolvedRefs', status: 'False', ...problem };
  const before = objectsAt(route.status, 'parents').find((each) => isSameParent(each['parentRef'], parent));
  const name = gatewayClass.spec?.['controllerName'];
  return {
    parentRef: parent,
    controllerName: typeof name === 'string' ? name : CONTROLLER,
    conditions: [accepted, resolved].map((condition) => withTimes(condition, before, route, view)),
  };
}

const isSameParent = (one: unknown, other: JsonObject): boolean => {
  const of = (value: JsonObject) =>
    ['namespace', 'name', 'sectionName', 'port'].map((member) => String(value[member] ?? '')).join('/');
  return typeof one === 'object' && one !== null && of(one as JsonObject) === of(other);
};

/** The reason why a backend of a route cannot be used; `undefined` when all backends can be used. */
function backendProblem(
  route: KubeObject,
  view: StandInView,
): { readonly reason: string; readonly message: string } | undefined {
  const { namespace = '' } = route.metadata;
  for (const value of objectsAt(route.spec, 'rules').flatMap((rule) => objectsAt(rule, 'backendRefs'))) {
    const backend = referenceOf(value, { group: '', kind: 'Service', namespace });
    const place = `${backend.kind} ${backend.namespace}/${backend.name}`;
    if (backend.group !== '' || backend.kind !== 'Service')
      return { reason: 'InvalidKind', message: `${place} is no Service` };
    if (!isGranted(view, { group: GROUP, kind: route.kind, namespace }, backend))
      return { reason: 'RefNotPermitted', message: `no ReferenceGrant allows the reference to ${place}` };
    if (view.get({ apiVersion: 'v1', kind: 'Service', namespace: backend.namespace, name: backend.name }) === undefined)
      return { reason: 'BackendNotFound', message: `${place} does not exist` };
  }
  return undefined;
}
