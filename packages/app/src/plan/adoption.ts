import { type JsonValue, type KubeObject, type ObjectRef, isJsonObject, definedMembers } from '@typekro/kit/core';
import { Path } from '@typekro/engine/graph';
import { FieldDifference, RefusedObject } from '@typekro/engine/runtime';
import { type ObjectOwner, namedOwners } from '../instance/object-owners.ts';
import type { MadePlan } from './planning.ts';
import type { InstancePlan, ObjectPlan, OpenNode, ValueLine } from '@typekro/controller/inspect';
import { isOfController } from './value-lines.ts';

/**
 * The report of `typekro adopt`, as `-o json` prints it. A later release with the same `schemaVersion` only adds
 * fields.
 */
export interface Adoption {
  readonly schemaVersion: 1;
  /** True with `--dry-run`: nothing is written. If `objects` is empty, nothing is written either. */
  readonly dryRun: boolean;
  readonly objects: readonly AdoptedObject[];
  /**
   * Nodes that cannot adopt their object or are blocked, each with a sentence that says why. `node` is empty for the
   * instance as a whole.
   */
  readonly blocked: readonly BlockedNode[];
  /**
   * Other writes of the same instances. Writes that change only labels and annotations of the controller are left out.
   */
  readonly others: readonly {
    readonly object: ObjectRef;
    readonly node: string;
    readonly action: ObjectPlan['action'];
  }[];
}

/** A node that cannot adopt its object or is blocked. */
export interface BlockedNode extends Pick<OpenNode, 'node' | 'reason' | 'remedy' | 'unadopted'> {
  readonly instance: ObjectRef;
}

/** An existing object that becomes a child of an instance. */
export interface AdoptedObject {
  readonly instance: ObjectRef;
  readonly node: string;
  readonly object: ObjectRef;
  /**
   * The fields whose values change. When the list is empty, the object only gets labels and annotations of the
   * controller.
   */
  readonly fields: readonly AdoptedField[];
  /** Other programs that manage the object. They continue to write it, and may delete it. */
  readonly owners: readonly ObjectOwner[];
  /** The API server's message, if it refuses the write. */
  readonly refusal?: string;
}

/** A field whose value changes. `from` is absent for a new field, `to` for a removed one. */
export interface AdoptedField {
  readonly path: string;
  readonly from?: JsonValue;
  readonly to?: JsonValue;
  /** The field managers that own the field now and lose it by the adoption. */
  readonly managers: readonly string[];
}

/** Reads from a plan which objects would be adopted, and what prevents an adoption. */
export function adoptionOf({ plan, objects: source }: MadePlan, dryRun: boolean): Adoption {
  const writesOf = (instance: InstancePlan) => instance.writes.map((write) => ({ instance: instance.instance, write }));
  const writes = plan.instances.flatMap(writesOf);
  return {
    schemaVersion: 1,
    dryRun,
    objects: writes
      .filter(({ write }) => write.action === 'adopt')
      .map(({ instance, write }) => adopted(instance, write, source.liveOf(write.object))),
    blocked: plan.instances.flatMap((each) => [
      ...each.blocked.map(({ node, reason, remedy, unadopted }) => ({
        instance: each.instance,
        node,
        reason,
        ...definedMembers({ remedy, unadopted }),
      })),
      ...(each.state === 'blocked' && each.because !== undefined
        ? [{ instance: each.instance, node: '', reason: each.because, ...definedMembers({ remedy: each.remedy }) }]
        : []),
    ]),
    others: writes
      .filter(({ write }) => write.action !== 'adopt' && write.action !== 'labels')
      .map(({ write: { object, node, action } }) => ({ object, node, action })),
  };
}

/** The remedy for an adoption that the API server refuses with this message. */
export function refusedAdoptionRemedy(message: string, object: ObjectRef): string {
  const takeValues = 'write the values of the object into the template';
  if (RefusedObject.isImmutable(message)) return takeValues;
  return RefusedObject.remedy(message, object) ?? `correct what the message names, or ${takeValues}`;
}

function adopted(instance: ObjectRef, write: ObjectPlan, live: KubeObject | undefined): AdoptedObject {
  const { node, object, fields, refusal } = write;
  return {
    instance,
    node,
    object,
    fields: fields.flatMap(withoutMarks).map(({ path, from, to }) => {
      const parsed = Path.parse(path);
      return {
        path,
        ...definedMembers({ from, to }),
        managers: live === undefined || !parsed.ok ? [] : FieldDifference.managersAt(live, parsed.steps),
      };
    }),
    owners: live === undefined ? [] : namedOwners(live),
    ...definedMembers({ refusal }),
  };
}

/**
 * When a whole map of labels or annotations is new, returns one line per entry, without the controller's own entries.
 */
function withoutMarks(field: ValueLine): ValueLine[] {
  const { path, from, to } = field;
  const isMap = path === 'metadata.labels' || path === 'metadata.annotations';
  if (!isMap || from !== undefined || !isJsonObject(to)) return [field];
  return Object.entries(to)
    .map(([key, value]): ValueLine => ({ path: `${path}["${key}"]`, to: value ?? null }))
    .filter((each) => !isOfController(each.path) && !each.path.includes(MANAGED_BY));
}

/**
 * The last step of the path of a label that the controller writes on every child. If the labels are a new map, this
 * label is not shown. If the map exists, the label is shown as a change.
 */
const MANAGED_BY = '["app.kubernetes.io/managed-by"]';
