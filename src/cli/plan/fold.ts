import type { InstancePlan, ObjectPlan, ValueLine } from './plan.ts';

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
    const key = general(instance, patternOf(instance));
    const group = groups.get(key) ?? { members: [], values: new Set() };
    groups.set(key, group);
    group.members.push(instance);
    group.values.add(general(instance, valuesOf(instance)));
  }
  return [...groups.values()].map(({ members: [first, ...others], values }) => ({
    first: first as InstancePlan,
    others,
    valuesDiffer: values.size > 1,
  }));
}

/** The parts of a plan that are compared, without values of fields. */
function patternOf(plan: InstancePlan): unknown {
  const { definition, state, because, action, fields, rollout, writes, later, blocked } = plan;
  return [definition, state, because, action, paths(fields), rollout, writes.map(writeOf), later, blocked];
}

function writeOf({ node, object, action, fields, wave, after, finalizers, refusal, checked }: ObjectPlan): unknown {
  const { apiVersion, kind } = object;
  return [node, apiVersion, kind, action, paths(fields), wave, after, finalizers, refusal, checked];
}

const paths = (fields: readonly ValueLine[]): readonly string[] => fields.map(({ path }) => path);

function valuesOf({ fields, writes }: InstancePlan): unknown {
  return [fields, writes.map((write) => write.fields)];
}

/** Prints a value with placeholders for the name and the namespace of the instance. */
function general({ instance: { name, namespace } }: InstancePlan, value: unknown): string {
  const text = JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
  const named = text.replaceAll(name, '\u0001');
  return namespace === undefined || namespace === '' ? named : named.replaceAll(namespace, '\u0002');
}
