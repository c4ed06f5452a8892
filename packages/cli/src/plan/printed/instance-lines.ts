import { type ObjectRef, count, namespacedName, objectName } from '@typekro/kit/core';
import { padded, printableLine } from '@typekro/app/text';
import { resumeCommand, suspendCommand } from '@typekro/app/instance';
import { type Fold, fold } from '@typekro/app/plan';
import { type PlanView, objectLines, valueLineText } from './object-lines.ts';
import { signOf } from './paint.ts';
import { parentText, recreatedText, UNREAD } from '@typekro/controller/inspect';
import type { InstancePlan, Meanwhile, ObjectPlan, OpenNode, Plan } from '@typekro/controller/inspect';

/** The maximum width of the name column. A longer name gets its own line. */
const MAX_NAME_WIDTH = 24;

/**
 * Prints the instances of a plan: a line with the number of instances per state, then the changes and problems. Without
 * `all`, merges equal instances and leaves out unchanged ones.
 */
export function instanceLines(
  { instances, operation }: Pick<Plan, 'instances' | 'operation'>,
  view: PlanView,
  title = 'Instances',
): string[] {
  if (instances.length === 0) return [];
  const { paint, all } = view;
  const counts = STATES.map((state) => ({ state, number: instances.filter((each) => each.state === state).length }));
  const sums = counts
    .filter(({ number }) => number > 0)
    .map(({ state, number }) => `${wordOf(state, operation)} ${number}`);
  const shown = all ? instances : instances.filter(({ state, later }) => state !== 'unchanged' || later.length > 0);
  const folds: readonly Fold[] = all ? shown.map((first) => ({ first, others: [], valuesDiffer: false })) : fold(shown);
  const width = Math.min(MAX_NAME_WIDTH, Math.max(0, ...folds.map(({ first }) => nameOf(first).length)));
  return [
    `${paint.strong(title)} ${instances.length}   ${sums.join(' · ')}`,
    ...folds.flatMap((each) => foldLines(each, width, view)),
  ];
}

const STATES = ['changed', 'unchanged', 'deferred', 'blocked'] as const;

const wordOf = (state: InstancePlan['state'], operation: Plan['operation']): string =>
  state === 'changed' && operation === 'delete' ? 'deleted' : state;

const nameOf = ({ instance }: InstancePlan): string => namespacedName(instance);

/** Prints the first instance of a group in full, then the number of the other instances. */
function foldLines({ first, others, valuesDiffer }: Fold, width: number, view: PlanView): string[] {
  const { paint } = view;
  const name = nameOf(first);
  const rows = rowsOf(first, view);
  const body = rows.length === 0 ? [paint.faint('= unchanged')] : rows;
  const indent = ' '.repeat(width + 4);
  const [head = '', ...rest] = body;
  const lines =
    name.length > width
      ? [`  ${name}`, ...body.map((row) => indent + row)]
      : [`  ${padded(name, width)}  ${head}`, ...rest.map((row) => indent + row)];
  if (others.length === 0) return lines;
  const values = valuesDiffer ? ', with other values' : '';
  return [...lines, `${indent}${paint.strong(`… and ${count(others.length, 'instance')} like it`)}${values}`];
}

/**
 * Maps the state of an instance to the sign before its reason. A changed instance has a reason only when its objects
 * are not known.
 */
const REASON_SIGNS: Readonly<Record<InstancePlan['state'], string>> = {
  changed: '?',
  unchanged: '',
  deferred: '=',
  blocked: '!',
};

/** Prints the plan of one instance without its name. */
function rowsOf(plan: InstancePlan, view: PlanView): string[] {
  const { paint } = view;
  const { instance, state, because, remedy, action, fields, meanwhile, recreated = [], rollout } = plan;
  const origin = parentText(plan);
  const sign = REASON_SIGNS[state];
  const word = wordOf(state, action === 'delete' ? 'delete' : 'apply');
  const isPruned = action === 'none' && fields.length > 0;
  const own = isPruned
    ? [`${paint.sign('~')} the instance loses fields that the schema no longer has`]
    : action === 'none'
      ? []
      : [`${paint.sign(signOf(plan))} the instance${plan.unread === undefined ? '' : `  ${UNREAD}`}`];
  return [
    ...(origin === undefined ? [] : [paint.faint(printableLine(origin))]),
    ...(because === undefined ? [] : [`${paint.sign(sign)} ${word}: ${printableLine(because)}`]),
    ...(remedy === undefined ? [] : [`    try: ${printableLine(remedy)}`]),
    ...own,
    ...fields.map((field) => `    ${valueLineText(field)}`),
    ...(meanwhile === undefined ? [] : ['at once, with its present revision', ...nodeRows(meanwhile, view, instance)]),
    ...(rollout === 'later' && meanwhile !== undefined ? ['after the canary'] : []),
    ...nodeRows(plan, view, instance),
    ...recreated.map((object) => `${paint.sign('-/+')} ${objectName(object)} ${recreatedText(plan)}`),
    ...(recreated.length === 0 || plan.parent !== undefined
      ? []
      : [`    try: ${suspendCommand(instance)} before the apply, and ${resumeCommand(instance)} after it`]),
    ...(rollout === 'later' && meanwhile === undefined ? [paint.faint('after the canary')] : []),
    ...(rollout === 'first' ? ['goes first: canary'] : []),
  ];
}

/**
 * Prints the writes of one revision, the nodes whose objects are known only later, the blocked nodes, and the order of
 * the writes.
 */
function nodeRows({ writes, later, blocked }: Meanwhile, view: PlanView, { namespace }: ObjectRef): string[] {
  const { paint } = view;
  const shown = writes.filter((write) => write.action !== 'labels' || view.all);
  const labels = writes.length - shown.length;
  return [
    ...shown.flatMap((write) => objectLines(write, view, 0, namespace)),
    ...later.map(({ node, reason }) => `${paint.sign('?')} ${node}  known later: ${printableLine(reason)}`),
    ...withoutShownRefusals(blocked, writes).flatMap(({ node, reason, remedy }) => [
      `${paint.sign('!')} ${node}  ${paint.alarm('blocked')}: ${printableLine(reason)}`,
      ...(remedy === undefined ? [] : [`    try: ${printableLine(remedy)}`]),
    ]),
    ...orderLine(writes),
    ...(labels === 0
      ? []
      : [paint.faint(`= ${count(labels, 'object')} with new labels or annotations of the controller`)]),
  ];
}

/** Returns the blocked nodes, without those whose refusal is already shown with a write. */
function withoutShownRefusals(blocked: readonly OpenNode[], writes: readonly ObjectPlan[]): readonly OpenNode[] {
  const refusedNodes = new Set(writes.flatMap(({ node, refusal }) => (refusal === undefined ? [] : [node])));
  return blocked.filter(({ node }) => !refusedNodes.has(node));
}

/**
 * Prints the order of writes: `order: deployment → pdb, service`. Nodes of one wave are separated by commas. Returns
 * nothing when there is only one wave.
 */
function orderLine(writes: readonly ObjectPlan[]): string[] {
  const due = writes.filter(({ action }) => action !== 'labels');
  const nameOf = ({ node, object }: ObjectPlan): string => (node === '' ? object.kind : node);
  const waves = new Map<number, Set<string>>();
  // A node with writes in several waves is printed with its action in each wave.
  const isRepeated = (name: string): boolean =>
    new Set(due.flatMap((write) => (nameOf(write) === name ? [write.wave] : []))).size > 1;
  for (const write of due) {
    const nodes = waves.get(write.wave) ?? new Set();
    const name = nameOf(write);
    waves.set(write.wave, nodes.add(isRepeated(name) ? `${name} (${write.action})` : name));
  }
  if (waves.size < 2) return [];
  const order = [...waves].sort(([a], [b]) => a - b).map(([, nodes]) => [...nodes].join(', '));
  return [`order: ${order.join(' → ')}`];
}
