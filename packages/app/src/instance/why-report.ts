import { type ObjectRef, definedMembers, namespacedName, objectName, parseApiVersion, refOf } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import {
  withCommand,
  type AbsentStatusField,
  type Blocker,
  type FailedCondition,
  type Trouble,
  type WhyCause,
  type WhyReport,
} from '@typekro/controller/inspect';
import type { Condition, RootCause } from '@typekro/engine/runtime';
import {
  Explanation,
  Failure,
  Finalizers,
  keys,
  NodeReport,
  readConditions,
  RefusedObject,
} from '@typekro/engine/runtime';
import { PIN_ANNOTATION } from '@typekro/controller/controller';
import { type FieldOrigin, fieldOrigins } from './field-origins.ts';
import { fieldList, isEmptySelection, mapWithoutKey } from './why-texts.ts';
import { reportHead } from './instance-head.ts';
import { argumentOf } from './instance-name.ts';
import { shellWord } from '../text/escapes.ts';
import { type InstanceObservation, currentNodes, recordedState } from './observation.ts';
import { type ShownNode, isWorkOfController, shownNodes } from './shown-node.ts';
import { resumeCommand } from './suspension.ts';
import { blockerWithoutDefinition, kubectlObject } from './without-definition.ts';

/** The result of a dry run of a pending write. */
export interface PendingWrite {
  readonly result: 'accepted' | 'refused' | 'unknown';
  readonly object: ObjectRef;
  /** Describes the refusal, or why the dry run was not possible. Empty for an accepted write. */
  readonly problem: string;
  /** The account of an accepted write. Absent for the user's own rights. */
  readonly user?: string;
  /** True when the account of the dry run lacks a right. */
  readonly isRightMissing?: boolean;
  /** The paths of the fields that the API server refuses. */
  readonly fields?: readonly string[];
  /**
   * The paths at or below `fields` whose values differ from the live object. Set only when the fields are immutable.
   */
  readonly differing?: readonly string[];
  readonly remedy?: string;
}

/** The facts about a root cause that are not in the decision. */
export interface Evidence {
  readonly found: readonly string[];
  readonly troubles: readonly Trouble[];
  readonly unread: readonly string[];
  readonly write?: PendingWrite;
  /** The cause of an instance of another definition among the objects of the node. */
  readonly nested?: Pick<WhyCause, 'found' | 'troubles' | 'remedy' | 'look'>;
}

/**
 * Builds the report about an instance from its root causes and their evidence.
 *
 * @param troublesOf the problems of the objects of a node whose data a field of the status lacks
 */
export function whyReport(
  observation: InstanceObservation,
  roots: readonly { readonly root: RootCause; readonly evidence: Evidence }[],
  troublesOf: (node: string) => readonly Trouble[] = () => [],
): WhyReport {
  const { instance, decision, graph } = observation;
  const lostDefinition = withoutDefinition(observation);
  const { ready } = recordedState(instance);
  const shown = shownNodes(decision.nodes);
  const { deleted: _deleted, ...counts } = shown.count(currentNodes(decision));
  const statusFields = absentFields(decision, troublesOf);
  const recorded = ready === undefined || ready.status === 'True' || !ready.message ? undefined : ready.message;
  return {
    ...reportHead(observation),
    ...(ready?.lastTransitionTime === undefined ? {} : { since: ready.lastTransitionTime }),
    ...(recorded === undefined ? {} : { recorded }),
    ...counts,
    blocked: [
      ...lostDefinition,
      ...(decision.blocked ?? recordedBlockers(instance)).map((reason) => ({
        reason,
        remedy: RefusedObject.remedy(reason, refOf(instance)) ?? CORRECT_INSTANCE,
      })),
      ...foreignFinalizers(instance),
    ].map(withCommand),
    refusals: failedConditionsOf(observation).map(withCommand),
    causes: roots
      // If the definition is lost, this is the root cause of the nodes that wait for the controller.
      .filter(({ root }) => lostDefinition.length === 0 || !isWorkOfController(root.node))
      .map(({ root, evidence }) => {
        const origins = fieldOrigins(graph?.nodes.get(root.node.id), evidence.write?.fields ?? []);
        const remedy = remedyOfReason(root, evidence, instance, graph);
        return withCommand(causeOf(root, shown.of(root.node), evidence, recorded, refOf(instance), origins, remedy));
      }),
    ...(statusFields.length === 0 ? {} : { statusFields }),
  };
}

type Decision = InstanceObservation['decision'];

/** The fields of the status whose data does not exist although the nodes that they read wait for nothing. */
export function fieldsWithoutData(decision: Decision): NonNullable<Decision['statusPending']> {
  const open = new Set(currentNodes(decision).flatMap((node) => (NodeReport.isDone(node) ? [] : [node.id])));
  return (decision.statusPending ?? []).filter((field) => !field.nodes.some((id) => open.has(id)));
}

/** The fields of the status without a value: those whose expression fails, and {@link fieldsWithoutData}. */
function absentFields(decision: Decision, troublesOf: (node: string) => readonly Trouble[]): AbsentStatusField[] {
  const nodes = currentNodes(decision);
  const leftOut = new Set(nodes.flatMap(({ id, state }) => (state === 'skipped' ? [id] : [])));
  const fieldOf =
    (remedy: string) =>
    ({ path, expression, message }: Decision['statusProblems'][number]): AbsentStatusField => ({
      field: `status.${path}`,
      expression,
      reason: message,
      remedy,
    });
  return [
    ...decision.statusProblems.map(fieldOf('correct the expression in spec.schema.status of the definition')),
    ...fieldsWithoutData(decision).map((field) => {
      const names = field.nodes.filter((id) => leftOut.has(id)).join(', ');
      const wait = 'wait for the data; or give the field a value until then with .?field and .orValue(…)';
      const troubles = field.nodes.flatMap(troublesOf);
      if (names === '' && troubles.length === 0) return fieldOf(wait)(field);
      if (names === '') return { ...fieldOf(troubles[0]?.remedy ?? wait)(field), troubles };
      const remedy = `make includeWhen of ${names} true, or compute the field from other data: .orValue(…) gives no value for a node that is left out`;
      return { ...fieldOf(remedy)(field), reason: `it reads ${names}, which is left out` };
    }),
  ];
}

/** Conditions of the instance itself. When one of them is False, the controller does not work on the nodes. */
export const OF_THE_INSTANCE: ReadonlySet<string> = new Set(['InstanceManaged', 'GraphResolved', 'Accepted']);

function failedConditionsOf({
  instance,
  definition,
}: Pick<InstanceObservation, 'instance' | 'definition'>): FailedCondition[] {
  const name = definition?.metadata.name ?? instance.metadata.labels?.[keys.DEFINITION_NAME_LABEL] ?? 'NAME';
  const isFailed = ({ type, status }: Condition) => status === 'False' && OF_THE_INSTANCE.has(type);
  return readConditions(instance.status?.['conditions'])
    .filter(isFailed)
    .map(({ type, reason = '', message = '' }) => {
      const known = message.includes(PIN_ANNOTATION)
        ? unpinCommand(instance)
        : RefusedObject.remedy(message, refOf(instance));
      const own =
        type === 'GraphResolved' ? seeDefinition(name) : type === 'Accepted' ? CORRECT_GRAPH : CORRECT_INSTANCE;
      const remedy = known ?? own;
      return { condition: type, reason, message, remedy };
    });
}

/** The command that ends the pin of an instance. */
export const unpinCommand = (instance: Parameters<typeof argumentOf>[0]): string =>
  `typekro pin ${shellWord(argumentOf(instance))} --remove`;

export const seeDefinition = (name: string): string =>
  `see what is wrong with the definition: typekro why ${shellWord(`rgd/${name}`)}`;
const CORRECT_GRAPH =
  'correct the spec of the Graph as the message says, and apply it again; typekro validate FILE checks it first';
const CORRECT_INSTANCE =
  'correct the cause that the message names; the controller tries again by itself, and typekro reconcile makes it try at once';

function causeOf(
  { node, objects, waiting }: RootCause,
  { state, reason, waitsFor, remedy }: ShownNode,
  evidence: Evidence,
  recorded: string | undefined,
  instance: ObjectRef,
  origins: readonly FieldOrigin[],
  remedyOfBecause: string,
): WhyCause {
  const { found, unread, write, nested } = evidence;
  const { troubles } = nested ?? evidence;
  const [first] = troubles;
  const object = objectOfText(objects, found) ?? objects[0];
  const isRefused = write?.result === 'refused' && isWorkOfController(node);
  const pending = write === undefined || isRefused ? undefined : pendingText(write, recorded, node.id, instance);
  const isSuspended = node.because.kind === 'suspended';
  const known = nested?.remedy ?? first?.remedy ?? write?.remedy ?? pending?.remedy ?? remedy;
  const advice = isSuspended ? remedyOfBecause : (known ?? remedyOfBecause);
  const about = first?.object ?? object;
  // A refused object usually does not exist, so the target of the write is reported instead of a live object. A missing
  // right says nothing about the object itself.
  const isObjectRefused = isRefused && write.isRightMissing !== true;
  const concerned = isObjectRefused && objects.length === 0 ? [write.object] : objects;
  return {
    node: node.id,
    ...(node.retired === true ? { retired: true } : {}),
    state: isRefused ? 'failed' : state,
    reason: isRefused ? write.problem : reason,
    waitsFor,
    waiting,
    objects: concerned,
    found: [...found, ...differingText(write), ...origins.map(({ text }) => text), ...(nested?.found ?? [])],
    troubles,
    ...(pending === undefined ? {} : { dryRun: pending.text }),
    unread,
    remedy: advice,
    ...definedMembers({ look: nested?.look ?? (about && describeCommand(about)) }),
  };
}

/**
 * Names the differing immutable fields of a live object. The server's message may name only the whole template that
 * contains them.
 */
function differingText(write: PendingWrite | undefined): string[] {
  const { differing = [] } = write ?? {};
  if (differing.length === 0) return [];
  return [`the live object differs in ${fieldList(differing)}`];
}

/**
 * Returns the first object whose name is at the beginning of a sentence in `found`. Such a sentence says that the
 * object lacks data, or that another client changed it.
 */
function objectOfText(objects: readonly ObjectRef[], found: readonly string[]): ObjectRef | undefined {
  return objects.find((each) => found.some((text) => text.startsWith(`${objectName(each)}: `)));
}

/** Returns the remedy for a node's reason, with the object names and commands of this instance. */
function remedyOfReason(
  { node }: RootCause,
  { found }: Evidence,
  instance: InstanceObservation['instance'],
  graph: InstanceObservation['graph'],
): string {
  const { because } = node;
  if (because.kind === 'suspended') return resumeCommand(refOf(instance));
  if (because.kind === 'missing-data') {
    if (found.some(isEmptySelection)) return 'create such an object, or correct the selector of the reference';
    const map = found.map(mapWithoutKey).find((name) => name !== undefined);
    if (map !== undefined && because.path !== undefined) {
      const isExternal = because.nodes.some((id) => graph?.nodes.get(id)?.nodeType.startsWith('external') === true);
      const where = isExternal ? map : `the template of ${because.nodes.join(', ')}`;
      return `add "${because.path}" to ${where}, correct the name in the expression, or ${Explanation.readWithDefault(because)}`;
    }
  }
  return Explanation.remedy(because)?.text ?? SEE_OBJECTS;
}

const SEE_OBJECTS = 'see the events and the status of the objects of the node: typekro tree, kubectl describe';

/**
 * Describes the dry run of a pending write. Describes a refusal only if the node waits for something other than this
 * write. For an accepted write, the remedy follows from the controller's message about the node: the controller lacks
 * a right, or the cause is gone, and the controller tries again after a pause.
 */
function pendingText(
  { result, object, problem, user = 'you' }: PendingWrite,
  recorded: string | undefined,
  node: string,
  instance: ObjectRef,
): { text: string; remedy?: string } {
  if (result !== 'accepted') return { text: problem };
  const name = objectName(object);
  if (recorded !== undefined) {
    const text = `the API server would accept the write of ${name} from ${user}`;
    const about = recorded.split('\n').find((line) => line.includes(`"${node}"`));
    if (about === undefined) return { text };
    const right = Failure.missingRight(403, about) && RefusedObject.remedy(about, object);
    const again = `the controller tries again after a pause; typekro reconcile ${shellWord(argumentOf({ kind: instance.kind, metadata: instance }))} makes it try at once`;
    return { text, remedy: right ?? again };
  }
  return {
    text: `the API server would accept the write of ${name} now, but no controller has sent it`,
    remedy: Explanation.SEE_CONTROLLER,
  };
}

/** Returns `kubectl describe service shop-svc -n team-a`, or `typekro why …` for an object of the group `kro.run`. */
function describeCommand(ref: ObjectRef): string {
  const { apiVersion, kind } = ref;
  if (apiVersion.startsWith('kro.run/')) {
    return `typekro why ${shellWord(`${kind.toLowerCase()}/${namespacedName(ref)}`)}`;
  }
  // Several API groups can have a custom kind with the same name.
  const isCustom = parseApiVersion(apiVersion).group.includes('.');
  return `kubectl describe ${kubectlObject(isCustom ? ref : { ...ref, apiVersion: 'v1' })}`;
}

/** The beginning of the controller's message about a deletion that does not proceed (`runtime/deletion.ts`). */
const DELETION_BLOCKED = 'deletion blocked: ';

/** Requests of a deletion that a dry run of this process repeats, so that the causes have their refusals. */
const REPEATED = /^(?:delete|release) /;

/**
 * Returns the recorded reasons why the controller could not delete objects or release fields. The decision of this
 * process lacks these reasons, because this process did not see the failed requests, and may have more rights.
 */
function recordedBlockers(instance: InstanceObservation['instance']): string[] {
  const isDeleted = instance.metadata.deletionTimestamp !== undefined;
  if (!GraphObject.is(instance)) {
    const message = recordedState(instance).ready?.message ?? '';
    if (!isDeleted || !message.startsWith(DELETION_BLOCKED)) return [];
    return message
      .slice(DELETION_BLOCKED.length)
      .split('\n')
      .filter((line) => !REPEATED.test(line));
  }
  return readConditions(instance.status?.['conditions']).flatMap(({ type, reason = '', message = '' }) =>
    type === 'ResourcesConverged' && (isDeleted ? reason === 'DeleteFailed' : NOT_REMOVED.has(reason))
      ? message.split('\n')
      : [],
  );
}

/** The condition reasons of a Graph whose controller could not remove objects or fields of an earlier spec. */
const NOT_REMOVED: ReadonlySet<string> = new Set(['PruneFailed', 'ReleaseFailed']);

/** Describes a lost definition: no controller works on the instance, and a deletion of the instance does not proceed. */
export function withoutDefinition(observation: InstanceObservation): Blocker[] {
  const { instance, gone } = observation;
  if (instance.metadata.deletionTimestamp === undefined) {
    if (gone === undefined) return [];
    const reason = `the definition ${gone} is deleted: no controller works on the instance, and its objects stay as they are`;
    return [{ reason, remedy: `apply the definition ${gone} again` }];
  }
  const blocker = blockerWithoutDefinition(observation);
  return blocker === undefined ? [] : [blocker];
}

/** Describes the finalizers of other programs on an instance that is being deleted. */
function foreignFinalizers(instance: InstanceObservation['instance']): Blocker[] {
  const { deletionTimestamp } = instance.metadata;
  if (deletionTimestamp === undefined) return [];
  return Finalizers.others(instance).map((finalizer) => ({
    reason: `the finalizer ${finalizer} of another program has delayed the deletion since ${deletionTimestamp}`,
    remedy: `find out why the program that owns ${finalizer} does not finish: its log names the cause; remove the finalizer by hand (kubectl edit) only when that program no longer exists`,
  }));
}
