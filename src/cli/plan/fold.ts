import type { ObjectRef } from '../../core/index.ts';
import { allWrites } from './all-writes.ts';
import type { InstancePlan, ObjectPlan, OpenNode, ValueLine } from '../../inspect/index.ts';
import { withoutNames } from './stand-in.ts';

/** Instances with equal plans. */
export interface Fold {
  /** The first instance. Only its plan is printed. */
  readonly first: InstancePlan;
  readonly others: readonly InstancePlan[];
  /** True when values differ in more than the names of the instances. */
  readonly valuesDiffer: boolean;
}

/**
 * Groups instances by their plans: equal state, reason, writes, nodes, order and fields. Values of fields and names of
 * instances are not compared. Groups are in the order of their first instances.
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

/** The compared parts of a plan, without values of fields. */
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

/** `fixed` is compared exactly. In `named`, the names of the two instances count as equal. */
interface Pattern {
  readonly fixed: unknown;
  readonly named: unknown;
}

function fixedPartOf({ node, object, action, fields, wave, after, checked }: ObjectPlan): unknown {
  return [node, object.apiVersion, object.kind, action, roots(fields), wave, after, checked];
}

function namedPartOf({ fields, finalizers, refusal }: ObjectPlan): unknown {
  return [paths(fields), finalizers, refusal];
}

/**
 * Paths without their first member. The first members are compared in `fixed`, because `data` or `spec` can also be the
 * name of an instance.
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

/** Prints a pattern, with placeholders for the name and the namespace of the instance in `named`. */
function textOf({ fixed, named }: Pattern, instance: ObjectRef): string {
  const general = JSON.stringify(named, (_key, each: unknown) => {
    if (typeof each === 'bigint') return String(each);
    return typeof each === 'string' ? withoutNames(each, instance, STAND_INS) : each;
  });
  return `${JSON.stringify(fixed)} ${general}`;
}
