import type { JsonObject, KubeObject } from '../../core/index.ts';
import { compareQuantities, objectAt, objectsAt, quantityOf, textAt } from '../../kubernetes/index.ts';
import { forbidden } from '../errors/status.ts';
import type { Strategy, WriteContext } from './strategy.ts';
import { validateLimits } from './limit-range-validation.ts';
import { ensureAt } from '../types/parts.ts';

/**
 * The strategy of LimitRange. In limits of containers, a missing `default` is taken from `max`, and a missing
 * `defaultRequest` from `default` or `min`.
 */
export const limitRangeStrategy: Partial<Strategy> = {
  defaults(object) {
    for (const item of objectsAt(object.spec, 'limits')) {
      if (item['type'] !== 'Container') continue;
      const limits = ensureAt(item, 'default');
      for (const [name, value] of Object.entries(objectAt(item, 'max'))) limits[name] ??= value;
      const requests = ensureAt(item, 'defaultRequest');
      for (const [name, value] of Object.entries(limits)) requests[name] ??= value;
      for (const [name, value] of Object.entries(objectAt(item, 'min'))) requests[name] ??= value;
      if (Object.keys(limits).length === 0) delete item['default'];
      if (Object.keys(requests).length === 0) delete item['defaultRequest'];
    }
  },
  prepareCreate(object, { newUid }) {
    if ((object.metadata.name ?? '') === '') object.metadata.name = newUid();
  },
  validate: (object, problems) => validateLimits(object.spec ?? {}, problems),
};

/** The limits of the namespace's LimitRanges for each container of a pod. */
function* limitsOf(pod: KubeObject, { store }: WriteContext): Generator<{ container: JsonObject; item: JsonObject }> {
  for (const { object } of store.collection('', 'limitranges').inNamespace(pod.metadata.namespace ?? '')) {
    for (const item of objectsAt(object.spec, 'limits')) {
      if (item['type'] !== 'Container') continue;
      for (const container of objectsAt(pod.spec, 'containers')) yield { container, item };
    }
  }
}

/** Refuses a pod that exceeds the bounds of the namespace's LimitRanges. Throws 403. */
export function checkLimits(pod: KubeObject, context: WriteContext): void {
  for (const { container, item } of limitsOf(pod, context)) checkBounds(pod, container, item);
}

/** Sets the defaults of the namespace's LimitRanges in a pod. */
export function setLimits(pod: KubeObject, context: WriteContext): void {
  const notes: string[] = [];
  for (const { container, item } of limitsOf(pod, context)) notes.push(...applyDefaults(container, item));
  if (notes.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    'kubernetes.io/limit-ranger': `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

function applyDefaults(container: JsonObject, item: JsonObject): string[] {
  const notes: string[] = [];
  for (const [key, source, word] of [
    ['requests', 'defaultRequest', 'request'],
    ['limits', 'default', 'limit'],
  ] as const) {
    const set: string[] = [];
    for (const [name, value] of Object.entries(objectAt(item, source))) {
      const values = ensureAt(ensureAt(container, 'resources'), key);
      if (values[name] !== undefined) continue;
      values[name] = value;
      set.push(name);
    }
    if (set.length > 0) notes.push(`${set.sort().join(', ')} ${word} for container ${textAt(container, 'name')}`);
  }
  return notes;
}

function checkBounds(pod: KubeObject, container: JsonObject, item: JsonObject) {
  const resources = objectAt(container, 'resources');
  const refuse = (problem: string) => forbidden({ group: '', plural: 'pods' }, pod.metadata.name ?? '', problem);
  for (const [name, max] of Object.entries(objectAt(item, 'max'))) {
    const limit = objectAt(resources, 'limits')[name];
    const [bound, value] = [quantityOf(max), limit === undefined ? undefined : quantityOf(limit)];
    if (bound === undefined) continue;
    if (value === undefined)
      throw refuse(`maximum ${name} usage per Container is ${String(max)}.  No limit is specified`);
    if (compareQuantities(value, bound) > 0)
      throw refuse(`maximum ${name} usage per Container is ${String(max)}, but limit is ${String(limit)}`);
  }
  for (const [name, min] of Object.entries(objectAt(item, 'min'))) {
    const request = objectAt(resources, 'requests')[name];
    const [bound, value] = [quantityOf(min), request === undefined ? undefined : quantityOf(request)];
    if (bound === undefined) continue;
    if (value === undefined)
      throw refuse(`minimum ${name} usage per Container is ${String(min)}.  No request is specified`);
    if (compareQuantities(value, bound) < 0)
      throw refuse(`minimum ${name} usage per Container is ${String(min)}, but request is ${String(request)}`);
  }
}
