import type { JsonObject, KubeObject } from '@typekro/kit/core';
import {
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  quantityOf,
  quantityToFloat,
  textAt,
  valueAt,
} from '@typekro/kit/kubernetes';
import type { ControllerDeployment } from '../../controllers/running-controllers.ts';
import type { ClusterFacts } from '../cluster-facts.ts';
import { type CheckResult, type Finding, checkReading, joinResults } from '../finding.ts';

/**
 * A memory limit below this size is reported. A restart with 1000 instances has a peak of 102 MB (docs/scale.md), so a
 * smaller limit leaves little headroom.
 */
const MIN_MEMORY_BYTES = 128 * 2 ** 20;

/**
 * The minimum number of restarts that is reported. A pod with fewer restarts is reported only if it waits or was
 * OOM-killed.
 */
const MIN_RESTARTS = 3;

/** The reasons in the status of a waiting container that the kubelet is about to start. */
const STARTING = new Set(['ContainerCreating', 'PodInitializing']);

/** Checks the limits of the controllers' containers, and the restarts of their pods. */
export function checkPods({ controllers, pods }: ClusterFacts): CheckResult {
  return joinResults(
    checkReading(controllers, (all) =>
      all.filter(({ replicas, object }) => replicas > 0 && !isPresented(object)).flatMap(limits),
    ),
    checkReading(pods, (all) => all.flatMap(restarts)),
  );
}

/**
 * Is this the Deployment with which an embedded cluster represents its own controller? No pod runs for it, so its
 * limits have no meaning.
 */
const isPresented = ({ metadata }: KubeObject): boolean => metadata.labels?.['typekro.dev/simulated'] === 'true';

function limits({ namespace, name, object }: ControllerDeployment): Finding[] {
  const where = `Deployment ${namespace}/${name}`;
  return objectsAt(object.spec, 'template', 'spec', 'containers').flatMap((container): Finding[] => {
    const limit = textAt(container, 'resources', 'limits', 'memory');
    const quantity = quantityOf(valueAt(container, 'resources', 'limits', 'memory'));
    if (quantity === undefined) {
      return [
        {
          severity: 'warning',
          where,
          what: `the container ${textAt(container, 'name')} has no memory limit`,
          why: 'the limit determines the size of the heap; without a limit the pod may take all memory of its node',
          remedy: 'set deployment.resources.limits.memory of the chart',
        },
      ];
    }
    if (quantityToFloat(quantity) >= MIN_MEMORY_BYTES) return [];
    return [
      {
        severity: 'warning',
        where,
        what: `the container ${textAt(container, 'name')} has a memory limit of ${limit}`,
        why: 'a restart with 1000 instances takes 102 MB, and more instances take more',
        remedy: 'set deployment.resources.limits.memory of the chart to 128Mi or more',
      },
    ];
  });
}

function restarts(pod: KubeObject): Finding[] {
  const where = `Pod ${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`;
  return objectsAt(pod.status, 'containerStatuses').flatMap((container) => restart(where, container));
}

function restart(where: string, container: JsonObject): Finding[] {
  const count = numberAt(container, 'restartCount') ?? 0;
  const last = objectAt(container, 'lastState', 'terminated');
  const reason = textAt(last, 'reason');
  const waiting = textAt(container, 'state', 'waiting', 'reason');
  if (reason === 'OOMKilled') {
    return [
      {
        // The last state stays in the status after the container works again.
        severity: optionalAt(container, 'state', 'running') === undefined ? 'error' : 'warning',
        where,
        what: `exceeded its memory limit and was killed at ${textAt(last, 'finishedAt')}`,
        why: 'the memory limit is too small for the objects of this cluster, and each start lists them again',
        remedy:
          'raise deployment.resources.limits.memory of the chart, or divide the work among several controllers with config.shards',
      },
    ];
  }
  if (waiting === '' && count < MIN_RESTARTS) return [];
  if (STARTING.has(waiting)) {
    return [
      {
        severity: 'warning',
        where,
        what: `starts: ${waiting}`,
        why: 'this replica does not work yet; if it stays so, an event of the pod names the cause',
        remedy: `kubectl describe pod ${podArguments(where)}`,
      },
    ];
  }
  return [
    {
      severity: waiting === '' ? 'warning' : 'error',
      where,
      what: waiting === '' ? `has restarted ${count} times` : `waits: ${waiting}`,
      why: waiting === '' ? `it ended with ${reason === '' ? 'an error' : reason}` : 'this replica does not work',
      // A container that has never started has no log.
      remedy: `kubectl ${count === 0 ? 'describe pod' : 'logs --previous'} ${podArguments(where)}`,
    },
  ];
}

/** The namespace and the name of a pod as arguments of kubectl. */
const podArguments = (where: string): string => where.replace('Pod ', '-n ').replace('/', ' ');
