import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { countCell, orNone } from './cell-parts.ts';

/** The row of a HorizontalPodAutoscaler. */
export function autoscalerCells(object: KubeObject): JsonValue[] {
  const target = objectAt(object.spec, 'scaleTargetRef');
  const current = objectsAt(object.status, 'currentMetrics');
  const metrics = objectsAt(object.spec, 'metrics').map((metric, index) => metricText(metric, current[index] ?? {}));
  const percentage = numberAt(object.spec, 'targetCPUUtilizationPercentage');
  const texts =
    percentage === undefined
      ? metrics
      : [
          `cpu: ${numberAt(object.status, 'currentCPUUtilizationPercentage') ?? '<unknown>'}${numberAt(object.status, 'currentCPUUtilizationPercentage') === undefined ? '' : '%'}/${percentage}%`,
        ];
  return [
    `${textAt(target, 'kind')}/${textAt(target, 'name')}`,
    orNone(texts.slice(0, 2).join(', ')) + (texts.length > 2 ? ` + ${texts.length - 2} more...` : ''),
    String(numberAt(object.spec, 'minReplicas') ?? '<unset>'),
    countCell(object, 'spec', 'maxReplicas'),
    countCell(object, 'status', 'currentReplicas'),
  ];
}

/** Maps the type of a metric to the member that describes its source. */
const SOURCES: ReadonlyMap<string, string> = new Map([
  ['ContainerResource', 'containerResource'],
  ['External', 'external'],
  ['Object', 'object'],
  ['Pods', 'pods'],
  ['Resource', 'resource'],
]);

/** Formats the current value of a metric and its target. `current` is the metric in the status. */
function metricText(metric: JsonObject, current: JsonObject): string {
  const member = SOURCES.get(textAt(metric, 'type'));
  if (member === undefined) return '<unknown type>';
  const source = objectAt(metric, member);
  const target = objectAt(source, 'target');
  const measured = objectAt(objectAt(current, member), 'current');
  const amounts = (key: string) => `${textAt(measured, key) || '<unknown>'}/${textAt(target, key)}`;
  const hasAverage = target['averageValue'] !== undefined;
  if (member === 'pods') return amounts('averageValue');
  if (member === 'object' || member === 'external')
    return hasAverage ? `${amounts('averageValue')} (avg)` : amounts('value');
  if (hasAverage) return `${textAt(source, 'name')}: ${amounts('averageValue')}`;
  const percentage = (value: JsonValue | undefined, missing: string) =>
    value === undefined ? missing : `${String(value)}%`;
  const present = percentage(measured['averageUtilization'], '<unknown>');
  return `${textAt(source, 'name')}: ${present}/${percentage(target['averageUtilization'], '<auto>')}`;
}
