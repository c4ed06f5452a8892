import type { ObjectRef } from '@typekro/kit/core';
import type { InstancePlan, ObjectPlan, OpenNode, ValueLine } from '@typekro/controller/inspect';
import { withoutNames } from './replace-name.ts';

/** Instances with equal plans. */
export interface Fold {
  /** The first instance. Only its plan is printed. */
  readonly first: InstancePlan;
  readonly others: readonly InstancePlan[];
  /** True when values of the instances differ by more than the names of the instances. */
  readonly valuesDiffer: boolean;
}

/**
 * Groups instances with equal plans: state, reason, writes, nodes, order and field paths. Ignores the values of fields
 * and the names of instances. The groups are in the order of their first instances.
 */
export function fold(instances: readonly InstancePlan[]): Fold[] {
  const groups = new Map<string, { readonly members: InstancePlan[]; readonly values: Set<string> }>();
  for (const instance of instances) {
    const key = textOf(patternOf(instance), instance.instance);
    const group = groups.get(key) ?? { members: [], values: new Set() };
    groups.set(key, group);
    group.members.push(instance);
    group.values.add(textOf(valuesOf(instance), instance.instance));
  }
  return [...groups.values()].map(({ members: [first, ...others], values }) => ({
    first: first as InstancePlan,
    others,
    valuesDiffer: values.size > 1,
  }));
}

/** Returns the compared parts of a plan, without the values of fields. */
function patternOf(plan: InstancePlan): Pattern {
  const {
    definition,
    state,
    because,
    action,
    fields,
    rollout,
    meanwhile,
    recreated = [],
    after,
    writes,
    later,
    blocked,
  } = plan;
  return {
    fixed: [
      definition,
      state,
      action,
      roots(fields),
      rollout,
      after,
      meanwhile?.writes.map(fixedPartOf),
      nodesOf(meanwhile?.later ?? []),
      nodesOf(meanwhile?.blocked ?? []),
      recreated.map(({ apiVersion, kind }) => [apiVersion, kind]),
      writes.map(fixedPartOf),
      nodesOf(later),
      nodesOf(blocked),
    ],
    named: [
      because,
      paths(fields),
      meanwhile?.writes.map(namedPartOf),
      reasonsOf(meanwhile?.later ?? []),
      reasonsOf(meanwhile?.blocked ?? []),
      recreated.map(({ name, namespace }) => [name, namespace]),
      writes.map(namedPartOf),
      reasonsOf(later),
      reasonsOf(blocked),
    ],
  };
}

/**
 * The compared parts of a plan. `fixed` is compared exactly. In `named`, the names of the instances are first replaced
 * by placeholders.
 */
interface Pattern {
  readonly fixed: unknown;
  readonly named: unknown;
}

function fixedPartOf({ node, object, action, fields, wave, after, checked }: ObjectPlan): unknown {
  return [node, object.apiVersion, object.kind, action, roots(fields), wave, after, checked];
}

function namedPartOf({ fields, finalizers, managedBy, refusal }: ObjectPlan): unknown {
  return [paths(fields), finalizers, managedBy, refusal];
}

/**
 * Returns the paths without their first segments. The first segments belong to `fixed`, because `data` or `spec` can
 * also be the name of an instance.
 */
const paths = (fields: readonly ValueLine[]): readonly string[] => fields.map(({ path }) => path.replace(/^\w+/, ''));
const roots = (fields: readonly ValueLine[]): readonly string[] =>
  fields.map(({ path }) => /^\w+/.exec(path)?.[0] ?? '');
const nodesOf = (open: readonly OpenNode[]): readonly string[] => open.map(({ node }) => node);
const reasonsOf = (open: readonly OpenNode[]): unknown => open.map(({ reason, remedy }) => [reason, remedy]);

function valuesOf(plan: InstancePlan): Pattern {
  const values = (lines: readonly ValueLine[]) => lines.map(({ from, to }) => [from, to]);
  return { fixed: undefined, named: [values(plan.fields), allWrites(plan).map(({ fields }) => values(fields))] };
}

const STAND_INS = { name: '\u0001', namespace: '\u0002' };

/** Prints a pattern. In `named`, placeholders replace the name and the namespace of the instance. */
function textOf({ fixed, named }: Pattern, instance: ObjectRef): string {
  const general = JSON.stringify(named, (_key, each: unknown) => {
    if (typeof each === 'bigint') return String(each);
    return typeof each === 'string' ? withoutNames(each, instance, STAND_INS) : each;
  });
  return `${JSON.stringify(fixed)} ${general}`;
}

/**
 * Returns all writes of an instance: first those with its present revision, then those with the new revision. The same
 * object can appear twice.
 */
export function allWrites({ meanwhile, writes }: Pick<InstancePlan, 'meanwhile' | 'writes'>): readonly ObjectPlan[] {
  return meanwhile === undefined ? writes : [...meanwhile.writes, ...writes];
}

/**
 * Returns the writes that the controller makes immediately. With `rollout: later`, the writes of the new revision wait
 * for the canary.
 */
export function writesAtOnce({
  rollout,
  meanwhile,
  writes,
}: Pick<InstancePlan, 'meanwhile' | 'rollout' | 'writes'>): readonly ObjectPlan[] {
  return rollout === 'later' ? (meanwhile?.writes ?? []) : writes;
}
