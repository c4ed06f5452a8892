import { type JsonObject, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { conditionOf, transitionTimeOf } from '@typekro/kit/kubernetes';
import { ADMIN } from '../auth/cluster-access.ts';
import { deleteObject } from '../verbs/delete.ts';
import { changeObject } from '../verbs/update.ts';
import { type WriteRequest, type WriteServices, liveObject, serverStatusWrite } from '../verbs/write.ts';
import { type ParsedCrd, CLEANUP, conditionsOf, hasCondition, readCrd } from '../crd/parsed-crd.ts';
import { acceptNames } from './accept-names.ts';
import { type PublishContext, GROUP, PLURAL, publish } from './publish.ts';
import { thaw } from '../types/parts.ts';
import type { Store } from '../store/store.ts';
import { timestampOf } from '../cluster-clock.ts';

/** The parts of the cluster that the lifecycle of a CustomResourceDefinition uses. */
export interface LifecycleContext extends WriteServices, PublishContext {
  readonly store: Store;
}

/**
 * Performs one step of the lifecycle of a CustomResourceDefinition: accepts its names, establishes it, serves it, or
 * cleans up after its deletion. A step that writes causes an event, and the event causes the next step. Returns true
 * when the step removed a part of the custom resources, so that another step must follow without an event.
 */
export function settleDefinition(context: LifecycleContext, name: string): boolean {
  const stored = context.store.collection(GROUP, PLURAL).get(name);
  if (stored === undefined) return false;
  const definition = readCrd(stored.object);
  if (stored.object.metadata.deletionTimestamp !== undefined) {
    publish(context, definition);
    return cleanUp(context, definition);
  }
  if (!updateNames(context, definition)) publish(context, definition);
  return false;
}

type Condition = { type: string; status: string; reason: string; message: string };

const APPROVAL = 'api-approved.kubernetes.io';

/**
 * The condition about the approval of a CustomResourceDefinition in a group of the Kubernetes project; `undefined` for
 * other groups.
 */
function approvalOf(object: KubeObject): Condition | undefined {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(String(object.spec?.['group']))) return undefined;
  const text = object.metadata.annotations?.[APPROVAL] ?? '';
  const type = 'KubernetesAPIApprovalPolicyConformant';
  if (text.startsWith('unapproved')) {
    const message = `not approved: ${goQuote(text)}`;
    return { type, status: 'False', reason: 'UnapprovedAnnotation', message };
  }
  return { type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${text}` };
}

/** Writes conditions and accepted names. Returns whether they have changed. */
function updateNames(context: LifecycleContext, definition: ParsedCrd): boolean {
  const { object } = definition;
  const { accepted, condition } = acceptNames(context.store, definition);
  const established = conditionOf(object, 'Established');
  const approval = approvalOf(object);
  const wanted: Condition[] = approval === undefined ? [condition] : [approval, condition];
  if (
    condition.status === 'True' &&
    conditionOf(object, 'NamesAccepted')?.['status'] === 'True' &&
    established?.['status'] !== 'True'
  ) {
    wanted.push({
      type: 'Established',
      status: 'True',
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
    });
  } else if (established === undefined) {
    wanted.push(
      condition.status === 'True'
        ? {
            type: 'Established',
            status: 'False',
            reason: 'Installing',
            message: 'the initial names have been accepted',
          }
        : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
    );
  }
  return writeStatus(context, object, wanted, accepted);
}

function writeStatus(
  context: LifecycleContext,
  object: KubeObject,
  wanted: readonly Condition[],
  acceptedNames: JsonObject | undefined,
): boolean {
  const write = statusWrite(context, object.metadata.name ?? '');
  const live = liveObject(write);
  if (live === undefined) return false;
  const next = thaw(live);
  const conditions = conditionsOf(next);
  for (const condition of wanted) {
    const known = conditions.find((entry) => entry['type'] === condition.type);
    const lastTransitionTime = transitionTimeOf(known, condition.status, timestampOf(context.clock));
    const entry = { lastTransitionTime, ...condition };
    if (known === undefined) conditions.push(entry);
    else conditions[conditions.indexOf(known)] = { ...known, ...entry };
  }
  next.status = {
    ...(isJsonObject(next.status) ? next.status : {}),
    conditions,
    ...(acceptedNames === undefined ? {} : { acceptedNames }),
  };
  return changeObject(write, live, next).object !== live;
}

function statusWrite(context: LifecycleContext, name: string): WriteRequest {
  const resource = context.registry.find(GROUP, 'v1', PLURAL);
  if (resource === undefined) throw new Error('definitions are not served');
  return serverStatusWrite(context, resource, name);
}

/** The maximum number of custom resources that one step removes. Other requests are handled after the step. */
const MAX_REMOVED = 100;

/**
 * Deletes custom resources of a deleted CustomResourceDefinition. Removes the finalizer of the CustomResourceDefinition
 * when all of them are gone. Returns true when it deleted the maximum number.
 */
function cleanUp(context: LifecycleContext, definition: ParsedCrd): boolean {
  const { object, group, names } = definition;
  if (!(object.metadata.finalizers ?? []).includes(CLEANUP)) return false;
  const resource = context.registry.findAny(group, names.plural);
  const collection = context.store.collection(group, names.plural);
  if (resource !== undefined && hasCondition(object, 'Established')) {
    const present = collection.all().filter((stored) => stored.object.metadata.deletionTimestamp === undefined);
    for (const { object: instance } of present.slice(0, MAX_REMOVED)) {
      const { name = '', namespace = '' } = instance.metadata;
      const options = { dryRun: false, manager: '', fieldValidation: 'Ignore' as const, force: false };
      // The deletion uses the stored version of the object, so that no conversion webhook is called.
      const own = resource.inVersion(instance.apiVersion) ?? resource;
      deleteObject(
        { services: context, resource: own, namespace, name, subresource: '', user: ADMIN, options, warnings: [] },
        {
          dryRun: false,
          gracePeriodSeconds: undefined,
          propagationPolicy: undefined,
          orphanDependents: undefined,
          preconditions: {},
        },
      );
    }
    if (present.length > MAX_REMOVED) return true;
  }
  if (collection.size > 0) {
    writeStatus(
      context,
      object,
      [
        {
          type: 'Terminating',
          status: 'True',
          reason: 'InstanceDeletionInProgress',
          message: 'CustomResource deletion is in progress',
        },
      ],
      undefined,
    );
    return false;
  }
  const write = { ...statusWrite(context, object.metadata.name ?? ''), subresource: '' };
  const live = liveObject(write);
  if (live === undefined) return false;
  const next = thaw(live);
  next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((entry) => entry !== CLEANUP);
  changeObject(write, live, next);
  return false;
}
