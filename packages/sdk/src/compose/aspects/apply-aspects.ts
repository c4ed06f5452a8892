import { mergeObjects } from '../factory-helpers.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { resolveMerged } from '../value/merge.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';
import { Maybe, Splice } from '../value/symbolic.ts';
import { isOperation, metadataTexts, targetsOf } from './aspect.ts';
import { resourceSlot } from './slot.ts';
import type { AnyAspect, AspectOperation, AspectPatch, AspectTarget, SingleAspectTarget } from '../aspect-types.ts';
import { AspectApplicationError } from '../aspect-types.ts';

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController']);

/**
 * Applies all aspects to the records, in order. A record that no aspect changes is returned as the same object.
 *
 * @throws AspectApplicationError when an aspect matches too few or too many resources, or changes a field whose value
 * is known only when the graph runs.
 */
export function applyAspects(
  records: readonly ResourceRecord[],
  aspects: readonly AnyAspect[],
): readonly ResourceRecord[] {
  return aspects.reduce((before, aspect, index) => applyAspect(before, aspect, index), records);
}

function applyAspect(records: readonly ResourceRecord[], aspect: AnyAspect, index: number): readonly ResourceRecord[] {
  const matching = new Set(records.filter((record) => isMet(record, aspect, records)));
  const target = targetName(aspect.target);
  const { cardinality } = aspect;
  if (matching.size === 0 && cardinality !== 'zero-or-more') {
    throw new AspectApplicationError(index, target, 'no resource fits', 'check the selector, or add .optional()');
  }
  if (matching.size > 1 && cardinality === 'exactly-one') {
    const ids = [...matching].map((record) => record.id).join(', ');
    throw new AspectApplicationError(index, target, `several resources match: ${ids}`, 'narrow it with .where({ … })');
  }
  return records.map((record) => {
    if (!matching.has(record)) return record;
    const place = new OperationPlace(index, `${target} (${record.id})`);
    return { ...record, manifest: changed(record.manifest, aspect, place) };
  });
}

function targetName(target: AspectTarget): string {
  return targetsOf(target)
    .map((each) => each.name || 'a factory')
    .join(' or ');
}

function isMet(record: ResourceRecord, aspect: AnyAspect, records: readonly ResourceRecord[]): boolean {
  if (record.node !== 'template') return false;
  return targetsOf(aspect.target).some((target) => isOfTarget(record, target, records)) && fits(record, aspect);
}

function isOfTarget(record: ResourceRecord, target: SingleAspectTarget, records: readonly ResourceRecord[]): boolean {
  if (typeof target === 'function') {
    // A factory as a target selects the kind that it creates, so resources of this kind from other factories also
    // match.
    const made = records.find((other) => other.factory === target);
    return made !== undefined && made.kind === record.kind && made.apiVersion === record.apiVersion;
  }
  if (target.name === 'workloads') return WORKLOADS.has(record.kind);
  return target.name === 'allResources' || record.manifest['spec'] !== undefined;
}

function fits(record: ResourceRecord, { selector }: AnyAspect): boolean {
  const metadata = plainObject(record.manifest['metadata']) ?? {};
  const labels = plainObject(metadata['labels']) ?? {};
  const same = (wanted: string | undefined, found: unknown) => wanted === undefined || wanted === found;
  return (
    same(selector.slot, resourceSlot(record)) &&
    same(selector.id, record.id) &&
    same(selector.kind, record.kind) &&
    same(selector.name, metadata['name']) &&
    same(selector.namespace, metadata['namespace']) &&
    Object.entries(selector.labels ?? {}).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value)
  );
}

/** The position of an operation for messages: the index of the aspect, and the target with the id of the resource. */
class OperationPlace {
  readonly #index: number;
  readonly #target: string;

  constructor(index: number, target: string) {
    this.#index = index;
    this.#target = target;
  }

  refuse(path: string, reason: string): never {
    const remedy = 'change the composition itself, or replace the whole field with replace(…)';
    throw new AspectApplicationError(this.#index, this.#target, `${path} ${reason}`, remedy);
  }
}

function changed(
  manifest: ResourceRecord['manifest'],
  { surface }: AnyAspect,
  place: OperationPlace,
): Record<string, unknown> {
  if (surface.kind === 'override') return patched(manifest, surface.patch, '', place);
  const given = manifest['metadata'];
  const metadata = given === undefined ? {} : plainObject(given);
  if (metadata === undefined) return place.refuse('metadata', 'is known only when the graph runs');
  const laid = (part: 'labels' | 'annotations') => {
    const change = surface[part];
    if (change === undefined) return {};
    const replaces = isOperation(change) && change.operation === 'replace';
    return {
      [part]: mergeObjects(replaces ? undefined : (metadata[part] as object | undefined), metadataTexts(change)),
    };
  };
  return { ...manifest, metadata: { ...metadata, ...laid('labels'), ...laid('annotations') } };
}

/**
 * The value as an object with constant keys; `undefined` for a value that is not such an object, or that is known only
 * when the graph runs.
 */
function plainObject(raw: unknown): Record<string, unknown> | undefined {
  const value = resolveMerged(raw);
  if (typeof value !== 'object' || value === null || symbolic(value) !== undefined || Array.isArray(value))
    return undefined;
  return value as Record<string, unknown>;
}

function patched(raw: unknown, patch: AspectPatch, path: string, place: OperationPlace): Record<string, unknown> {
  const value = raw === undefined ? {} : plainObject(raw);
  if (value === undefined) {
    const isKnown = symbolic(resolveMerged(raw)) === undefined;
    return place.refuse(path, isKnown ? 'is not an object' : 'is known only when the graph runs');
  }
  const result: Record<PropertyKey, unknown> = { ...value };
  for (const [key, part] of Object.entries(patch)) {
    const inner = path === '' ? key : `${path}.${key}`;
    const before = Object.hasOwn(value, key) ? value[key] : undefined;
    result[key] = isOperation(part) ? operated(before, part, inner, place) : patched(before, part, inner, place);
  }
  return result;
}

function operated(raw: unknown, operation: AspectOperation, path: string, place: OperationPlace): unknown {
  switch (operation.operation) {
    case 'replace':
      return operation.value;
    case 'merge':
      return mergeObjects(resolveMerged(raw) as object | undefined, operation.value);
    case 'append':
      return [...listAt(raw, path, place), ...operation.value];
    case 'merge-by-name': {
      const names = new Set(operation.value.map((item) => item.name));
      const kept = listAt(raw, path, place).filter((item) => !names.has(nameOf(item, path, place)));
      return [...kept, ...operation.value];
    }
    case 'each':
      return listAt(raw, path, place).map((item, index) => {
        if (item instanceof Maybe || item instanceof Splice)
          return place.refuse(path, 'is known only when the graph runs');
        return patched(item, operation.patch, `${path}[${index}]`, place);
      });
  }
}

/** The list in the field; an empty list when the field is absent. */
function listAt(raw: unknown, path: string, place: OperationPlace): readonly unknown[] {
  const value = resolveMerged(raw);
  if (value === undefined) return [];
  if (!Array.isArray(value) || symbolic(value) !== undefined)
    return place.refuse(path, 'is known only when the graph runs');
  return value as unknown[];
}

/**
 * The name of a list element. The name must be constant, because elements are merged by name when the graph is written.
 */
function nameOf(item: unknown, path: string, place: OperationPlace): string {
  const name: unknown =
    item instanceof Maybe || item instanceof Splice ? undefined : resolveMerged(plainObject(item)?.['name']);
  if (typeof name !== 'string' || hasTokens(name))
    return place.refuse(path, 'has elements whose names are known only when the graph runs');
  return name;
}
