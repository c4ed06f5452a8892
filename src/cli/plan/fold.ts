import type { InstancePlan, ObjectPlan, ValueLine } from './plan.ts';

/** Instances to which the same happens. */
export interface Fold {
  /** The first of them, which is shown. */
  readonly first: InstancePlan;
  readonly others: readonly InstancePlan[];
  /** Do values differ in more than names of instances? */
  readonly valuesDiffer: boolean;
}

/**
 * Groups instances by what happens to them: the same state for the same reason, the same writes of the same nodes in the
 * same order, in the same fields. Names of the instance count as equal. The order is that of the first of each group.
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

/** The pattern without values. */
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

/** The text of a value, with stand-ins for the name and the namespace of the instance. */
function general({ instance: { name, namespace } }: InstancePlan, value: unknown): string {
  const text = JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
  const named = text.replaceAll(name, '\u0001');
  return namespace === undefined || namespace === '' ? named : named.replaceAll(namespace, '\u0002');
}
