import { randomBytes } from 'node:crypto';
import type { JsonValue, KubeObject, ObjectRef } from '../../core/index.ts';
import {
  isJsonObject,
  objectName,
  parseApiVersion,
  stringifyJson,
  tryParseJson,
  TypeKroError,
} from '../../core/index.ts';
import { digestOf } from '../../runtime/index.ts';
import { isTooDeep, kubeObject, listOf, number, objectRef, oneOf, optional, record, text } from './file-shape.ts';
import { tableKey } from './kind-table.ts';
import type { LiveSource } from './live-source.ts';
import type { InstancePlan, ObjectPlan, Plan } from './plan.ts';

/** A plan in a file, with all that `typekro apply` needs to do exactly that. It may hold Secrets of the user's files. */
export interface SavedPlan {
  readonly schemaVersion: 1;
  readonly kind: 'TypeKroPlan';
  readonly plan: Plan;
  /** The objects of the user's files, as they were planned. */
  readonly objects: readonly KubeObject[];
  /** Namespace of objects that name none. */
  readonly namespace: string;
  /** The identity of the cluster; absent when it could not be read. */
  readonly cluster?: string;
  readonly options: SavedOptions;
  /** When the plan was made, in milliseconds since the epoch: a plan that reads the time reads this one again. */
  readonly now: number;
  readonly salt: string;
  /** Salted digests of the live objects that the plan writes, without status, versions and managers, and of what it writes. */
  readonly basis: readonly BasisEntry[];
}

/** The options with which a plan was made, and with which it is made again before it is applied. */
export interface SavedOptions {
  /** Only instances of this namespace were planned. */
  readonly only?: string;
  /** `none`: no dry runs were made. */
  readonly dryRun?: string;
  /** CRDs that neither the cluster nor the files hold. */
  readonly crds?: readonly KubeObject[];
  /** The level that the user named; absent: that of the cluster's controller. */
  readonly level?: string;
}

/** A live object as the plan saw it. */
export interface BasisEntry {
  readonly object: ObjectRef;
  /** Absent: it does not exist. */
  readonly uid?: string;
  readonly digest: string;
  /** What an instance writes there; absent: nothing. */
  readonly wanted?: string;
}

/** What a plan is compared by, besides itself. */
export interface PlanBasis {
  /** The live objects. */
  readonly source: LiveSource;
  /** Salted digests of the objects that the plan writes for instances, by `basisKey`. */
  readonly contents: ReadonlyMap<string, string>;
}

/** The key of an object in a basis. */
export const basisKey = (ref: ObjectRef): string => `${objectName(ref)} ${ref.apiVersion}`;

/** Makes a plan ready to be saved. */
export function savedPlan(
  plan: Plan,
  objects: readonly KubeObject[],
  based: PlanBasis,
  place: Pick<SavedPlan, 'namespace' | 'options' | 'cluster' | 'now' | 'salt'>,
): SavedPlan {
  const basis = basisOf(plan, based, place.salt);
  return { schemaVersion: 1, kind: 'TypeKroPlan', plan, objects, ...place, basis };
}

/** A new salt for the digests of a plan. */
export const newSalt = (): string => randomBytes(16).toString('hex');

/** The text of a saved plan, and a name for its file: equal plans have equal names. */
export function savedPlanText(saved: SavedPlan): { readonly name: string; readonly text: string } {
  const name = `plan-${digestOf([comparablePlan(saved.plan), saved.objects] as unknown as JsonValue).slice(0, 8)}.json`;
  return { name, text: `${stringifyJson(saved as unknown as JsonValue, 2)}\n` };
}

/** Reads a saved plan; `undefined` for a text that is none. */
export function parseSavedPlan(text: string, file: string): SavedPlan | undefined {
  const value = tryParseJson(text);
  if (!isJsonObject(value) || value['kind'] !== 'TypeKroPlan') return undefined;
  if (!isTooDeep(value) && SAVED_PLAN(value)) return value as unknown as SavedPlan;
  const why = value['schemaVersion'] === 1 ? 'is damaged' : 'was saved by another version of typekro';
  throw new TypeKroError(`${file} ${why}`, {
    code: 'apply/unknown-plan',
    remedy: 'plan again with this version: typekro plan FILE --save',
  });
}

const field = record({ path: text });
const write = record({ node: text, object: objectRef, action: text, fields: listOf(field) });
const SAVED_PLAN = record({
  schemaVersion: (value) => value === 1,
  plan: record({
    operation: oneOf('apply', 'delete'),
    source: record({ kind: text, name: text, readAt: text }),
    definitions: listOf(record({ name: text, kind: text })),
    objects: listOf(write),
    instances: listOf(record({ instance: objectRef, definition: text, writes: listOf(write), fields: listOf(field) })),
  }),
  objects: listOf(kubeObject),
  namespace: text,
  cluster: optional(text),
  options: record({
    only: optional(text),
    dryRun: optional(text),
    level: optional(text),
    crds: optional(listOf(kubeObject)),
  }),
  now: number,
  salt: text,
  basis: listOf(record({ object: objectRef, uid: optional(text), digest: text, wanted: optional(text) })),
});

/** The live objects that a plan writes. */
export function basisOf(plan: Plan, { source, contents }: PlanBasis, salt: string): BasisEntry[] {
  const writes = [...plan.objects, ...plan.instances.flatMap((instance) => instance.writes)];
  const instances = plan.instances.map(({ instance }) => instance);
  const refs = new Map([...writes.map(({ object }) => object), ...instances].map((ref) => [basisKey(ref), ref]));
  return [...refs.values()].map((object) => {
    const { group } = parseApiVersion(object.apiVersion);
    const known = source.table({ group, kind: object.kind })?.look(tableKey(object.namespace, object.name));
    const content = contents.get(basisKey(object));
    const wanted = content === undefined ? {} : { wanted: content };
    if (known?.state !== 'present') return { object, digest: '', ...wanted };
    const { uid } = known.object.metadata;
    const digest = digestOf([salt, contentOf(known.object)]);
    return { object, ...(uid === undefined ? {} : { uid }), digest, ...wanted };
  });
}

/** What clients write, without what servers and controllers keep in its place. */
export function contentOf({ status: _status, metadata, ...rest }: KubeObject): JsonValue {
  const { name = '', namespace = '', labels = {}, annotations = {}, uid = '' } = metadata;
  return { ...rest, metadata: { name, namespace, uid, labels, annotations } };
}

/** What two plans of one intent have to agree in. */
export function comparablePlan({ operation, definitions, objects, instances }: Plan): JsonValue {
  const plain = {
    operation,
    definitions: definitions.map(({ place: _place, ...rest }) => rest),
    objects: objects.map(comparableWrite),
    instances: instances.map(comparableInstance),
  };
  return plain as unknown as JsonValue;
}

/** How the result of a write is known is no part of the intent: rights and webhooks come and go. */
const comparableWrite = ({ checked: _checked, ...rest }: ObjectPlan): object => rest;

const comparableInstance = (instance: InstancePlan): object => ({
  ...instance,
  writes: instance.writes.map(comparableWrite),
});

/** Is the plan one of the cluster that is now planned against? Where its identity was not read, the context decides. */
export function isOfCluster(saved: SavedPlan, now: Plan, cluster: string | undefined): boolean {
  return saved.cluster === undefined ? saved.plan.source.name === now.source.name : saved.cluster === cluster;
}

/** The first thing in which the cluster is not as the saved plan saw it, in a sentence; `undefined`: nothing moved. */
export function movedSince(saved: SavedPlan, now: Plan, based: PlanBasis): string | undefined {
  const before = new Map(saved.plan.instances.map((each) => [keyOf(each), each]));
  const after = new Map(now.instances.map((each) => [keyOf(each), each]));
  for (const [key, each] of after) if (!before.has(key)) return `${objectName(each.instance)} was created`;
  for (const [key, each] of before) if (!after.has(key)) return `${objectName(each.instance)} is gone`;
  const basis = basisOf(now, based, saved.salt);
  const known = new Map(basis.map((each) => [basisKey(each.object), each]));
  for (const { object, uid, digest } of saved.basis) {
    const current = known.get(basisKey(object));
    if (current === undefined) continue;
    if (current.uid === uid && current.digest === digest) continue;
    if (uid === undefined) return `${objectName(object)} was created`;
    if (current.uid === undefined) return `${objectName(object)} is gone`;
    return `${objectName(object)} ${current.uid === uid ? 'was changed' : 'was deleted and created again'}`;
  }
  for (const [key, each] of after) {
    const difference = firstDifference(before.get(key), each);
    if (difference !== undefined) return difference;
  }
  for (const { object, wanted } of saved.basis) {
    const current = known.get(basisKey(object));
    if (current !== undefined && current.wanted !== wanted)
      return `${objectName(object)}: something else would be written now`;
  }
  if (digestOf(comparablePlan(saved.plan)) === digestOf(comparablePlan(now))) return undefined;
  const moved = now.definitions.find((each, index) => !isSame(each, saved.plan.definitions[index]));
  return moved === undefined ? 'an object of the files' : `the definition ${moved.name}`;
}

function firstDifference(before: InstancePlan | undefined, after: InstancePlan): string | undefined {
  if (before === undefined || isSame(comparableInstance(before), comparableInstance(after))) return undefined;
  const known = new Set(before.writes.map((write) => digestOfWrite(write)));
  const write = after.writes.find((each) => !known.has(digestOfWrite(each)));
  const what = write === undefined ? '' : `, ${objectName(write.object)}`;
  return `${objectName(after.instance)}${what}: something else would happen now`;
}

const digestOfWrite = (write: ObjectPlan): string => digestOf(comparableWrite(write) as JsonValue);

function isSame(a: object | undefined, b: object | undefined): boolean {
  const plain = (value: object | undefined) => {
    const { place: _place, ...rest } = (value ?? {}) as { readonly place?: string };
    return digestOf(rest);
  };
  return plain(a) === plain(b);
}

const keyOf = ({ definition, instance }: InstancePlan): string => `${definition} ${objectName(instance)}`;
