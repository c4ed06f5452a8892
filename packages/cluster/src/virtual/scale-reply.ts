import { type JsonObject, type KubeObject, isJsonObject, setOwn } from '@typekro/kit/core';
import { countAt, valueAt, age } from '@typekro/kit/kubernetes';
import { readEntries, writeEntries } from '../fields/entries.ts';
import { type FieldContext, applyWithOwnership, updateOwnership } from '../fields/ownership.ts';
import { type ReplicasPath, SCALE_VERSION, toParentEntries, toScaleEntries } from '../fields/scale-fields.ts';
import { treeOfMembers } from '../fields/tree.ts';
import { type BodyType, bodyOfKind, decodeAs, mediaType, readBody } from '../verbs/body.ts';
import type { Output } from '../protocol/negotiate.ts';
import { fieldInvalid } from '../errors/field-problems.ts';
import type { RouteReply } from '../verbs/route.ts';
import {
  conflict,
  errorWithCause,
  internalError,
  invalid,
  methodNotAllowed,
  notFound,
  unknownResource,
} from '../errors/api-error.ts';
import { labelSelectorText } from '../types/label-selector-text.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { partialOf } from '../table/partial-object.ts';
import { builtinType } from '../types/builtin.ts';
import { writeOptions } from '../verbs/request-options.ts';
import { type ApplyBody, checkDuplicates, readApply } from '../verbs/apply-body.ts';
import { patchForm, patchVirtual } from '../verbs/patch-object.ts';
import { checkName, checkPlace } from '../verbs/create.ts';
import { checkVersion, storeChange } from '../verbs/update.ts';
import { type WriteRequest, type WriteServices, ownershipContext, liveObject } from '../verbs/write.ts';
import { copyJson } from '../types/parts.ts';
import { replyValue, warningHeader } from '../protocol/reply.ts';
import type { ClusterClock } from '../cluster-clock.ts';
import type { Registry } from '../registry/registry.ts';

interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  readonly selector: readonly string[] | undefined;
}

const BUILTIN: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
};

const pathsOf = (resource: ServedResource): ScalePaths => resource.custom?.scale ?? BUILTIN;

/** Builds the Scale of an object. */
export function scaleOf(resource: ServedResource, object: KubeObject): JsonObject {
  const paths = pathsOf(resource);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.selector === undefined ? '' : labelSelectorText(valueAt(object, ...paths.selector));
  const replicas = valueAt(object, ...paths.specReplicas);
  const metadata: JsonObject = { name: name ?? '' };
  for (const [key, value] of Object.entries({ namespace, uid, resourceVersion, creationTimestamp })) {
    if (value !== undefined) metadata[key] = value;
  }
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata,
    spec: typeof replicas === 'number' && replicas !== 0 ? { replicas } : {},
    status: { replicas: countAt(object, ...paths.statusReplicas), ...(selector === '' ? {} : { selector }) },
  };
}

const scaleType = (): BodyType => bodyOfKind('autoscaling/v1', 'Scale', 'autoscaling.v1.Scale');

/** The parts of the cluster that scaling uses. */
export interface ScaleContext extends WriteServices {
  readonly registry: Registry;
}

/** Handles GET, PUT and PATCH of `…/scale`. */
export const scaleReply: RouteReply<ScaleContext> = (context, request, route, output, warnings) => {
  const { resource } = route;
  if (!resource.subresources.has('scale')) return undefined;
  const options = writeOptions(
    request,
    request.method === 'PATCH' ? 'PatchOptions' : 'UpdateOptions',
    mediaType(request.headers['content-type']) === 'application/apply-patch+yaml',
  );
  const write: WriteRequest = {
    ...asScale({
      services: context,
      resource,
      namespace: route.namespace,
      name: route.name,
      user: request.user,
      options,
      warnings,
    }),
    ...(request.method === 'PATCH' ? { optionsKind: 'PatchOptions' } : {}),
  };
  const live = liveObject(write);
  if (live === undefined) throw notFound(resource, route.name);
  const reply = (object: KubeObject) =>
    replyValue(200, shownScale(context.clock, resource, object, output), output, warningHeader(warnings));
  if (request.method === 'GET') {
    checkReadable(resource, live);
    return reply(live);
  }
  if (request.method === 'PUT') {
    const raw = readBody(request, 'Scale', options.fieldValidation);
    const decoded = decodeAs(raw, scaleType(), context.registry, options.fieldValidation);
    for (const text of decoded.warnings) warnings.push(text);
    return reply(rescale(write, live, decoded.object));
  }
  if (request.method !== 'PATCH') throw methodNotAllowed();
  const form = patchForm(mediaType(request.headers['content-type']), resource.custom !== undefined);
  const text = request.body.toString('utf8');
  if (form === 'apply') return reply(applyScale(write, live, readApply(write, text)));
  const node = builtinType('autoscaling.v1.Scale');
  const next = patchVirtual(node, scaleOf(resource, live), { form, text });
  return reply(rescale(write, live, next));
};

/** Converts a write of an object into a write of the object's Scale. */
const asScale = (write: Omit<WriteRequest, 'reviewed' | 'subresource'>): WriteRequest => ({
  ...write,
  subresource: 'scale',
  reviewed: {
    type: scaleType(),
    show: (object) => scaleOf(write.resource, object) as KubeObject,
    take: (object, scale) => withReplicas(object, pathsOf(write.resource).specReplicas, replicasOf(scale)),
  },
});

/**
 * The Scale of an object, as a client reads it.
 *
 * @throws ApiError 404 when the resource has no Scale; 500 when a custom resource does not have its replicas field.
 */
export function readScale(resource: ServedResource, object: KubeObject): JsonObject {
  if (!resource.subresources.has('scale')) throw unknownResource();
  checkReadable(resource, object);
  return scaleOf(resource, object);
}

/** Writes the number of replicas through the Scale of an object. Returns the changed object itself, not its Scale. */
export function setReplicas(
  write: Omit<WriteRequest, 'reviewed' | 'subresource'>,
  live: KubeObject,
  replicas: number,
): KubeObject {
  return rescale(asScale(write), live, { ...readScale(write.resource, live), spec: { replicas } });
}

/** Returns the Scale of an object in the form that the request names: the Scale itself, its metadata, or a Table. */
function shownScale(
  clock: ClusterClock,
  resource: ServedResource,
  object: KubeObject,
  { form, version }: Output,
): unknown {
  const scale = scaleOf(resource, object) as KubeObject;
  if (form === 'object') return scale;
  if (form === 'partial') return partialOf(scale, version);
  const custom = resource.custom !== undefined;
  const column = (name: string, type: string, format = '') => ({ name, type, format, description: '', priority: 0 });
  const { replicas = 0 } = scale.status ?? {};
  const { creationTimestamp, name, resourceVersion } = scale.metadata;
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: { resourceVersion },
    columnDefinitions: [
      column('Name', 'string', custom ? 'name' : ''),
      column('Desired', 'integer'),
      column('Available', 'integer'),
      column('Age', custom ? 'date' : 'string'),
    ],
    rows: [
      {
        cells: [name, replicasOf(scale), replicas, age(creationTimestamp, clock.now())],
        object: partialOf(scale, version),
      },
    ],
  };
}

/** Throws 500 for a custom resource without a replicas field in its `spec`, because its Scale cannot be returned. */
function checkReadable(resource: ServedResource, object: KubeObject) {
  const path = resource.custom?.scale?.specReplicas;
  if (path === undefined || (valueAt(object, ...path) ?? null) !== null) return;
  throw errorWithCause(`the spec replicas field ".${path.join('.')}" does not exist`);
}

function replicasOf(scale: JsonObject): number {
  const spec = scale['spec'];
  const replicas = isJsonObject(spec) ? spec['replicas'] : undefined;
  return typeof replicas === 'number' ? replicas : 0;
}

function withReplicas(object: KubeObject, path: readonly string[], replicas: number): KubeObject {
  const next = copyJson(object);
  let target: JsonObject = next;
  for (const key of path.slice(0, -1)) {
    const child = valueAt(target, key);
    const inner = isJsonObject(child) ? child : {};
    if (inner !== child) setOwn(target, key, inner);
    target = inner;
  }
  setOwn(target, path.at(-1) ?? '', replicas);
  return next;
}

/** Refuses negative replicas of a built-in kind. Those of a custom kind are checked when its object is stored. */
function checkReplicas({ resource, name }: WriteRequest, replicas: number): void {
  if (replicas >= 0 || resource.custom !== undefined) return;
  const problem = fieldInvalid('spec.replicas', replicas, 'must be greater than or equal to 0');
  throw invalid('autoscaling', 'Scale', name, [problem]);
}

function rescale(write: WriteRequest, live: KubeObject, scale: JsonObject): KubeObject {
  const metadata = isJsonObject(scale['metadata']) ? scale['metadata'] : {};
  const { resourceVersion, uid } = metadata;
  const sent = scale as KubeObject;
  checkName(write, sent);
  checkPlace(write, sent);
  const replicas = replicasOf(scale);
  checkReplicas(write, replicas);
  const tracked = updateOwnership(
    ownedScale(write, live),
    emptyScale,
    scale as KubeObject,
    write.options.manager,
    scaleContext(write),
  );
  const next = withReplicas(live, pathsOf(write.resource).specReplicas, replicas);
  next.metadata.resourceVersion =
    typeof resourceVersion === 'string' && resourceVersion !== ''
      ? resourceVersion
      : (live.metadata.resourceVersion ?? '');
  if (typeof uid === 'string' && uid !== '' && uid !== live.metadata.uid) {
    throw conflict(
      write.resource,
      write.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`,
    );
  }
  checkVersion(write, live, next);
  return storeChange(write, live, ownedAs(write, live, next, tracked)).object;
}

const emptyScale: JsonObject = { kind: 'Scale', apiVersion: SCALE_VERSION, metadata: {} };

/** Returns a function that maps a version of the resource to the path of the replicas. */
const replicasIn =
  ({ resource }: WriteRequest): ReplicasPath =>
  (apiVersion) => {
    const other = resource.inVersion(apiVersion);
    return other === undefined ? undefined : pathsOf(other).specReplicas;
  };

/** The Scale of an object, with `managedFields` that contain the owners of the object's replicas. */
function ownedScale(write: WriteRequest, live: KubeObject): KubeObject {
  const scale = scaleOf(write.resource, live);
  const owners = toScaleEntries(readEntries(live.metadata.managedFields) ?? [], replicasIn(write));
  const metadata: JsonObject = { ...(scale['metadata'] as JsonObject) };
  if (owners.length > 0) metadata['managedFields'] = writeEntries(owners);
  return { ...scale, metadata } as KubeObject;
}

/** Returns the scaled object with its new owners after a write to its Scale. */
function ownedAs(write: WriteRequest, live: KubeObject, next: KubeObject, scale: KubeObject): KubeObject {
  const before = readEntries(live.metadata.managedFields) ?? [];
  const owners = readEntries(scale.metadata.managedFields) ?? [];
  const entries = toParentEntries(before, owners, replicasIn(write), write.resource.apiVersion);
  const metadata = { ...next.metadata };
  delete metadata.managedFields;
  if (entries.length > 0) Object.assign(metadata, { managedFields: writeEntries(entries) });
  return { ...next, metadata };
}

function scaleContext(write: WriteRequest): FieldContext {
  const node = builtinType('autoscaling.v1.Scale');
  return {
    ...ownershipContext(write),
    apiVersion: SCALE_VERSION,
    node,
    builtin: true,
    resetFields: treeOfMembers([]),
    inVersion: (apiVersion, object) => (apiVersion === SCALE_VERSION ? { node, object } : undefined),
  };
}

/** Applies a Scale. The manager becomes an owner of the scaled object's replicas. */
function applyScale(write: WriteRequest, live: KubeObject, body: ApplyBody): KubeObject {
  const { resource } = write;
  const config = body.value;
  checkReplicas(write, replicasOf(config));
  const before = ownedScale(write, live);
  if (resource.custom !== undefined && before.metadata.managedFields === undefined) {
    throw inconvertible('failed to create manager for existing fields: failed to convert live object (/; ');
  }
  const { manager, force } = write.options;
  const applied = applyWithOwnership(before, emptyScale, config, manager, force, scaleContext(write));
  checkDuplicates(write, body);
  if (resource.custom !== undefined && applied.isChanged) {
    throw inconvertible(`failed to convert new object (/${write.name}; `);
  }
  const next = applied.isChanged
    ? withReplicas(live, pathsOf(resource).specReplicas, replicasOf(applied.object))
    : live;
  return storeChange(write, live, copyJson(ownedAs(write, live, next, applied.object))).object;
}

/**
 * The error of an apply to the Scale of a custom resource. An API server cannot convert a custom resource to
 * `autoscaling/v1`.
 */
const inconvertible = (start: string) =>
  internalError(
    `${start}autoscaling/v1, Kind=Scale) to proper version: request to convert CR to an invalid group/version: autoscaling/v1`,
  );
