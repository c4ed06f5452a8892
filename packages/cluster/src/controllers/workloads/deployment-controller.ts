import { type KubeObject, RETRY_POLICIES } from '@typekro/kit/core';
import { LAST_APPLIED_ANNOTATION } from '@typekro/kit/kubernetes';
import { goQuote } from '@typekro/kit/golang';
import { type ControlRule, controlByRule, ownerKeys } from './control-by-rule.ts';
import { type SimulatedController, concerns, targetIn } from '../simulated-controller.ts';
import { isComplete, reportDeployment, reportRefusedSet } from './deployment-status.ts';
import { recordEvent } from '../events.ts';
import { isFinished, podsOf, specNumber } from '../pods/pod-state.ts';
import { REPLICA_SETS } from './replicaset.ts';
import { rollingLimits, rolloutPlan } from './rollout-plan.ts';
import { DESIRED, isScaled, MAXIMUM, scaledSizes } from '../autoscaling/scaled-sizes.ts';
import { collisionsOf, templateHash, podTemplateOf, sameTemplate } from './template-hash.ts';
import { type ControllerClient, controllerReference, isAlreadyExists, isApiError } from '../controller-client.ts';
import { isSimulation } from '../pods/simulated-pods.ts';
import { controllerOf } from '../relation-index.ts';

const DEPLOYMENTS = { group: 'apps', plural: 'deployments' } as const;
const SETS_OF_DEPLOYMENT: ControlRule = {
  owners: { kind: 'Deployment', resource: DEPLOYMENTS },
  resource: REPLICA_SETS,
};
const REVISION = 'deployment.kubernetes.io/revision';
const HISTORY = 'deployment.kubernetes.io/revision-history';
const MAX_HISTORY_CHARACTERS = 2000;

/** Annotations of a Deployment that are not copied to its ReplicaSets. */
const NOT_COPIED = new Set([
  REVISION,
  DESIRED,
  MAXIMUM,
  LAST_APPLIED_ANNOTATION,
  HISTORY,
  'deprecated.deployment.rollback.to',
]);

/**
 * Rolls out Deployments. Each pod template has one ReplicaSet. According to the strategy, the new ReplicaSet is scaled
 * up and the old ReplicaSets are scaled down.
 */
export const deploymentController: SimulatedController = {
  name: 'deployment-controller',
  target: targetIn(DEPLOYMENTS),

  *keysOf(event, client) {
    if (concerns(event, 'apps', 'deployments')) yield event.stored.key;
    const { object } = event.stored;
    const owner = controllerOf(object);
    yield* ownerKeys(event, client, SETS_OF_DEPLOYMENT);
    // A Recreate rollout waits until the last old pod is gone.
    if (concerns(event, '', 'pods') && event.type === 'DELETED' && owner?.kind === 'ReplicaSet') {
      const set = client.get(REPLICA_SETS, object.metadata.namespace ?? '', owner.name);
      const deployment = set === undefined ? undefined : controllerOf(set);
      if (deployment !== undefined) yield `${object.metadata.namespace ?? ''}/${deployment.name}`;
    }
  },

  reconcile(key, client) {
    const deployment = client.at(DEPLOYMENTS, key);
    if (deployment === undefined) return;
    if (!controlByRule(client, deployment, SETS_OF_DEPLOYMENT)) return 'next';
    if (deployment.metadata.deletionTimestamp === undefined) {
      const result = rollOut(client, deployment);
      if (result === 'taken') return;
      if (result === 'refused') return RETRY_POLICIES.simulatedController.initialMs;
    }
    const live = client.at(DEPLOYMENTS, key);
    if (live !== undefined)
      return reportDeployment(client, live, setsOf(client, live), newSetOf(live, setsOf(client, live)));
  },
};

function setsOf(client: ControllerClient, deployment: KubeObject): KubeObject[] {
  return client.controlled(deployment, REPLICA_SETS);
}

function newSetOf(deployment: KubeObject, sets: readonly KubeObject[]): KubeObject | undefined {
  return sets.find((set) => sameTemplate(deployment, set));
}

const MAX_INT64 = 2n ** 63n - 1n;

/** Returns the revision of a Deployment or ReplicaSet, or 0 if it has none or if the revision is not an int64. */
function revisionOf(object: KubeObject): bigint {
  const text = object.metadata.annotations?.[REVISION] ?? '';
  if (!/^\d{1,19}$/.test(text)) return 0n;
  const revision = BigInt(text);
  return revision > MAX_INT64 ? 0n : revision;
}

/** Returns the highest revision, or 0 if there are none. */
const highestOf = (revisions: readonly bigint[]): bigint =>
  revisions.reduce((highest, revision) => (revision > highest ? revision : highest), 0n);

const byRevision = (a: KubeObject, b: KubeObject): number => (revisionOf(a) < revisionOf(b) ? -1 : 1);

/**
 * The result of a step. `taken`: another object has the name of the new ReplicaSet. The increased collision count then
 * starts the next step, with another name. `refused`: the API refuses the new ReplicaSet.
 */
type StepResult = 'done' | 'taken' | 'refused';

/**
 * Creates and scales the ReplicaSets. If the number of replicas has changed, only scales the sets that exist. Their
 * events start the next step of the rollout. For a paused Deployment, only scales the sets and deletes surplus old
 * ones.
 */
function rollOut(client: ControllerClient, deployment: KubeObject): StepResult {
  const sets = setsOf(client, deployment);
  const known = newSetOf(deployment, sets);
  const old = sets.filter((set) => set !== known);
  const next = highestOf(old.map(revisionOf)) + 1n;
  const revision = highestOf([next, ...(known === undefined ? [] : [revisionOf(known)])]);
  const isPaused = deployment.spec?.['paused'] === true;
  if (isPaused || isScaled(deployment, sets)) {
    const maximum = specNumber(deployment, 'replicas', 1) + rollingLimits(deployment).maxSurge;
    for (const [set, replicas] of scaledSizes(deployment, known, sets)) {
      resize(client, deployment, set, replicas, maximum);
    }
    if (isPaused) cleanUp(client, deployment, old);
    return 'done';
  }
  const running = old.flatMap((set) => podsOf(client, set)).filter((pod) => !isFinished(pod));
  const plan = rolloutPlan(deployment, known, sets, running.length);
  if (known === undefined) {
    const result = plan.mayCreate
      ? createSet(client, deployment, revision, plan.newReplicas, plan.maxReplicas)
      : 'done';
    if (result !== 'done') return result;
  } else {
    resize(client, deployment, known, plan.newReplicas, plan.maxReplicas, revision);
  }
  for (const { set, replicas } of plan.old) resize(client, deployment, set, replicas, plan.maxReplicas);
  if (revisionOf(deployment) !== revision) annotate(client, deployment, { [REVISION]: String(revision) });
  if (isComplete(deployment)) cleanUp(client, deployment, old);
  return 'done';
}

/** Creates the ReplicaSet of the present template. Counts a collision when its name is taken, and reports a refusal. */
function createSet(
  client: ControllerClient,
  deployment: KubeObject,
  revision: bigint,
  replicas: number,
  maximum: number,
): StepResult {
  const hash = templateHash(deployment);
  const { metadata, spec } = podTemplateOf(deployment);
  const labels = { ...metadata.labels, 'pod-template-hash': hash };
  const selector = (deployment.spec?.['selector'] ?? {}) as { matchLabels?: Record<string, string> };
  const minReady = specNumber(deployment, 'minReadySeconds', 0);
  const wanted: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name ?? ''}-${hash}`,
      namespace: deployment.metadata.namespace ?? '',
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        [DESIRED]: String(specNumber(deployment, 'replicas', 1)),
        [MAXIMUM]: String(maximum),
        [REVISION]: String(revision),
      },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      ...(minReady > 0 ? { minReadySeconds: minReady } : {}),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, 'pod-template-hash': hash } },
      template: { metadata: { ...metadata, labels }, spec },
    },
  };
  try {
    recordScaling(client, deployment, client.create(wanted), 0, replicas);
    return 'done';
  } catch (error) {
    if (isAlreadyExists(error)) {
      client.updateStatus(deployment, { ...deployment.status, collisionCount: collisionsOf(deployment) + 1 });
      return 'taken';
    }
    if (!isApiError(error)) throw error;
    reportRefusedSet(client, deployment, `${goQuote(wanted.metadata.name ?? '')}: ${error.message}`);
    return 'refused';
  }
}

function resize(
  client: ControllerClient,
  deployment: KubeObject,
  set: KubeObject,
  replicas: number,
  maximum: number,
  revision?: bigint,
): void {
  const before = specNumber(set, 'replicas', 0);
  const { minReadySeconds: _before, ...spec } = set.spec ?? {};
  const minReady =
    revision === undefined ? specNumber(set, 'minReadySeconds', 0) : specNumber(deployment, 'minReadySeconds', 0);
  const annotations = {
    ...set.metadata.annotations,
    // Only the ReplicaSet of the present template gets the annotations and `minReadySeconds` of the Deployment.
    ...(revision === undefined ? {} : copiedAnnotations(deployment)),
    [DESIRED]: String(specNumber(deployment, 'replicas', 1)),
    [MAXIMUM]: String(maximum),
    ...(revision === undefined ? {} : { [REVISION]: String(revision), ...historyOf(set, revision) }),
  };
  client.update({
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: { ...spec, replicas, ...(minReady > 0 ? { minReadySeconds: minReady } : {}) },
  });
  if (before !== replicas) recordScaling(client, deployment, set, before, replicas);
}

/**
 * A ReplicaSet gets a new revision when its template is used again. Returns the annotation that lists its earlier
 * revisions, and drops the oldest ones when the annotation becomes too long.
 */
function historyOf(set: KubeObject, revision: bigint): Record<string, string> {
  const before = set.metadata.annotations?.[REVISION] ?? '';
  if (before === '' || revisionOf(set) >= revision) return {};
  const known = set.metadata.annotations?.[HISTORY] ?? '';
  const history = [...(known === '' ? [] : known.split(',')), before];
  while (history.length > 1 && history.join(',').length > MAX_HISTORY_CHARACTERS) history.shift();
  return { [HISTORY]: history.join(',') };
}

function recordScaling(
  client: ControllerClient,
  deployment: KubeObject,
  set: KubeObject,
  from: number,
  to: number,
): void {
  if (from === to) return;
  const text = `Scaled ${to > from ? 'up' : 'down'} replica set ${set.metadata.name ?? ''} from ${from} to ${to}`;
  recordEvent(client, deployment, 'deployment-controller', 'ScalingReplicaSet', text);
}

/** Returns the annotations that a ReplicaSet gets from its Deployment. */
function copiedAnnotations({ metadata }: KubeObject): Record<string, string> {
  const all = Object.entries(metadata.annotations ?? {});
  return Object.fromEntries(all.filter(([name]) => !NOT_COPIED.has(name) && !isSimulation(name)));
}

/** Writes annotations with a status update, so that the generation does not change. */
function annotate(client: ControllerClient, object: KubeObject, annotations: Record<string, string>): void {
  const metadata = { ...object.metadata, annotations: { ...object.metadata.annotations, ...annotations } };
  client.update({ ...object, metadata }, 'status');
}

/** Deletes the oldest ReplicaSets beyond the history limit, except those that have pods. */
function cleanUp(client: ControllerClient, deployment: KubeObject, old: readonly KubeObject[]): void {
  const kept = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined).toSorted(byRevision);
  const surplus = Math.max(0, kept.length - specNumber(deployment, 'revisionHistoryLimit', 10));
  for (const set of kept.slice(0, surplus)) {
    if (specNumber(set, 'replicas', 0) === 0 && (set.status?.['replicas'] ?? 0) === 0) client.remove(set);
  }
}
