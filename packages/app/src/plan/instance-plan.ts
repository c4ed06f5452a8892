import type { JsonObject, JsonValue, KubeObject, ObjectRef } from '@typekro/kit/core';
import { immutableFields } from '../instance/immutable-fields.ts';
import { definedMembers, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { type ValueChange, changedValues } from '@typekro/sdk/deploy';
import { type Graph, Path } from '@typekro/engine/graph';
import type { ApplyAction, Decision, Decisions, FieldDifference, NodeReport } from '@typekro/engine/runtime';
import { Explanation, FieldWriter, keys, ObjectTarget, RefusedObject, Secrets } from '@typekro/engine/runtime';
import { isCopyAt, maskedValue } from '../instance/masked-value.ts';
import type { InstancePlan, ObjectPlan, OpenNode, PlanAction, ValueLine } from '@typekro/controller/inspect';
import type { SimulatedWrite, SimulationResult } from './simulation/simulate.ts';
import { namedOwners } from '../instance/object-owners.ts';
import { replacementRefusal } from './replacement.ts';
import { isOfController, valueLine } from './value-lines.ts';

/** The part of an instance's plan that does not come from the simulation. */
export type InstanceHead = Pick<
  InstancePlan,
  'instance' | 'definition' | 'action' | 'checked' | 'unread' | 'fields' | 'rollout' | 'deletedSince'
>;

/**
 * Makes the plan of an instance from its simulation.
 *
 * @param onWrite called with each object to write. Fields that are not yet known are missing
 */
export function instancePlan(
  head: InstanceHead,
  graph: Graph,
  { writes, decision }: SimulationResult,
  onWrite?: (ref: ObjectRef, desired: KubeObject) => void,
): InstancePlan {
  const known = [
    ...decision.nodes.flatMap(({ id, objects }) => objects.map(({ object }) => [id, object] as const)),
    ...writes.flatMap(({ apply }) =>
      apply === undefined ? [] : [[apply.nodeId, ObjectTarget.refOf(apply.target)] as const],
    ),
  ];
  const hides = Secrets.liveFieldsOf(graph, Secrets.liveNodes(known));
  const mask = Secrets.maskOf(graph, hides);
  const planned = writes.map((write) => {
    const { apply } = write;
    if (apply !== undefined) onWrite?.(ObjectTarget.refOf(apply.target), apply.desired);
    return objectPlan(write, hides, mask);
  });
  const refused = new Map(writes.flatMap(({ apply }) => (apply === undefined ? [] : [[apply.nodeId, apply.desired]])));
  const nodes = decision.nodes.map((report) => masked(report, (text) => mask(report.id, refused.get(report.id), text)));
  const { later, blocked } = openNodes({ nodes }, planned);
  const because = blocked.length > 0 ? undefined : refusalOf(decision);
  const acts =
    planned.some(({ action }) => action !== 'labels') || (head.action !== 'none' && head.action !== 'labels');
  return {
    ...head,
    state: blocked.length > 0 || because !== undefined ? 'blocked' : acts ? 'changed' : 'unchanged',
    ...(because === undefined ? {} : { because }),
    writes: planned,
    later,
    blocked,
  };
}

/**
 * Masks the changed spec fields whose values are used only in Secrets. Also masks such fields inside a list or map that
 * changes as a whole.
 */
export function withoutSecretInputs<Head extends Pick<InstanceHead, 'fields'>>(
  head: Head,
  graph: Graph,
  hides: (path: string) => boolean = Secrets.specOf(graph).hides,
): Head {
  if (head.fields.length === 0) return head;
  const shown = (path: string, value: JsonValue): JsonValue =>
    maskedValue(value, path, (at, each) => hides(at) || isCopyAt(at, each));
  const fields = head.fields.map((line): ValueLine => {
    const { path, from, to } = line;
    if (hides(path)) return { ...line, ...valueLine(line, hides) };
    return {
      ...line,
      ...(from === undefined ? {} : { from: shown(path, from) }),
      ...(to === undefined ? {} : { to: shown(path, to) }),
    };
  });
  return { ...head, fields };
}

/** Makes the plan of an instance whose children the controller does not write. */
export function restingPlan(
  head: InstanceHead,
  state: InstancePlan['state'],
  because?: string,
  remedy?: string,
): InstancePlan {
  const { rollout: _rollout, ...own } = head;
  return { ...own, state, ...definedMembers({ because, remedy }), writes: [], later: [], blocked: [] };
}

/** The plan of an instance with the problem that it cannot be converted; `undefined` without a problem. */
export function unconvertiblePlan(head: InstanceHead, problem: string | undefined): InstancePlan | undefined {
  if (problem === undefined) return undefined;
  const remedy = 'correct the rules of the conversion, or the instance';
  return restingPlan({ ...head, action: 'none', fields: [] }, 'blocked', `it ${problem}`, remedy);
}

/** Masks the values of Secrets in the message of a refused write. */
function masked(report: NodeReport, mask: (text: string) => string): NodeReport {
  const { because } = report;
  if (because.kind !== 'write-failed') return report;
  const { failure } = because;
  return { ...report, because: { ...because, failure: { ...failure, message: mask(failure.message) } } };
}

function objectPlan(
  write: SimulatedWrite,
  hides: (node: string, path: string) => boolean,
  mask: ReturnType<typeof Secrets.maskOf>,
): ObjectPlan {
  const { wave, after, answer } = write;
  const place = { wave, ...(after.length === 0 ? {} : { after }) };
  if (write.release !== undefined) return releasePlan(write.release, write.before, place);
  if (write.apply === undefined) return retirementPlan(write, place);
  const { nodeId, target, why, desired } = write.apply;
  const failure = answer?.failure;
  const isRefused = failure !== undefined && write.replace !== true;
  const owner = write.before && keys.owningInstance(write.before);
  const refusal = isRefused
    ? mask(nodeId, desired, replacementRefusal(failure, write.kept)).replace(
        `"${keys.CHILD_MANAGER}"`,
        `"${owner ?? keys.CHILD_MANAGER}"`,
      )
    : undefined;
  const object = ObjectTarget.refOf(target);
  const remedy = refusal && RefusedObject.remedy(refusal, object);
  const fields = fieldsOf(write, write.apply, (path) => hides(nodeId, path));
  const action = actionOf(write, why, fields, isRefused);
  const owners = action !== 'adopt' || write.before === undefined ? [] : namedOwners(write.before);
  return {
    node: nodeId,
    object,
    action,
    ...(owners.length === 0 ? {} : { managedBy: owners.map(({ name }) => name) }),
    fields,
    checked: answer?.checked ?? 'none',
    ...place,
    ...definedMembers({ refusal, remedy }),
  };
}

/** Plans the deletion or the release of a retired object. */
function retirementPlan(
  { delete: deletion, orphan, before }: SimulatedWrite,
  place: Pick<ObjectPlan, 'wave' | 'after'>,
): ObjectPlan {
  const action = orphan ?? deletion;
  const finalizers = orphan === undefined ? (before?.metadata.finalizers ?? []) : [];
  return {
    node: action?.nodeId ?? '',
    object: action === undefined ? NO_OBJECT : ObjectTarget.refOf(action.target),
    action: orphan !== undefined ? 'orphan' : action?.why === 'instance-deleted' ? 'delete' : 'prune',
    fields: [],
    checked: 'none',
    ...place,
    ...(finalizers.length === 0 ? {} : { finalizers }),
  };
}

/** Plans the release of the fields of a patch node. */
function releasePlan(
  { target, manager }: Decisions.ReleaseAction,
  before: KubeObject | undefined,
  place: Pick<ObjectPlan, 'wave' | 'after'>,
): ObjectPlan {
  const owned = before === undefined ? {} : FieldWriter.values(before, manager);
  const isSecret = target.type.kind === 'Secret' && target.type.group === '';
  const fields = valuesIn(owned, []).map((change) => valueLine(change, (path) => isSecret && Secrets.hides(path)));
  return { node: '', object: ObjectTarget.refOf(target), action: 'change', fields, checked: 'none', ...place };
}

function valuesIn(value: JsonObject, path: readonly string[]): ValueChange[] {
  return Object.entries(value).flatMap(([name, member]) => {
    const at = [...path, name];
    if (isJsonObject(member)) return valuesIn(member, at);
    return member === undefined ? [] : [{ path: Path.format(at), from: member }];
  });
}

const NO_OBJECT: ObjectRef = { apiVersion: '', kind: '', name: '' };

function actionOf(
  { replace, bookkeeping, before }: SimulatedWrite,
  why: ApplyAction['why'],
  fields: readonly ValueLine[],
  isRefused: boolean,
): PlanAction {
  if (replace === true) return 'replace';
  if (bookkeeping === true) return 'labels';
  if (before === undefined) return 'create';
  // The write changes no field of the graph, because the server normalises its values to those that the object already
  // has.
  if (fields.length === 0 && !isRefused && why !== 'adopt') return 'labels';
  return why === 'drift' ? 'restore' : why === 'adopt' ? 'adopt' : 'change';
}

function fieldsOf(write: SimulatedWrite, action: ApplyAction, isSecret: (path: string) => boolean): ValueLine[] {
  const { before, answer, bookkeeping, isSame } = write;
  if (before === undefined || bookkeeping === true) return [];
  const immutable = immutableFields(answer?.failure?.message ?? '');
  const changes =
    answer?.object === undefined ? (action.differences ?? []).flatMap(changesOf) : changedValues(before, answer.object);
  const isShown = ({ path, from: found, to: wanted }: ValueChange) =>
    !isOfController(path) &&
    isSame?.(action, { path, ...definedMembers({ found }), ...definedMembers({ wanted }) }) !== true;
  return changes.filter(isShown).map((change) => valueLine(change, isSecret, immutable));
}

/** The changes of values behind a difference. A field that only gets another owner has none. */
function changesOf({ path, found, wanted }: FieldDifference): ValueChange[] {
  if (found === undefined && isJsonObject(wanted) && /^metadata\.(?:labels|annotations)$/.test(path))
    return Object.keys(wanted).map((key) => ({
      path: `${path}[${JSON.stringify(key)}]`,
      ...definedMembers({ to: wanted[key] }),
    }));
  if (jsonEquals(found, wanted)) return [];
  return [{ path, ...definedMembers({ from: found }), ...definedMembers({ to: wanted }) }];
}

/**
 * The event that removes the obstacle of a node, by the kind of the node's reason. `later`: an event without the user,
 * such as a planned write or a successful read. `ready`: the objects of the node become ready. `user`: a change by the
 * user. The first six kinds name no obstacle of the node itself. If a node with such a reason is blocked, the obstacle
 * is at another node, and only the user can remove it.
 */
const ENDINGS: { readonly [Kind in NodeReport['because']['kind']]: 'later' | 'ready' | 'user' } = {
  ready: 'user',
  'no-items': 'user',
  excluded: 'user',
  'dependency-skipped': 'user',
  retired: 'user',
  write: 'user',
  'not-ready': 'ready',
  'missing-data': 'later',
  dependency: 'later',
  held: 'later',
  'not-ready-by-kind': 'later',
  'items-missing': 'later',
  'external-missing': 'later',
  'read-failed': 'later',
  unread: 'later',
  unjudged: 'later',
  'being-deleted': 'later',
  // The controller corrects the fields again after a pause.
  contested: 'later',
  suspended: 'user',
  'expression-failed': 'user',
  'write-failed': 'user',
  'other-owner': 'user',
  'graph-owner': 'user',
  'field-conflict': 'user',
  'target-missing': 'user',
  'unknown-type': 'user',
  'duplicate-target': 'user',
  'identity-collision': 'user',
  'collection-too-large': 'user',
  'invalid-object': 'user',
  'outside-namespace': 'user',
};

/**
 * Can the node continue without a change by the user? It cannot if `ENDINGS` has `user` for its reason, if data is
 * missing in the instance itself, or if it waits for a blocked node.
 *
 * @param stuck ids of the blocked nodes that come before this one in the order of the graph
 */
function endsByItself(report: NodeReport, stuck: ReadonlySet<string>): boolean {
  const { kind } = report.because;
  if (ENDINGS[kind] === 'user') return false;
  if (kind === 'missing-data' && report.because.nodes.length === 0) return false;
  return !Explanation.of(report).waitsFor.some((id) => stuck.has(id));
}

function adoptionRefusal({ because }: NodeReport): Pick<OpenNode, 'unadopted'> {
  if (because.kind !== 'other-owner') return {};
  return { unadopted: because.owner === undefined ? 'unowned' : 'owned' };
}

/** The states of nodes that have no obstacle. */
const STATES_WITHOUT_OBSTACLE: ReadonlySet<NodeReport['state']> = new Set([
  'ready',
  'skipped',
  'deleted',
  'deleting',
  'applying',
]);

/**
 * Returns the nodes whose objects the plan does not show completely, except nodes that only wait until their objects
 * become ready. A node is blocked when it can continue only after the user changes the spec, the definition or the
 * cluster.
 */
function openNodes(
  { nodes }: Pick<Decision, 'nodes'>,
  planned: readonly ObjectPlan[],
): { readonly later: OpenNode[]; readonly blocked: OpenNode[] } {
  const later: OpenNode[] = [];
  const blocked: OpenNode[] = [];
  const refused = new Set(planned.flatMap(({ node, refusal }) => (refusal === undefined ? [] : [node])));
  const stuck = new Set<string>();
  for (const report of nodes) {
    const isHeld = report.because.kind === 'being-deleted';
    if (!isHeld && (report.retired === true || STATES_WITHOUT_OBSTACLE.has(report.state))) continue;
    const { node, reason, remedy } = Explanation.of(report);
    const open = { node, reason, ...(remedy === undefined ? {} : { remedy }), ...adoptionRefusal(report) };
    const isOpen = endsByItself(report, stuck);
    if (refused.has(node) || !isOpen) {
      stuck.add(node);
      blocked.push(open);
    } else if (ENDINGS[report.because.kind] !== 'ready') later.push(open);
  }
  return { later, blocked };
}

/** Returns the reason why the controller writes nothing for the instance, or `undefined` if it writes. */
function refusalOf({ state, conditions, nodes }: Decision): string | undefined {
  const isOfNode = nodes.some((node) => node.state === 'failed' || node.because.kind === 'read-failed');
  if (state !== 'ERROR' || isOfNode) return undefined;
  const failing = conditions.find(({ type, status }) => type !== 'Ready' && status === 'False');
  return failing?.message ?? 'the instance is in error';
}
