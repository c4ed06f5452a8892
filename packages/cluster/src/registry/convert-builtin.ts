import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { tryParseStrictJson } from '../codec/json.ts';

/**
 * The group, version and plural under which objects of a built-in resource are stored. A kind that is served in several
 * groups or versions has a single collection.
 */
export function storageOf(
  group: string,
  version: string,
  plural: string,
): { group: string; version: string; plural: string } {
  if (group === 'events.k8s.io') return { group: '', version: 'v1', plural };
  if (group === 'autoscaling') return { group, version: 'v2', plural };
  return { group, version, plural };
}

/** Converts an object of a built-in kind to the given version. */
export function convertBuiltin(object: KubeObject, apiVersion: string): KubeObject {
  switch (`${object.apiVersion}→${apiVersion}`) {
    case 'v1→events.k8s.io/v1':
      return renamed(object, apiVersion, EVENT_NAMES) as KubeObject;
    case 'events.k8s.io/v1→v1':
      return toCoreEvent(object, apiVersion) as KubeObject;
    case 'autoscaling/v1→autoscaling/v2':
      return hpaToV2(object, apiVersion) as KubeObject;
    case 'autoscaling/v2→autoscaling/v1':
      return hpaToV1(object, apiVersion) as KubeObject;
    default:
      return { ...object, apiVersion };
  }
}

const EVENT_NAMES: ReadonlyMap<string, string> = new Map([
  ['message', 'note'],
  ['involvedObject', 'regarding'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
]);

function renamed(object: JsonObject, apiVersion: string, names: ReadonlyMap<string, string>): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(object)) {
    if (value === '' && (key === 'reportingComponent' || key === 'reportingInstance')) continue;
    out[names.get(key) ?? key] = key === 'apiVersion' ? apiVersion : value;
  }
  return out;
}

function toCoreEvent(object: JsonObject, apiVersion: string): JsonObject {
  const back = new Map([...EVENT_NAMES].map(([core, other]) => [other, core]));
  const out = renamed(object, apiVersion, back);
  return {
    ...out,
    involvedObject: out['involvedObject'] ?? {},
    source: out['source'] ?? {},
    firstTimestamp: out['firstTimestamp'] ?? null,
    lastTimestamp: out['lastTimestamp'] ?? null,
    eventTime: out['eventTime'] ?? null,
    reportingComponent: out['reportingComponent'] ?? '',
    reportingInstance: out['reportingInstance'] ?? '',
  };
}

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';

function annotated(object: JsonObject, changes: Record<string, string | undefined>): JsonObject {
  const metadata = { ...(object['metadata'] as JsonObject) };
  const annotations: JsonObject = { ...(isJsonObject(metadata['annotations']) ? metadata['annotations'] : {}) };
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) delete annotations[key];
    else annotations[key] = value;
  }
  if (Object.keys(annotations).length > 0) metadata['annotations'] = annotations;
  else delete metadata['annotations'];
  return metadata;
}

const isCpuUtilization = (metric: JsonValue) =>
  isJsonObject(metric) &&
  metric['type'] === 'Resource' &&
  isJsonObject(metric['resource']) &&
  metric['resource']['name'] === 'cpu' &&
  isJsonObject(metric['resource']['target']) &&
  metric['resource']['target']['type'] === 'Utilization';

function hpaToV1(object: JsonObject, apiVersion: string): JsonObject {
  const spec = { ...(isJsonObject(object['spec']) ? object['spec'] : {}) };
  const metrics = Array.isArray(spec['metrics']) ? spec['metrics'] : [];
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => metric !== cpu);
  const behavior = spec['behavior'];
  delete spec['metrics'];
  delete spec['behavior'];
  if (isJsonObject(cpu)) {
    const target = (cpu['resource'] as JsonObject)['target'] as JsonObject;
    spec['targetCPUUtilizationPercentage'] = target['averageUtilization'];
  }
  const metadata = annotated(object, {
    [METRICS]: others.length > 0 ? JSON.stringify(others) : undefined,
    [BEHAVIOR]: behavior === undefined ? undefined : JSON.stringify(behavior),
  });
  const status = isJsonObject(object['status']) ? object['status'] : {};
  const { currentMetrics: _metrics, conditions: _conditions, ...rest } = status;
  return {
    ...object,
    apiVersion,
    metadata,
    spec,
    status: { ...rest, currentReplicas: rest['currentReplicas'] ?? 0, desiredReplicas: rest['desiredReplicas'] ?? 0 },
  };
}

function hpaToV2(object: JsonObject, apiVersion: string): JsonObject {
  const spec = { ...(isJsonObject(object['spec']) ? object['spec'] : {}) };
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  const annotations = isJsonObject(metadata['annotations']) ? metadata['annotations'] : {};
  const stored = typeof annotations[METRICS] === 'string' ? tryParseStrictJson(annotations[METRICS]) : undefined;
  const metrics: JsonValue[] = Array.isArray(stored) ? stored : [];
  const percentage = spec['targetCPUUtilizationPercentage'];
  delete spec['targetCPUUtilizationPercentage'];
  if (percentage !== undefined) {
    metrics.unshift({
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percentage } },
    });
  }
  if (metrics.length > 0) spec['metrics'] = metrics;
  const behavior = typeof annotations[BEHAVIOR] === 'string' ? tryParseStrictJson(annotations[BEHAVIOR]) : undefined;
  if (behavior !== undefined) spec['behavior'] = behavior;
  const status = isJsonObject(object['status']) ? object['status'] : {};
  const { currentCPUUtilizationPercentage: _cpu, currentReplicas = 0, ...rest } = status;
  const counted = currentReplicas === 0 ? {} : { currentReplicas };
  return {
    ...object,
    apiVersion,
    metadata: annotated(object, { [METRICS]: undefined, [BEHAVIOR]: undefined }),
    spec,
    status: { ...rest, ...counted, desiredReplicas: rest['desiredReplicas'] ?? 0, currentMetrics: null },
  };
}
