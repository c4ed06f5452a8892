import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { Field, Problems } from '../../errors/field-problems.ts';
import { forbidden } from '../../errors/api-error.ts';
import type { MutableObject, WriteContext } from '../strategy.ts';
import { describeDifference } from '../describe-difference.ts';
import { qosClass } from './pod-defaults.ts';
import { copyJson } from '../../types/parts.ts';

/** The rules for writes to a subresource of a pod, if these writes may change only a part of the specification. */
interface PartialUpdate {
  /** Returns the specification to store. Fields that the write may not change keep their old values. */
  readonly keep: (next: JsonObject, before: JsonObject) => JsonObject;
  readonly check: (next: KubeObject, before: KubeObject, problems: Problems) => void;
}

const LISTS = ['containers', 'initContainers'] as const;

const PARTIAL_UPDATES: ReadonlyMap<string, PartialUpdate> = new Map([
  ['ephemeralcontainers', { keep: keepEphemeral, check: checkEphemeral }],
  ['resize', { keep: keepResources, check: checkResize }],
]);

/** The rules for a write to the subresource; `undefined` for subresources to which the rules of the pod apply. */
export const partialUpdateOf = (subresource: string): PartialUpdate | undefined => PARTIAL_UPDATES.get(subresource);

/** Refuses to resize a pod whose node does not exist. Throws 403. */
export function admitResize(pod: MutableObject, old: KubeObject, { store }: WriteContext): void {
  const node = textAt(old.spec, 'nodeName');
  if (node === '' || jsonEquals(keepResources(pod.spec ?? {}, old.spec ?? {}), old.spec)) return;
  if (store.collection('', 'nodes').get(node) !== undefined) return;
  throw forbidden({ group: '', plural: 'pods' }, old.metadata.name ?? '', `node ${goQuote(node)} not found`);
}

function keepEphemeral(next: JsonObject, before: JsonObject): JsonObject {
  const { ephemeralContainers: _, ...kept } = before;
  const wanted = next['ephemeralContainers'];
  return wanted === undefined ? kept : { ...kept, ephemeralContainers: wanted };
}

function checkEphemeral(next: KubeObject, before: KubeObject, problems: Problems): void {
  const path = 'spec.ephemeralContainers';
  const wanted = new Map(
    objectsAt(next.spec, 'ephemeralContainers').map((container) => [textAt(container, 'name'), container]),
  );
  for (const container of objectsAt(before.spec, 'ephemeralContainers')) {
    const name = textAt(container, 'name');
    const newContainer = wanted.get(name);
    const existing = `existing ephemeral containers ${goQuote(name)}`;
    if (newContainer === undefined) problems.forbidden(path, `${existing} may not be removed\n`);
    else if (!jsonEquals(newContainer, container)) {
      const difference = describeDifference('core.v1.EphemeralContainer', container, newContainer);
      problems.forbidden(path, `${existing} may not be changed\n${difference}`);
    }
  }
}

/**
 * The old specification with the new resources of the pod, and the new resources and resize policies of its containers.
 * When the names or the order of the containers differ, returns the new specification.
 */
function keepResources(next: JsonObject, before: JsonObject): JsonObject {
  const names = (spec: JsonObject, list: string) => objectsAt(spec, list).map((container) => textAt(container, 'name'));
  if (LISTS.some((list) => !jsonEquals(names(next, list), names(before, list)))) return next;
  const kept = copyJson(before);
  for (const list of LISTS) {
    const wanted = objectsAt(next, list);
    for (const [index, container] of objectsAt(kept, list).entries()) {
      for (const key of ['resources', 'resizePolicy']) {
        const value = wanted[index]?.[key];
        if (value === undefined) delete container[key];
        else container[key] = value;
      }
    }
  }
  if (next['resources'] === undefined) delete kept['resources'];
  else kept['resources'] = next['resources'];
  return kept;
}

const ONLY = 'only cpu and memory resources are mutable';

function checkResize(next: KubeObject, before: KubeObject, problems: Problems): void {
  const [spec, old] = [problems.field('spec', next.spec), before.spec ?? {}];
  if (qosClass(spec.value) !== qosClass(old))
    spec.invalid('Pod QOS Class may not change as a result of resizing', qosClass(old));
  const running = objectsAt(before.status, 'containerStatuses').find(
    (status) => optionalAt(status, 'state', 'running') !== undefined,
  );
  if (running !== undefined && running['resources'] === undefined)
    spec.forbidden('Pod running on node without support for resize');
  const known = problems.length;
  for (const list of LISTS) checkNames(spec.list(list), spec.objects(list), objectsAt(old, list), list);
  if (problems.length > known) return;
  for (const list of ['initContainers', 'containers'] as const)
    for (const [index, container] of spec.objects(list).entries())
      checkContainer(container, objectsAt(old, list)[index] ?? {}, list);
  if (problems.length > known) return;
  const rest = (whole: JsonObject) => ({ ...whole, containers: null, initContainers: null });
  if (!jsonEquals(rest(spec.value), rest(old))) spec.forbidden(ONLY);
}

function checkNames(list: Field<unknown>, containers: readonly Field[], olds: readonly JsonObject[], word: string) {
  if (containers.length !== olds.length) list.forbidden(`${word} may not be added or removed on resize`);
  else
    for (const [index, container] of containers.entries())
      if (container.value['name'] !== olds[index]?.['name'])
        container.text('name').forbidden(`${word} may not be renamed or reordered on resize`);
}

function checkContainer(container: Field, old: JsonObject, list: (typeof LISTS)[number]) {
  const { value, problems } = container;
  for (const part of ['requests', 'limits']) {
    const wanted = container.object('resources').object(part);
    if (Object.keys(objectAt(old, 'resources', part)).some((name) => !Object.hasOwn(wanted.value, name)))
      wanted.forbidden(`resource ${part} cannot be removed`);
  }
  if (!jsonEquals(withoutMutable(value), withoutMutable(old))) {
    if (list === 'containers') problems.forbidden('spec', ONLY);
    else container.forbidden('only cpu and memory resources for init or sidecar containers are mutable');
  }
  const restarts = objectsAt(value, 'resizePolicy').some((policy) => policy['restartPolicy'] === 'RestartContainer');
  if (list === 'initContainers' && old['restartPolicy'] !== 'Always' && restarts && !jsonEquals(value, old))
    container.forbidden('non-sidecar init containers with a resize policy of RestartContainer cannot be resized');
}

/** Removes from a container the resources that a resize may change. */
function withoutMutable(container: JsonObject): JsonObject {
  const bare = copyJson(container);
  const resources = objectAt(bare, 'resources');
  for (const part of ['requests', 'limits']) {
    const amounts = objectAt(resources, part);
    delete amounts['cpu'];
    delete amounts['memory'];
    if (Object.keys(amounts).length === 0) delete resources[part];
  }
  if (Object.keys(resources).length === 0) delete bare['resources'];
  return bare;
}
