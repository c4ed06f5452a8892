import { type JsonValue, type KubeObject, type ObjectRef, isJsonObject, refOf } from '@typekro/kit/core';
import { objectsAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { ObjectTarget } from '@typekro/engine/runtime';

/** A cause that the status of the object does not report. */
type SilentCause = Readonly<Record<'reason' | 'message' | 'remedy', string>> & { readonly object: ObjectRef };

const isPartlyUpdated = ({ status = {} }: KubeObject): boolean =>
  status['currentRevision'] !== status['updateRevision'] ||
  status['updatedNumberScheduled'] !== status['desiredNumberScheduled'];

/** Fields of the spec that hold an object: the kinds, the path, whether the value holds the object, and the effect. */
const HOLDING: readonly (readonly [RegExp, string, (value: JsonValue, object: KubeObject) => boolean, string])[] = [
  [/^Deployment$/, 'paused', (value) => value === true, 'it does not roll out its template'],
  [/^(?:Cron)?Job$/, 'suspend', (value) => value === true, 'it starts no pod'],
  [/^(?:Deployment|(?:Stateful|Replica)Set)$/, 'replicas', (value) => value === 0, 'it wants no pod'],
  [
    /^(?:Stateful|Daemon)Set$/,
    'updateStrategy.type',
    (value, object) => value === 'OnDelete' && isPartlyUpdated(object),
    'a pod gets the present template only after it is deleted',
  ],
  [
    /^StatefulSet$/,
    'updateStrategy.rollingUpdate.partition',
    (value, object) => value !== 0 && isPartlyUpdated(object),
    'pods with a lower number keep the old template',
  ],
];

/** The causes in the object itself: a field that holds it, or an Ingress whose class no controller serves. */
export function silentCauses(object: KubeObject): SilentCause[] {
  const { kind } = object;
  const held = HOLDING.flatMap(([kinds, path, holds, effect]) => {
    const value = kinds.test(kind) ? valueAt(object, 'spec', ...path.split('.')) : undefined;
    if (value === undefined || !holds(value, object)) return [];
    const message = `spec.${path} is ${String(value)}: ${effect}`;
    return [
      { object: refOf(object), reason: 'Held', message, remedy: `change spec.${path}, or let readyWhen allow it` },
    ];
  });
  if (kind !== 'Ingress' || objectsAt(object, 'status', 'loadBalancer', 'ingress').length > 0) return held;
  const name = textAt(object, 'spec', 'ingressClassName');
  const served = name === '' ? 'the Ingress names no class' : `the class of the Ingress is ${name}`;
  const message = `no controller has published an address; ${served}`;
  const remedy =
    'make sure that the controller of the IngressClass runs and publishes addresses, or set ingressClassName to another class';
  return [{ object: refOf(object), reason: 'NoAddress', message, remedy }];
}

/** The Service from which Kubernetes makes the endpoints in an object. */
export function serviceOf({ kind, metadata }: KubeObject): ObjectRef | undefined {
  const { name, namespace = '', labels } = metadata;
  const service =
    kind === 'Endpoints' ? name : kind === 'EndpointSlice' ? labels?.['kubernetes.io/service-name'] : undefined;
  return service === undefined ? undefined : { apiVersion: 'v1', kind: 'Service', name: service, namespace };
}

/** The label selector of an object that makes no pods, but has no effect without them. Empty for any other object. */
export function podSelectorOf(object: KubeObject): string {
  const selector = valueAt(object, 'spec', 'selector');
  const isService = object.kind === 'Service' && textAt(object, 'spec', 'type') !== 'LoadBalancer';
  if (!isService && object.kind !== 'PodDisruptionBudget') return '';
  const text = ObjectTarget.selectorText(isService && isJsonObject(selector) ? { matchLabels: selector } : selector);
  return text.ok ? text.text : '';
}

/** The cause of an object whose selector matches no pod. */
export const withoutPods = (object: KubeObject, selector: string): SilentCause => ({
  object: refOf(object),
  reason: 'NoPod',
  message: `no pod has the labels of spec.selector: ${selector}`,
  remedy: 'correct spec.selector, or the labels of the pods',
});
