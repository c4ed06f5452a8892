import { createHash } from 'node:crypto';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { asObject, asObjects, optionalAt, textAt, transitionTimeOf } from '@typekro/kit/kubernetes';
import type { StandIn, StandInFailure, StandInResult, StandInView } from '../../stand-in.ts';
import { shippedDefinitions } from './shipped-definitions.ts';

const GROUP = 'argoproj.io';
const REFRESH = 'argocd.argoproj.io/refresh';
const NOTHING_APPLIED = 'successfully synced (stand-in: nothing was applied)';

/**
 * Simulates the application controller of Argo CD. An application with automated sync or an `operation` becomes Synced
 * and Healthy. The stand-in fetches nothing and applies nothing.
 */
export const argocdStandIn: StandIn = {
  name: 'argocd',
  definitions: () => shippedDefinitions(GROUP),
  kinds: [
    {
      group: GROUP,
      kind: 'Application',
      controller: 'argocd-application-controller',
      finalizer: 'resources-finalizer.argocd.argoproj.io',
      isFinalizerOfUser: true,
      follows: [{ group: GROUP, kind: 'AppProject' }],
      reconcile: reconcileApplication,
    },
  ],
};

function reconcileApplication(application: KubeObject, view: StandInView): StandInResult {
  const isRefreshed = application.metadata.annotations?.[REFRESH] !== undefined;
  return {
    ...syncApplication(application, view),
    ...(isRefreshed ? { annotations: { [REFRESH]: null } } : {}),
  };
}

function syncApplication(application: KubeObject, view: StandInView): StandInResult {
  const project = textAt(application, 'spec', 'project') || 'default';
  const { namespace = '' } = application.metadata;
  const isKnown =
    project === 'default' ||
    view.get({ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', name: project, namespace }) !== undefined;
  if (!isKnown)
    return withCondition(
      application,
      view,
      'InvalidSpecError',
      `Application referencing project ${project} which does not exist`,
    );
  const { failure } = view;
  if (failure?.reason === 'ComparisonError') return withCondition(application, view, failure.reason, failure.message);
  const requested = optionalAt(application, 'operation');
  const revision = revisionOf(application);
  const isAutomatic = optionalAt(application.spec, 'syncPolicy', 'automated') !== undefined;
  const isSynced =
    textAt(application.status, 'sync', 'revision') === revision &&
    textAt(application.status, 'sync', 'status') === 'Synced';
  const isRunning = textAt(application.status, 'operationState', 'phase') === 'Running';
  if (!isSynced && !isAutomatic && !isRunning && requested === undefined) return outOfSync(application, view, revision);
  const steps = view.completedSteps(2);
  if (steps === 0) return outOfSync(application, view, revision);
  const removedMembers = requested === undefined ? {} : { removedMembers: ['operation'] };
  if (failure !== undefined && failure.reason !== 'Degraded')
    return { ...syncFailed(application, view, revision, failure), ...removedMembers };
  const operation = requested ?? { sync: { revision }, initiatedBy: { automated: true } };
  if (steps === 1) return { ...running(application, view, revision, operation), ...removedMembers };
  return { ...synced(application, view, revision, operation, failure), ...removedMembers };
}

/** Returns the parts of the status that every application has, unless it cannot be compared (`withCondition`). */
function baseStatus(application: KubeObject, revision: string, sync: string): JsonObject {
  const { source, destination } = application.spec ?? {};
  return {
    ...application.status,
    controllerNamespace: application.metadata.namespace ?? '',
    sourceType: sourceType(asObject(source)),
    sync: {
      status: sync,
      revision,
      comparedTo: { source: source ?? {}, destination: destination ?? {} },
    },
    summary: {},
    conditions: [],
  };
}

function health(application: KubeObject, view: StandInView, status: string, message?: string): JsonObject {
  const before = asObject(application.status?.['health']);
  const lastTransitionTime = transitionTimeOf(before, status, view.timestamp);
  return { status, lastTransitionTime, ...(message === undefined ? {} : { message }) };
}

function outOfSync(application: KubeObject, view: StandInView, revision: string): StandInResult {
  const { operationState: _before, ...status } = baseStatus(application, revision, 'OutOfSync');
  return {
    status: { ...status, health: health(application, view, 'Missing') },
    events: [{ reason: 'ResourceUpdated', message: 'Updated sync status: Unknown -> OutOfSync' }],
  };
}

function running(application: KubeObject, view: StandInView, revision: string, operation: JsonObject): StandInResult {
  const startedAt = startOf(application, revision) ?? view.timestamp;
  return {
    status: {
      ...baseStatus(application, revision, 'OutOfSync'),
      health: health(application, view, 'Progressing'),
      operationState: {
        operation,
        phase: 'Running',
        startedAt,
        message: 'waiting for healthy state',
        syncResult: { revision },
      },
    },
    events: [{ reason: 'OperationStarted', message: `Initiated sync to '${revision}'` }],
  };
}

function synced(
  application: KubeObject,
  view: StandInView,
  revision: string,
  operation: JsonObject,
  failure: StandInFailure | undefined,
): StandInResult {
  const before = asObject(application.status?.['operationState']);
  const isDone = before['phase'] === 'Succeeded' && textAt(before, 'syncResult', 'revision') === revision;
  const operationState = isDone
    ? before
    : {
        operation,
        phase: 'Succeeded',
        startedAt: startOf(application, revision) ?? view.timestamp,
        finishedAt: view.timestamp,
        message: NOTHING_APPLIED,
        syncResult: { revision, source: application.spec?.['source'] ?? {} },
      };
  const history = asObjects(application.status?.['history']);
  const entry = {
    id: history.length,
    revision,
    deployedAt: view.timestamp,
    source: application.spec?.['source'] ?? {},
  };
  const state =
    failure === undefined
      ? health(application, view, 'Healthy')
      : health(application, view, 'Degraded', failure.message);
  return {
    status: {
      ...baseStatus(application, revision, 'Synced'),
      health: state,
      operationState,
      history: isDone ? history : [...history, entry].slice(-10),
      reconciledAt: operationState['finishedAt'] ?? view.timestamp,
    },
    events: [{ reason: 'OperationCompleted', message: `Sync operation to ${revision} succeeded` }],
  };
}

function syncFailed(
  application: KubeObject,
  view: StandInView,
  revision: string,
  { reason, message }: StandInFailure,
): StandInResult {
  const text = `one or more objects failed to apply, reason: ${reason}: ${message}`;
  const before = asObject(application.status?.['operationState']);
  const finishedAt = before['message'] === text ? (before['finishedAt'] ?? view.timestamp) : view.timestamp;
  return {
    status: {
      ...baseStatus(application, revision, 'OutOfSync'),
      health: health(application, view, 'Missing'),
      operationState: {
        operation: { sync: { revision } },
        phase: 'Failed',
        startedAt: startOf(application, revision) ?? view.timestamp,
        finishedAt,
        message: text,
        syncResult: { revision },
      },
    },
    events: [
      { type: 'Warning', reason: 'OperationCompleted', message: `Sync operation to ${revision} failed: ${text}` },
    ],
  };
}

/**
 * Returns the result for an application that cannot be compared: its states are unknown, and a condition contains the
 * reason.
 */
function withCondition(application: KubeObject, view: StandInView, type: string, message: string): StandInResult {
  const known = asObjects(application.status?.['conditions']).find(
    (each) => each['type'] === type && each['message'] === message,
  );
  return {
    status: {
      ...application.status,
      sync: { status: 'Unknown' },
      health: health(application, view, 'Unknown'),
      conditions: [known ?? { type, message, lastTransitionTime: view.timestamp }],
    },
  };
}

/** Returns the start of the present operation, if the operation is for this revision. */
function startOf({ status }: KubeObject, revision: string): string | undefined {
  const state = asObject(status?.['operationState']);
  return textAt(state, 'syncResult', 'revision') === revision ? textAt(state, 'startedAt') || undefined : undefined;
}

/**
 * Returns the revision of an application: the revision of its chart, or a digest of its source in the form of a commit
 * hash.
 */
function revisionOf({ spec }: KubeObject): string {
  const source = asObject(spec?.['source']);
  if (textAt(source, 'chart') !== '') return textAt(source, 'targetRevision') || '*';
  return createHash('sha1')
    .update(JSON.stringify(spec?.['sources'] ?? source))
    .digest('hex');
}

function sourceType(source: JsonObject): string {
  if (textAt(source, 'chart') !== '' || optionalAt(source, 'helm') !== undefined) return 'Helm';
  if (optionalAt(source, 'kustomize') !== undefined) return 'Kustomize';
  return optionalAt(source, 'plugin') === undefined ? 'Directory' : 'Plugin';
}
