import { type KubeObject, type ObjectRef, jsonEquals, refOf } from '@typekro/kit/core';
import { type StatusCondition, objectsAt, statusCondition, textAt } from '@typekro/kit/kubernetes';
import { isTimeout, systemClock, waitForObject } from '@typekro/kube';
import { describeChildren } from './failure-report.ts';
import { DeploymentTimeoutError, ResourceGraphFactoryError, shorten } from './errors.ts';
import { type KroContext, childRefsOf, definitionRef } from './kro-context.ts';
import { remedyOfRefusal, remedyOfWaiting } from './node-failures.ts';

/**
 * Matches messages about permanent reasons why a kind is not served. They come from this project's controller and from
 * kro's `CRD ensure`.
 */
const LASTING = /not owned by KRO|owned by another ResourceGraphDefinition|breaking changes detected/;

/** The remedy for a definition whose schema breaks existing instances. */
export const BREAKING_REMEDY =
  'deploy with allowBreakingChanges: true if no instance needs the former schema, or give the composition another kind';

const BREAKING = /breaking changes detected/;

/** Describes an object that is being deleted, with its finalizers. */
function beingDeleted({ metadata: { deletionTimestamp = '', finalizers = [] } }: KubeObject): string {
  const held = finalizers.length === 0 ? '' : `, and held by ${finalizers.join(', ')}`;
  return `it is being deleted (since ${deletionTimestamp})${held}`;
}

/** How long a controller must keep reporting a refused write before the deploy fails, in milliseconds. */
const REFUSED_MS = 5000;

/** The description of an object without a status. */
const UNSEEN = 'no controller has written its status';

/** Describes an object whose watch fails. */
const unseenFor = ({ message }: Error) => `it cannot be watched: ${message}`;

/**
 * Waits until a controller serves the kind of the definition, at the applied generation or a later one. Returns false
 * when the definition was deleted or replaced.
 *
 * @throws ResourceGraphFactoryError `deploy/definition-refused` or `deploy/kind-not-served`; DeploymentTimeoutError.
 */
export async function waitForDefinition(context: KroContext, { metadata: applied }: KubeObject): Promise<boolean> {
  const { api, target, signal } = context;
  const ref = definitionRef(target);
  const { generation = 1 } = applied;
  const isCurrent = ({ observedGeneration = 0 }: StatusCondition) => observedGeneration >= generation;
  let last = UNSEEN;
  const onTrouble = (error: Error) => {
    last = unseenFor(error);
  };
  try {
    const check = (object: KubeObject | undefined) => {
      if (object === undefined || object.metadata.uid !== applied.uid) return false;
      // The conditions of a definition that is being deleted do not count, because it loses all writes when its
      // deletion completes.
      if (object.metadata.deletionTimestamp !== undefined) {
        last = beingDeleted(object);
        return undefined;
      }
      const accepted = statusCondition(object, 'GraphAccepted');
      const ready = statusCondition(object, 'Ready');
      if (accepted?.status === 'False' && isCurrent(accepted)) {
        throw new ResourceGraphFactoryError(
          `the controller refuses the definition ${target.name}: ${accepted.message}`,
          { code: 'deploy/definition-refused', object: ref, remedy: remedyOfDefinition(accepted.message) },
        );
      }
      const served = statusCondition(object, 'KindReady');
      // Setting the annotation that allows breaking changes does not increment the generation. The condition may
      // therefore predate the annotation although it has the current generation.
      const isPermitted = BREAKING.test(served?.message ?? '') && target.options.allowBreakingChanges === true;
      const isLasting = LASTING.test(served?.message ?? '') && !isPermitted;
      if (served?.status === 'False' && isCurrent(served) && isLasting) {
        throw new ResourceGraphFactoryError(`the kind of ${target.name} cannot be served: ${served.message}`, {
          code: 'deploy/kind-not-served',
          object: ref,
          remedy: BREAKING.test(served.message)
            ? BREAKING_REMEDY
            : 'give the composition another kind, group or version, or remove the existing CRD',
        });
      }
      last = ready === undefined ? last : `Ready is ${ready.status}: ${ready.message}`;
      return ready?.status === 'True' && isCurrent(ready) ? true : undefined;
    };
    return await waitForObject(api, ref, signal, check, onTrouble);
  } catch (error) {
    if (!signal.aborted) throw error;
    if (!isTimeout(signal)) throw signal.reason;
    throw timedOut(`the definition ${target.name} did not become active in time; ${last}`, ref, last);
  }
}

function remedyOfDefinition(message: string): string {
  const first = /schema not found|no matches for kind/.test(message)
    ? 'install the CustomResourceDefinition of that kind'
    : 'correct the composition';
  return `${first} and deploy again; deleteInstance() removes the refused definition`;
}

/**
 * Waits until the instance is ACTIVE at its generation. Returns `undefined` when its definition was deleted or
 * replaced; no controller works on the instance then.
 *
 * @throws ResourceGraphFactoryError `deploy/failed` when the controller keeps reporting that the server refuses a
 * child, `deploy/superseded` when another client deletes the instance or changes its spec; DeploymentTimeoutError,
 * which names the children that are not ready.
 */
export async function waitForInstance(
  context: KroContext,
  instance: KubeObject,
  definition: KubeObject,
): Promise<KubeObject | undefined> {
  const stop = new AbortController();
  let resolveServed = (_isServed: boolean): void => undefined;
  const served = new Promise<boolean>((resolve) => {
    resolveServed = resolve;
  });
  const gone = waitForObject(
    context.api,
    refOf(definition),
    AbortSignal.any([context.signal, stop.signal]),
    (object) => {
      const isServed = isSame(object, definition) && object?.metadata.deletionTimestamp === undefined;
      resolveServed(isServed);
      return isServed ? undefined : true;
    },
  );
  const active = waitForActive(context, instance, stop.signal);
  try {
    return await Promise.race([
      // An instance whose definition was deleted keeps the state ACTIVE, so the definition is checked as well.
      active.then(async (object) => ((await served) ? object : undefined)),
      // At the time limit, the error about the instance is thrown.
      gone.then(
        () => undefined,
        () => active,
      ),
    ]);
  } finally {
    stop.abort();
    await Promise.allSettled([active, gone]);
  }
}

/** Is `object` the object with this metadata, and not a new object of the same name? */
function isSame(object: KubeObject | undefined, { metadata }: KubeObject): boolean {
  return object?.metadata.uid === metadata.uid;
}

/**
 * Waits until an object that is being deleted does not exist any more.
 *
 * @throws DeploymentTimeoutError, which names the finalizers of the object.
 */
export async function waitForDeletion({ api, signal }: KroContext, leaving: KubeObject): Promise<void> {
  const ref = refOf(leaving);
  let last = leaving;
  try {
    await waitForObject(api, ref, signal, (object) => {
      last = object ?? last;
      return isSame(object, leaving) ? undefined : true;
    });
  } catch (error) {
    if (!isTimeout(signal)) throw error;
    throw timedOut(`${ref.kind} ${ref.name} still exists: ${beingDeleted(last)}`, ref, beingDeleted(last));
  }
}

/** The state for which a deploy waits after it has applied an object. */
interface Goal {
  /** The name of the state in messages. */
  readonly name: string;
  /** Describes the current state of an object. */
  text(object: KubeObject, ready: StatusCondition | undefined): string;
  isReached(object: KubeObject, ready: StatusCondition | undefined, isCurrent: boolean): boolean;
  /** Does the controller report that its work fails? */
  isFailing(object: KubeObject): boolean;
}

const readyText = (ready: StatusCondition | undefined): string =>
  ready === undefined ? '' : `Ready is ${ready.status}: ${ready.message}`;

const stateOf = (object: KubeObject): string => String(object.status?.['state'] ?? '');

const ACTIVE: Goal = {
  name: 'ACTIVE',
  text: (object, ready) => [`state ${stateOf(object)}`, readyText(ready)].filter(Boolean).join(', '),
  // Conditions that the author declares replace kro's conditions. An instance may therefore lack the condition Ready,
  // and then only its state counts.
  isReached: (object, ready, isCurrent) =>
    stateOf(object) === 'ACTIVE' && (ready === undefined || (ready.status === 'True' && isCurrent)),
  isFailing: (object) => stateOf(object) === 'ERROR',
};

/** Condition reasons of a Graph with failing work. A Graph that only waits has other reasons. */
const GRAPH_FAILURES = new Set(['ApplyFailed', 'PruneFailed', 'ReleaseFailed']);

const READY: Goal = {
  name: 'ready',
  text: (_object, ready) => readyText(ready) || UNSEEN,
  isReached: (_object, ready, isCurrent) => ready?.status === 'True' && isCurrent,
  isFailing: (object) =>
    objectsAt(object.status, 'conditions').some((condition) => GRAPH_FAILURES.has(textAt(condition, 'reason'))),
};

/**
 * Waits until a Graph is ready at its generation.
 *
 * @throws ResourceGraphFactoryError `deploy/definition-refused` when the controller does not accept the Graph,
 * `deploy/failed` when the controller keeps reporting that the server refuses an object, `deploy/superseded` when
 * another client deletes the Graph or changes its spec; DeploymentTimeoutError.
 */
export function waitForGraph(context: KroContext, graph: KubeObject): Promise<KubeObject> {
  const { generation = 1 } = graph.metadata;
  const goal: Goal = {
    ...READY,
    isReached(object, ready, isCurrent) {
      const accepted = statusCondition(object, 'Accepted');
      if (accepted?.status === 'False' && (accepted.observedGeneration ?? 0) >= generation) {
        throw new ResourceGraphFactoryError(
          `the controller refuses the graph ${context.target.name}: ${accepted.message}`,
          { code: 'deploy/definition-refused', object: refOf(graph), remedy: remedyOfGraph(accepted.message) },
        );
      }
      return READY.isReached(object, ready, isCurrent);
    },
  };
  return waitForGoal(context, graph, new AbortController().signal, goal);
}

const remedyOfGraph = (message: string): string =>
  `${/schema not found/.test(message) ? 'install the CustomResourceDefinition of that kind' : 'correct the graph'} and deploy again; delete() removes the refused Graph`;

const waitForActive = (context: KroContext, instance: KubeObject, stopped: AbortSignal): Promise<KubeObject> =>
  waitForGoal(context, instance, stopped, ACTIVE);

async function waitForGoal(
  context: KroContext,
  instance: KubeObject,
  stopped: AbortSignal,
  goal: Goal,
): Promise<KubeObject> {
  const { api, signal, progress, target } = context;
  const { generation = 1 } = instance.metadata;
  const ref = refOf(instance);
  const refused = new AbortController();
  let refusalTimer: { cancel(): void } | undefined;
  let last = UNSEEN;
  let latest = instance;
  try {
    const check = (object: KubeObject | undefined) => {
      if (object === undefined || !isSame(object, instance) || object.metadata.deletionTimestamp !== undefined) {
        throw superseded(ref, 'deleted');
      }
      // A new schema may add defaults to the spec, and this does not increment the generation. Therefore the spec
      // counts as changed only when the generation has changed as well.
      const isChanged = object.metadata.generation !== generation && !jsonEquals(object.spec, instance.spec);
      if (isChanged) throw superseded(ref, 'changed the spec of');
      latest = object;
      const ready = statusCondition(object, 'Ready');
      const text = goal.text(object, ready);
      if (text !== last) progress({ type: 'resource-status', resourceId: ref.name, message: text });
      last = text;
      const isCurrent = (ready?.observedGeneration ?? 0) >= generation;
      const remedy =
        goal.isFailing(object) && ready !== undefined && isCurrent
          ? remedyOfRefusal(ready.message, ref.namespace ?? 'default')
          : undefined;
      if (remedy === undefined) {
        refusalTimer?.cancel();
        refusalTimer = undefined;
      } else {
        const fail = () => refused.abort(remedy);
        refusalTimer ??= systemClock.setTimer(REFUSED_MS, fail);
      }
      return goal.isReached(object, ready, isCurrent) ? object : undefined;
    };
    const onTrouble = (error: Error) => {
      last = unseenFor(error);
    };
    return await waitForObject(api, ref, AbortSignal.any([signal, stopped, refused.signal]), check, onTrouble);
  } catch (error) {
    if (signal.aborted && !isTimeout(signal)) throw signal.reason;
    if (!signal.aborted && !refused.signal.aborted) throw error;
    const children = await describeChildren(
      api,
      instance,
      childRefsOf(target, latest).map(({ object }) => object),
    );
    const details = [`; ${shorten(last)}`, ...children].join('\n');
    if (signal.aborted)
      throw timedOut(`${ref.kind} ${ref.name} did not become ${goal.name} in time${details}`, ref, last);
    throw new ResourceGraphFactoryError(`${ref.kind} ${ref.name} failed${details}`, {
      code: 'deploy/failed',
      object: ref,
      remedy: String(refused.signal.reason),
    });
  } finally {
    refusalTimer?.cancel();
  }
}

function superseded(ref: ObjectRef, did: string): Error {
  return new ResourceGraphFactoryError(`another process ${did} ${ref.kind} "${ref.name}" while it was being deployed`, {
    code: 'deploy/superseded',
    object: ref,
    remedy:
      'let one process at a time deploy or delete an instance; deploy again if this spec is the one that you want',
  });
}

function timedOut(message: string, object: ObjectRef, last: string): Error {
  const { kind, name, namespace } = object;
  const where = namespace === undefined ? '' : ` -n ${namespace}`;
  const command = `kubectl describe ${kind.toLowerCase()} ${name}${where}`;
  return new DeploymentTimeoutError(message, {
    code: 'deploy/timeout',
    object,
    remedy:
      last === UNSEEN
        ? `is a kro controller running in the cluster? ${command}`
        : (remedyOfWaiting(last) ?? `${command}; or give a longer timeout`),
  });
}
