import { declaresConditions } from '@typekro/controller/controller';
import { type KubeObject, isJsonObject, objectName, listed } from '@typekro/kit/core';
import { age } from '@typekro/kit/kubernetes';
import { GraphObject } from '@typekro/engine/graph';
import type { AbsentStatusField, FailedCondition, Trouble, WhyCause, WhyReport } from '@typekro/controller/inspect';
import { causeText } from '@typekro/kube';
import { NodeReport } from '@typekro/engine/runtime';
import { printable, printableLine } from '../text/output-text.ts';
import { withShortValues } from '../text/short-values.ts';
import { headLines } from './instance-head.ts';
import { type InstanceObservation, currentNodes, recordedState } from './observation.ts';
import { shownMark } from './shown-node.ts';
import { isPaused } from './suspension.ts';

/**
 * Prints the report as text: the head, then each cause with its evidence, its remedy, and a command that shows more.
 */
export function whyLines(observation: InstanceObservation, report: WhyReport, now: number, colour: boolean): string[] {
  const head = headLines(observation, now);
  const blocked = report.blocked.flatMap(({ reason, remedy }) => [
    `  blocked by  ${printableLine(reason)}`,
    `   do         ${printableLine(remedy)}`,
  ]);
  const causes = report.causes.flatMap((cause) => ['', ...causeLines(cause, colour)]);
  const refusals = report.refusals.flatMap((refusal) => ['', ...failedConditionLines(refusal, colour)]);
  const fields = (report.statusFields ?? []).flatMap((field) => ['', ...absentFieldLines(field)]);
  const { after } = report;
  const change =
    after === undefined
      ? []
      : [
          `  last change  ${printableLine(`${after.manager}: ${objectName(after.object)}`)}, ${age(after.time, now)} ago`,
        ];
  return [...head, ...change, ...blocked, ...refusals, ...causes, ...fields, ...endLines(observation, report)];
}

function absentFieldLines({ field, expression, reason, troubles = [], remedy }: AbsentStatusField): string[] {
  return [
    printableLine(`${field} has no value: ${reason}`),
    ...(reason.includes(expression) ? [] : [`   └ because  ${printableLine(expression)}`]),
    ...troubles.flatMap(troubleLines),
    `   do         ${printableLine(remedy)}`,
  ];
}

/** Prints a condition that is False, and its remedy. */
export function failedConditionLines(
  { condition, reason, message, remedy }: FailedCondition,
  colour: boolean,
): string[] {
  return [
    `${shownMark('failed', colour)} ${condition}  False: ${printableLine(message === '' ? reason : message)}`,
    `   do         ${printableLine(remedy)}`,
  ];
}

function causeLines(cause: WhyCause, colour: boolean): string[] {
  const { node, state, reason, objects, found, troubles, dryRun, unread, remedy, look, waiting } = cause;
  return [
    `${shownMark(state, colour)} ${node}  ${state}: ${printableLine(reason)}`,
    ...found.map((text) => `   └ because  ${printableLine(text)}`),
    ...(isWithoutTrouble(cause) ? [nothingMore(objects)] : []),
    ...troubles.flatMap(troubleLines),
    ...(dryRun === undefined ? [] : [`   └ because  ${printableLine(dryRun)}`]),
    ...unread.map((text) => `   not known  ${printableLine(text)}`),
    `   do         ${printableLine(remedy)}`,
    ...(look === undefined ? [] : [`   look       ${printableLine(look)}`]),
    // If the state of a node is unknown, it is also unknown whether the dependents of the node wait.
    ...(waiting.length === 0 ? [] : [`   ${state === 'unknown' ? 'dependents' : 'waiting   '} ${waiting.join(', ')}`]),
  ];
}

/** The maximum number of objects that are listed by name. */
const MAX_NAMED_OBJECTS = 5;

const isWithoutTrouble = ({ state, objects, troubles, found, unread }: WhyCause): boolean =>
  state !== 'deleting' &&
  state !== 'failed' &&
  objects.length > 0 &&
  troubles.length === 0 &&
  found.length === 0 &&
  unread.length === 0;

function nothingMore(objects: WhyCause['objects']): string {
  const names = listed(objects.map(objectName), MAX_NAMED_OBJECTS);
  return `   └ because  ${printableLine(names)} ${objects.length === 1 ? 'reports' : 'report'} no problem`;
}

function troubleLines(trouble: Trouble): string[] {
  return [
    `   └ because  ${printableLine(causeText(trouble))}`,
    ...(trouble.log ?? []).map((line) => `       log: ${printable(line)}`),
  ];
}

/** Returns the last lines: the controller's report, or the reason why the report has no cause. */
function endLines(
  observation: InstanceObservation,
  { causes, blocked, refusals, state, recorded, nodes, skipped }: WhyReport,
): string[] {
  const { graph, definition, decision, missing, node } = observation;
  const isDeleted = observation.instance.metadata.deletionTimestamp !== undefined;
  const report = recorded === undefined ? '' : printableLine(recorded);
  if (graph === undefined && !isDeleted && (definition !== undefined || GraphObject.is(observation.instance)))
    return ['', `nothing is done, and the objects stay as they are${refusals.length > 0 ? '' : `: ${missing}`}`];
  if (causes.length > 0 || blocked.length > 0)
    return recorded === undefined || isRepeated(recorded, causes) ? [] : ['', `the controller reports: ${report}`];
  if (refusals.length > 0) return [];
  if (isPaused(observation.instance)) return ['', 'no write is pending, and the instance is suspended'];
  const open = currentNodes(decision).filter((each) => !NodeReport.isDone(each));
  if (node !== undefined && open.length > 0) {
    const others = open.map(({ id }) => id).join(', ');
    return ['', `${node} waits for nothing; other nodes are not ready: ${others}`];
  }
  if (isDeleted) {
    return ['', 'no object is left, and no controller has removed the finalizer of the instance', SEE_CONTROLLER];
  }
  if (graph === undefined && !isDeleted) return ['', 'without the graph, it is not known whether the nodes are ready'];
  const every = `every node is ${nodes === 0 && skipped > 0 ? 'left out' : 'ready'}`;
  if (state === 'ACTIVE' && recorded === undefined) return ['', `the instance waits for nothing: ${every}`];
  const { ready } = recordedState(observation.instance);
  if (state === 'ACTIVE' && ready !== undefined && isAuthored(definition)) {
    const words = printableLine([ready.reason, ready.message].filter(Boolean).join(': '));
    return [
      '',
      `${every}; the definition itself sets the condition Ready to ${ready.status}: ${words}`,
      SEE_CONDITIONS,
    ];
  }
  const status = state === '' ? 'nothing' : printableLine(state);
  return ['', `${every}, and the status says ${status}${report === '' ? '' : `: ${report}`}`, SEE_CONTROLLER];
}

/** The minimum length, in characters, of a part of a reason that counts as the server's message. */
const MIN_SENTENCE_LENGTH = 30;

/**
 * Does the controller's message only repeat server messages that the causes show? Then it is not printed again. Each
 * line must contain such a server message. If the controller's message has values that are long enough to be shortened,
 * one server message in the whole text is enough.
 */
function isRepeated(recorded: string, causes: readonly WhyCause[]): boolean {
  const sentences = causes.flatMap(({ reason }) => sentencesOf(reason));
  const isIn = (line: string): boolean => sentences.some((sentence) => line.includes(sentence));
  const isLarge = withShortValues(recorded).length < recorded.length;
  return isLarge ? isIn(recorded) : recorded.split('\n').every(isIn);
}

/** Returns all suffixes of a reason that begin after a colon. One of them is the server's message. */
function sentencesOf(reason: string): string[] {
  const parts = reason.split(': ');
  return parts
    .map((_part, index) => parts.slice(index).join(': '))
    .filter((text) => text.length >= MIN_SENTENCE_LENGTH);
}

const SEE_CONTROLLER = '   do         check that the controller runs: the status does not show the present state';

/** Does the definition declare the conditions of the instance? */
const isAuthored = (definition: KubeObject | undefined): boolean =>
  isJsonObject(definition?.spec) && declaresConditions(definition.spec);

const SEE_CONDITIONS =
  '   do         check the data that spec.schema.status.conditions of the definition reads: the condition depends on it';
