import { type KubeObject, namespacedName, objectName, refOf } from '@typekro/kit/core';
import { type Condition, readConditions } from '@typekro/engine/runtime';
import type { ClusterFacts } from '../cluster-facts.ts';
import { type CheckResult, type Finding, checkReading, joinResults } from '../finding.ts';
import { isLive } from './check-leases.ts';

/** A deletion that takes longer than this time is reported. */
const MAX_DELETION_MS = 300_000;

/** Checks for definitions that are not served, and for objects whose deletion does not end. */
export function checkStuckObjects(facts: ClusterFacts): CheckResult {
  const { definitions, instances, server } = facts;
  const works = controllerWorks(facts);
  return joinResults(
    checkReading(definitions, (all) =>
      all.flatMap((object) => [
        ...deletion(object, 'ResourceGraphDefinition', server.now, works),
        ...notServed(object),
      ]),
    ),
    ...[...instances.values()].map((reading) =>
      checkReading(reading, (all) => all.flatMap((object) => deletion(object, object.kind, server.now, works))),
    ),
  );
}

/** Does a controller run? `undefined` when no controller is found but Deployments or Leases cannot be read. */
function controllerWorks({ controllers, leases, server }: ClusterFacts): boolean | undefined {
  if ('value' in controllers && controllers.value.some(({ replicas }) => replicas > 0)) return true;
  if ('value' in leases && leases.value.some((lease) => isLive(lease, server.now))) return true;
  return 'value' in controllers && 'value' in leases ? false : undefined;
}

function deletion(object: KubeObject, kind: string, now: number, works: boolean | undefined): Finding[] {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length === 0) return [];
  const since = now - Date.parse(deletionTimestamp);
  if (!(since > MAX_DELETION_MS)) return [];
  return [
    {
      severity: works === false ? 'error' : 'warning',
      where: objectName({ ...refOf(object), kind }),
      what: `has been terminating for ${Math.round(since / 60_000)} min, with the finalizers ${finalizers.join(', ')}`,
      why:
        works === false
          ? 'no controller that could remove the finalizer runs'
          : 'the controller waits for objects, or for a right to delete them',
      remedy:
        works === false ? 'start a controller: typekro bootstrap' : `typekro why ${namespacedName(object.metadata)}`,
    },
  ];
}

function notServed(definition: KubeObject): Finding[] {
  const { status, metadata } = definition;
  if (metadata.deletionTimestamp !== undefined || status?.['state'] === 'Active') return [];
  const name = namespacedName(metadata);
  return [
    {
      severity: 'warning',
      where: `ResourceGraphDefinition ${name}`,
      what: notServedText(readConditions(status?.['conditions'])),
      why: 'its instances keep the objects of an earlier revision, or have no objects',
      remedy: `typekro why ${name}`,
    },
  ];
}

/**
 * Describes the condition that is `False`. If there is none, describes the condition that is `Unknown`, for example
 * while a revision is compiled.
 */
function notServedText(conditions: readonly Condition[]): string {
  const text = ({ type, message = '' }: Condition) => (message === '' ? type : `${type}: ${message}`);
  const failing = conditions.find(({ status }) => status === 'False');
  if (failing !== undefined) return `its present spec is not served: ${text(failing)}`;
  // `Ready` only repeats the message of another condition.
  const unknown = conditions.filter(({ status }) => status === 'Unknown');
  const pending = unknown.find(({ type, message }) => type !== 'Ready' && message !== undefined) ?? unknown[0];
  if (pending !== undefined) return `is not ready yet: ${text(pending)}`;
  return conditions.length === 0
    ? 'no controller has written its status'
    : 'its present spec is not served, and none of its conditions says why';
}
