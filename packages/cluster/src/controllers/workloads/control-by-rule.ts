import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { labelSelectorMatcher, objectAt, optionalAt } from '@typekro/kit/kubernetes';
import type { StoreEvent } from '../../store/store.ts';
import { concerns, firstBatch, keyOfObject } from '../simulated-controller.ts';
import { controllerReference, isAdoptable, withOwner } from '../controller-client.ts';
import type { ControllerClient, ResourceName } from '../controller-client.ts';
import { controllerOf } from '../relation-index.ts';

/**
 * The rule by which an owner controls objects. The owner adopts each accepted object that has no controller. It
 * releases each of its objects that the rule no longer accepts.
 */
export interface ControlRule {
  readonly owners: { readonly kind: string; readonly resource: ResourceName };
  /** The resource of the controlled objects. */
  readonly resource: ResourceName;
  /** The label selector of an owner. Default: `spec.selector`. */
  readonly selectorOf?: (owner: KubeObject) => JsonObject | undefined;
  /** A condition in addition to the selector, e.g. on the object's name. */
  readonly accepts?: (owner: KubeObject, object: KubeObject) => boolean;
  /** Returns true for objects that the owner neither adopts nor releases. Default: false. */
  readonly ignores?: (object: KubeObject) => boolean;
  /**
   * Only a rule without `accepts` may have this function. It returns the labels of the controlled objects that are not
   * ignored. If the selector matches all these labels, the objects need not be read. By default, all objects are read.
   */
  readonly labelsOf?: (client: ControllerClient, owner: KubeObject) => readonly Readonly<Record<string, string>>[];
  /** A finalizer that is added to adopted objects and removed from released objects. */
  readonly finalizer?: string;
  /** If true, the owner keeps its objects even when the rule no longer accepts them. Default: false. */
  readonly keepsAll?: boolean;
}

/** The criteria by which an owner accepts objects. */
interface Acceptance {
  /** Returns true when the selector matches these labels. */
  readonly matches: (labels: Readonly<Record<string, string>>) => boolean;
  readonly accepts: (object: KubeObject) => boolean;
  /** A label that all accepted objects have, for a look-up in an index. */
  readonly label: readonly [key: string, value: string] | undefined;
}

/**
 * The criteria of the stored owners, keyed by rule and owner. They are cached, because each event of an object without
 * a controller is compared with all owners.
 */
const acceptances = new WeakMap<ControlRule, WeakMap<KubeObject, Acceptance>>();

function acceptance(rule: ControlRule, owner: KubeObject): Acceptance | undefined {
  let known = acceptances.get(rule);
  if (known === undefined) acceptances.set(rule, (known = new WeakMap()));
  const kept = known.get(owner);
  if (kept !== undefined) return kept;
  const selector = rule.selectorOf === undefined ? optionalAt(owner.spec, 'selector') : rule.selectorOf(owner);
  if (selector === undefined) return undefined;
  const matches = labelSelectorMatcher(selector);
  const [label] = Object.entries(objectAt(selector, 'matchLabels'));
  const made: Acceptance = {
    matches,
    accepts: (object) => matches(object.metadata.labels ?? {}) && rule.accepts?.(owner, object) !== false,
    label: label === undefined ? undefined : [label[0], String(label[1])],
  };
  known.set(owner, made);
  return made;
}

/**
 * Adopts and releases a batch of objects by the rule. Returns false when others remain. Does nothing for an owner that is
 * being deleted.
 */
export function controlByRule(client: ControllerClient, owner: KubeObject, rule: ControlRule): boolean {
  if (owner.metadata.deletionTimestamp !== undefined) return true;
  const accepted = acceptance(rule, owner);
  if (accepted === undefined) return true;
  const { accepts, label, matches } = accepted;
  const ignores = rule.ignores ?? (() => false);
  const isUniform = rule.keepsAll === true || rule.labelsOf?.(client, owner).every(matches) === true;
  const surplus = isUniform
    ? []
    : client.controlled(owner, rule.resource).filter((object) => !ignores(object) && !accepts(object));
  const missing = client
    .uncontrolled(rule.resource, owner.metadata.namespace ?? '', label)
    .filter((object) => !ignores(object) && isAdoptable(object) && accepts(object));
  const changed = firstBatch([...surplus, ...missing]);
  for (const object of changed) control(client, owner, object, accepts(object), rule.finalizer);
  return changed.length === surplus.length + missing.length;
}

/** Makes the owner the controller of an object, or (`isAccepted` is false) releases the object. */
function control(
  client: ControllerClient,
  owner: KubeObject,
  object: KubeObject,
  isAccepted: boolean,
  finalizer?: string,
): void {
  const { ownerReferences = [], finalizers = [], ...metadata } = object.metadata;
  const references = isAccepted
    ? withOwner(ownerReferences, controllerReference(owner), 'start')
    : ownerReferences.filter(({ uid }) => uid !== owner.metadata.uid);
  const others = finalizers.filter((name) => name !== finalizer);
  const kept = isAccepted && finalizer !== undefined ? [...others, finalizer] : others;
  client.update({
    ...object,
    metadata: {
      ...metadata,
      ...(references.length === 0 ? {} : { ownerReferences: references }),
      ...(kept.length === 0 ? {} : { finalizers: kept }),
    },
  });
}

/**
 * Yields the keys of owners to reconcile after an event of an object: the object's controller, its former controller,
 * or the owners that could adopt the object.
 */
export function* ownerKeys(event: StoreEvent, client: ControllerClient, rule: ControlRule): Iterable<string> {
  if (!concerns(event, rule.resource.group, rule.resource.plural)) return;
  const { object } = event.stored;
  const { namespace = '' } = object.metadata;
  const { kind, resource } = rule.owners;
  const controller = controllerOf(object);
  const before = event.previous === undefined ? undefined : controllerOf(event.previous.object);
  if (controller?.kind === kind) yield `${namespace}/${controller.name}`;
  if (before?.kind === kind && before.uid !== controller?.uid) yield `${namespace}/${before.name}`;
  if (controller !== undefined || event.type === 'DELETED' || !isAdoptable(object) || client.isEmpty(resource)) return;
  for (const owner of client.list(resource, namespace))
    if (acceptance(rule, owner)?.accepts(object) === true) yield keyOfObject(owner);
}
