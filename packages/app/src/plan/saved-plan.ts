import { randomBytes } from 'node:crypto';
import type { JsonValue, KubeObject, ObjectRef } from '@typekro/kit/core';
import { isJsonObject, objectName, refOf, stringifyJson, tryParseJson, TypeKroError } from '@typekro/kit/core';
import { Fingerprint } from '@typekro/engine/runtime';
import { LEVEL_FLAG } from '../controllers/controller-settings.ts';
import { shellWord } from '../text/escapes.ts';
import {
  isTooDeepValue,
  kubeObject,
  listWith,
  number,
  objectRef,
  oneOfTexts,
  optional,
  record,
  text,
} from './file-shape.ts';
import type { LiveSource } from './simulation/live-source.ts';
import { allWrites } from './fold.ts';
import type { DefinitionPlan, InstancePlan, ObjectPlan, Plan } from '@typekro/controller/inspect';

/**
 * The content of a saved plan's file. It contains all data with which `typekro apply` applies exactly this plan, and
 * can contain Secrets from the user's files.
 */
export interface SavedPlan {
  readonly schemaVersion: 1;
  readonly kind: 'TypeKroPlan';
  readonly plan: Plan;
  /** The planned objects of the user's files. */
  readonly objects: readonly KubeObject[];
  /** The namespace for objects that do not set one. */
  readonly namespace: string;
  /** The identity of the cluster. Absent when it could not be read. */
  readonly cluster?: string;
  readonly options: SavedOptions;
  /**
   * The time of the plan, in milliseconds since the epoch. `apply` makes the plan again with the same time, for
   * expressions that read the time.
   */
  readonly now: number;
  readonly salt: string;
  /**
   * Salted digests of the plan's instances, of the live objects that the plan writes, and of their new content. The
   * digests ignore status, resource versions and field managers.
   */
  readonly basis: readonly BasisEntry[];
  /**
   * Digests of the parts of the file, with which the parser detects later changes.
   */
  readonly parts: PlanParts;
}

/** Digests of the parts of a saved plan. */
export interface PlanParts {
  readonly plan: string;
  /** One digest per object of the files. */
  readonly objects: readonly string[];
  /** The digest of all other members. */
  readonly rest: string;
}

/** The options of a saved plan. `apply` makes the plan again with the same options. */
export interface SavedOptions {
  /** The files that were planned, as the user named them. Absent in plans of older versions. */
  readonly files?: readonly string[];
  /** The only namespace whose instances were planned. By default, all namespaces. */
  readonly only?: string;
  /** The value of `--dry-run`. `none` when no dry runs were made. */
  readonly dryRun?: string;
  /** CRDs that are neither in the cluster nor in the files. */
  readonly crds?: readonly KubeObject[];
  /** The level that the user named. By default, the level of the cluster's controller. */
  readonly level?: string;
}

/** A live object at the time of the plan. */
export interface BasisEntry {
  readonly object: ObjectRef;
  /** Absent when the object does not exist. */
  readonly uid?: string;
  readonly digest: string;
  /** The digest of the content that an instance writes to the object. Absent when no instance writes the object. */
  readonly wanted?: string;
}

/** The data for a comparison of two plans, in addition to the plans. */
export interface PlanBasis {
  /** The source of the live objects. */
  readonly source: LiveSource;
  /** Salted digests of the objects that the plan writes for instances, keyed by `basisKey`. */
  readonly contents: ReadonlyMap<string, string>;
}

/** Returns the key of an object in a basis. */
export const basisKey = (ref: ObjectRef): string => `${objectName(ref)} ${ref.apiVersion}`;

/** Makes a saved plan from a plan, its objects and its basis. */
export function savedPlan(
  plan: Plan,
  objects: readonly KubeObject[],
  based: PlanBasis,
  place: Pick<SavedPlan, 'namespace' | 'options' | 'cluster' | 'now' | 'salt'>,
): SavedPlan {
  const basis = basisOf(plan, based, place.salt);
  return withDigests({ schemaVersion: 1, kind: 'TypeKroPlan', plan, objects, ...place, basis });
}

/** Adds the digests of its parts to a plan. */
export function withDigests(saved: Omit<SavedPlan, 'parts'>): SavedPlan {
  const { plan, objects, ...rest } = saved;
  const digest = (value: object): string => Fingerprint.of(value as JsonValue);
  return { ...saved, parts: { plan: digest(plan), objects: objects.map(digest), rest: digest(rest) } };
}

/**
 * Returns the part of a file that was changed after `typekro plan --save` wrote it. Returns `undefined` when no part
 * was changed.
 */
function changedPart({ parts: known, ...saved }: SavedPlan): string | undefined {
  const { parts: presentParts } = withDigests(saved);
  const index = presentParts.objects.findIndex((digest, position) => digest !== known.objects[position]);
  const object = saved.objects[index];
  if (object !== undefined) return objectName(refOf(object));
  if (presentParts.objects.length !== known.objects.length) return 'the list of objects';
  if (presentParts.plan !== known.plan) return 'the planned changes';
  return presentParts.rest === known.rest ? undefined : 'the state of the cluster, or the options';
}

/** Returns the command that makes the plan again. */
export function planAgain({ plan, options: { files, only, dryRun, level } }: SavedPlan): string {
  const names = files === undefined ? ['FILE'] : files.map(shellWord);
  const flag = (name: string, value: string | undefined) => (value === undefined ? [] : [name, shellWord(value)]);
  const options = [
    ...(plan.operation === 'delete' ? ['--delete'] : []),
    ...flag('--namespace', only),
    ...flag('--dry-run', dryRun),
    ...flag(LEVEL_FLAG, level),
  ];
  return ['typekro plan', ...names, ...options, '--save'].join(' ');
}

/** Returns a new salt for the digests of a plan. */
export const newSalt = (): string => randomBytes(16).toString('hex');

/** Returns the content of a saved plan's file and its name. Equal plans have equal file names. */
export function savedPlanText(saved: SavedPlan): { readonly name: string; readonly text: string } {
  const name = `plan-${Fingerprint.of([comparablePlan(saved.plan), saved.objects] as JsonValue).slice(0, 8)}.json`;
  return { name, text: `${stringifyJson(saved, 2)}\n` };
}

/** Matches the beginning of each file that `savedPlanText` makes. */
const HEAD = /^\s*\{\s*"schemaVersion":\s*\d+,\s*"kind":\s*"TypeKroPlan"/;

/**
 * Parses a saved plan. Returns `undefined` when the text is not a saved plan.
 *
 * @throws TypeKroError `apply/unknown-plan` when the plan is truncated, damaged, changed, or has an unsupported schema
 *   version.
 */
export function parseSavedPlan(text: string, file: string): SavedPlan | undefined {
  const value = tryParseJson(text);
  if (value === undefined && HEAD.test(text)) throw unknownPlan(`${file} is truncated, or no longer JSON`);
  if (!isJsonObject(value) || value['kind'] !== 'TypeKroPlan') return undefined;
  const { schemaVersion } = value;
  if (schemaVersion !== 1)
    throw unknownPlan(
      `${file} was saved by another version of typekro: its schemaVersion is ${stringifyJson(schemaVersion ?? null)}, and this version reads 1`,
    );
  if (isTooDeepValue(value) || !SAVED_PLAN(value))
    throw unknownPlan(`${file} is damaged: it does not have the form of a saved plan`);
  const saved = value as unknown as SavedPlan;
  const changed = changedPart(saved);
  if (changed === undefined) return saved;
  throw new TypeKroError(`${file} was changed after it was saved; the changed part is ${changed}`, {
    code: 'apply/unknown-plan',
    remedy: `nothing was applied; change the files that were planned instead of ${file}, and plan again: ${planAgain(saved)}`,
  });
}

function unknownPlan(message: string): TypeKroError {
  return new TypeKroError(message, {
    code: 'apply/unknown-plan',
    remedy: 'nothing was applied; plan again: typekro plan FILE --save',
  });
}

const field = record({ path: text });
const write = record({ node: text, object: objectRef, action: text, fields: listWith(field) });
const SAVED_PLAN = record({
  schemaVersion: (value) => value === 1,
  plan: record({
    operation: oneOfTexts('apply', 'delete'),
    source: record({ kind: text, name: text, readAt: text }),
    definitions: listWith(record({ name: text, kind: text })),
    objects: listWith(write),
    limits: listWith(text),
    instances: listWith(
      record({ instance: objectRef, definition: text, writes: listWith(write), fields: listWith(field) }),
    ),
  }),
  objects: listWith(kubeObject),
  namespace: text,
  cluster: optional(text),
  options: record({
    files: optional(listWith(text)),
    only: optional(text),
    dryRun: optional(text),
    level: optional(text),
    crds: optional(listWith(kubeObject)),
  }),
  now: number,
  salt: text,
  basis: listWith(record({ object: objectRef, uid: optional(text), digest: text, wanted: optional(text) })),
  parts: record({ plan: text, objects: listWith(text), rest: text }),
});

/** Returns the basis of a plan: the digests of its instances and of the live objects that it writes. */
export function basisOf(plan: Plan, { source, contents }: PlanBasis, salt: string): BasisEntry[] {
  const writes = [...plan.objects, ...plan.instances.flatMap(allWrites)];
  const instances = plan.instances.map(({ instance }) => instance);
  const refs = new Map([...writes.map(({ object }) => object), ...instances].map((ref) => [basisKey(ref), ref]));
  return [...refs.values()].map((object) => {
    const live = source.liveOf(object);
    const content = contents.get(basisKey(object));
    const wanted = content === undefined ? {} : { wanted: content };
    if (live === undefined) return { object, digest: '', ...wanted };
    const { uid } = live.metadata;
    const digest = Fingerprint.of([salt, planContent(live)]);
    return { object, ...(uid === undefined ? {} : { uid }), digest, ...wanted };
  });
}

/**
 * Returns the part of an object whose changes make a saved plan out of date. Leaves out the status, and all metadata
 * except the name, namespace, uid, labels and annotations.
 */
export function planContent({ status: _status, metadata, ...rest }: KubeObject): JsonValue {
  const { name = '', namespace = '', labels = {}, annotations = {}, uid = '' } = metadata;
  return { ...rest, metadata: { name, namespace, uid, labels, annotations } };
}

/** Returns the parts of a plan that count in a comparison of two plans. */
export function comparablePlan({ operation, definitions, objects, instances }: Plan): JsonValue {
  const plain = {
    operation,
    definitions: definitions.map(comparableDefinition),
    objects: objects.map(comparableWrite),
    instances: instances.map(comparableInstance),
  };
  return plain as JsonValue;
}

/**
 * Removes the field that says how a write was checked, because the user's rights and webhooks can change between two
 * plans.
 */
const comparableWrite = ({ checked: _checked, ...rest }: ObjectPlan): object => rest;

const comparableDefinition = ({ place: _place, checked: _checked, ...rest }: DefinitionPlan): object => rest;

const comparableInstance = ({ meanwhile, checked: _checked, ...instance }: InstancePlan): object => ({
  ...instance,
  writes: instance.writes.map(comparableWrite),
  ...(meanwhile === undefined ? {} : { meanwhile: { ...meanwhile, writes: meanwhile.writes.map(comparableWrite) } }),
});

/**
 * Was the plan made for this cluster? Compares the identities of the clusters or, if the saved plan has none, the names
 * of the contexts.
 */
export function isOfCluster(saved: SavedPlan, now: Plan, cluster: string | undefined): boolean {
  return saved.cluster === undefined ? saved.plan.source.name === now.source.name : saved.cluster === cluster;
}

/**
 * Describes the first change of the cluster since a saved plan, as a sentence. Returns `undefined` when nothing has
 * changed.
 */
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
      return `${objectName(object)}: different content would be written now`;
  }
  if (Fingerprint.of(comparablePlan(saved.plan)) === Fingerprint.of(comparablePlan(now))) return undefined;
  const moved = now.definitions.find((each, index) => !isSame(each, saved.plan.definitions[index]));
  if (moved !== undefined) return `the definition ${moved.name} or its live revision has changed`;
  return changedWrite(saved.plan.objects, now.objects) ?? 'an object of the files: the action would be different now';
}

function firstDifference(before: InstancePlan | undefined, after: InstancePlan): string | undefined {
  if (before === undefined || isSame(comparableInstance(before), comparableInstance(after))) return undefined;
  const name = objectName(after.instance);
  const isRefused = after.because !== undefined && before.state !== after.state;
  const write = isRefused
    ? undefined
    : (changedWrite(before.writes, after.writes) ??
      changedWrite(before.meanwhile?.writes ?? [], after.meanwhile?.writes ?? []));
  if (write !== undefined) return `${name}, ${write}`;
  return before.state === after.state
    ? `${name}: the action would be different now`
    : `${name}: it was ${before.state} in the plan, and is ${after.state} now${after.because === undefined ? '' : `: ${after.because}`}`;
}

/** Describes the first write in which two plans differ, as a sentence. */
function changedWrite(before: readonly ObjectPlan[], after: readonly ObjectPlan[]): string | undefined {
  const known = new Map(before.map((write) => [basisKey(write.object), write]));
  const write = after.find((each) => {
    const old = known.get(basisKey(each.object));
    return old === undefined || digestOfWrite(old) !== digestOfWrite(each);
  });
  if (write === undefined) {
    const due = new Set(after.map(({ object }) => basisKey(object)));
    const gone = before.find(({ object }) => !due.has(basisKey(object)));
    return gone === undefined
      ? undefined
      : `${objectName(gone.object)}: the plan says ${gone.action}, and nothing would happen now`;
  }
  const name = objectName(write.object);
  const old = known.get(basisKey(write.object));
  if (old === undefined) return `${name}: the plan does not have it, and now it says ${write.action}`;
  if (old.action !== write.action) return `${name}: the plan says ${old.action}, and now it says ${write.action}`;
  const field = firstChangedField(old, write);
  if (field === undefined) return `${name}: the write would be different now`;
  const saved = old.fields.find(({ path }) => path === field.path);
  return saved !== undefined && isSame({ to: saved.to }, { to: field.to })
    ? `${name}: ${field.path} has a different value now`
    : `${name}: ${field.path} would get a different value now`;
}

function firstChangedField(before: ObjectPlan, after: ObjectPlan): ObjectPlan['fields'][number] | undefined {
  const known = new Map(before.fields.map((each) => [each.path, each]));
  return after.fields.find((each) => !isSame(each, known.get(each.path)));
}

const digestOfWrite = (write: ObjectPlan): string => Fingerprint.of(comparableWrite(write) as JsonValue);

function isSame(a: object | undefined, b: object | undefined): boolean {
  const plain = (value: object | undefined) => {
    const {
      place: _place,
      checked: _checked,
      ...rest
    } = (value ?? {}) as { readonly place?: string; readonly checked?: string };
    return Fingerprint.of(rest);
  };
  return plain(a) === plain(b);
}

const keyOf = ({ instance }: InstancePlan): string => basisKey(instance);
