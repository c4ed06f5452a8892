import type { KubeObject } from '@typekro/kit/core';
import { statusCondition, textAt } from '@typekro/kit/kubernetes';
import { type Readiness, current, failed, inProgress, isOfEarlierGeneration, describeCondition } from '../verdict.ts';

/**
 * A ResourceGraphDefinition is ready when its state is Active and its condition Ready is True at the current
 * generation. It has failed if its graph is not accepted.
 */
export function resourceGraphDefinition(object: KubeObject): Readiness {
  const accepted = statusCondition(object, 'GraphAccepted');
  if (accepted?.status === 'False' && !isOfEarlierGeneration(object, accepted)) {
    return failed(accepted.reason || 'InvalidResourceGraph', describeCondition('GraphAccepted', accepted));
  }
  const ready = statusCondition(object, 'Ready');
  if (ready === undefined) return inProgress('NotObserved', 'condition Ready is not set yet');
  if (isOfEarlierGeneration(object, ready)) return inProgress('NotObserved', 'the newest version is not compiled yet');
  if (ready.status !== 'True') return inProgress(ready.reason || 'NotReady', describeCondition('Ready', ready));
  const state = textAt(object, 'status', 'state');
  return state === 'Active'
    ? current('Active')
    : inProgress(state || 'Inactive', `the definition is ${state || 'not active yet'}`);
}

/**
 * An instance of a graph is ready when its state is ACTIVE. If the condition Ready exists, it must also be True at the
 * current generation.
 */
export function graphInstance(object: KubeObject): Readiness {
  const state = textAt(object, 'status', 'state');
  const ready = statusCondition(object, 'Ready');
  if (state === '') return inProgress('NotObserved', 'the instance has no state yet');
  const why = ready === undefined || ready.message === '' ? '' : `: ${ready.message}`;
  if (state === 'ERROR' || state === 'FAILED') return inProgress(state, `the instance is in state ${state}${why}`);
  if (ready !== undefined && isOfEarlierGeneration(object, ready)) {
    return inProgress('NotObserved', 'the newest version is not applied yet');
  }
  if (ready !== undefined && ready.status !== 'True')
    return inProgress(ready.reason || 'NotReady', describeCondition('Ready', ready));
  return state === 'ACTIVE' ? current('Active') : inProgress(state, `the instance is in state ${state}${why}`);
}

/**
 * Is the object an instance of a graph? An object with the label that the controller sets on instances is one, unless
 * it is a CustomResourceDefinition or a GraphRevision. An object without the label is one if its API group is kro's
 * group, the default for kinds of definitions.
 */
export function isGraphInstance(object: KubeObject): boolean {
  const labels = object.metadata.labels ?? {};
  if (Object.hasOwn(labels, 'kro.run/resource-graph-definition-name')) {
    return object.kind !== 'CustomResourceDefinition' && object.kind !== 'GraphRevision';
  }
  return object.apiVersion.startsWith('kro.run/');
}
