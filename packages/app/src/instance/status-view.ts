import { tableLines } from '../text/text-layout.ts';
import { type JsonObject, isJsonObject, objectName, stringifyJson } from '@typekro/kit/core';
import { age } from '@typekro/kit/kubernetes';
import { GraphObject } from '@typekro/engine/graph';
import { withCommand, type Advice, type ReportHead, type TreeNode, type WhyReport } from '@typekro/controller/inspect';
import { type Condition, FieldManager, NodeReport, readConditions, Tracking } from '@typekro/engine/runtime';
import { printable, printableLine } from '../text/output-text.ts';
import { contributedFields } from './contributed-fields.ts';
import { headLines, reportHead } from './instance-head.ts';
import { type InstanceObservation, currentNodes } from './observation.ts';
import { shownMark, shownNodes } from './shown-node.ts';

/** `isWritten` is false for fields that the Graph records and that the object does not have. */
interface RecordedTracking extends Pick<GraphTracking, 'managedResources'> {
  readonly contributions: readonly (GraphTracking['contributions'][number] & { readonly isWritten?: false })[];
}

type GraphTracking = ReturnType<typeof Tracking.read>;

/**
 * The report of `typekro status`, as `-o json` prints it. A later release with the same `schemaVersion` only adds
 * fields.
 */
export interface StatusView extends ReportHead, Pick<WhyReport, 'ready' | 'nodes' | 'skipped' | 'unknown'> {
  readonly revision: number;
  readonly conditions: readonly Condition[];
  /** The fields of the status that the definition sets. */
  readonly fields: JsonObject;
  /** The objects and fields that a Graph records in its status. Absent for an instance. */
  readonly tracking?: RecordedTracking;
  /** Nodes that are not ready, or whose state is unknown. */
  readonly open: readonly (Pick<TreeNode, 'state' | 'reason' | keyof Advice> & { readonly node: string })[];
}

/** Returns the recorded status of an instance, and the nodes that are not ready at this moment. */
export function statusView(observation: InstanceObservation): StatusView {
  const { instance, decision, revision, refusedWrites, remedies } = observation;
  const status = isJsonObject(instance.status) ? instance.status : {};
  const isGraph = GraphObject.is(instance);
  const { state: _state, conditions, ...own } = status;
  const { managedResources: _resources, contributions: _contributions, ...ofGraph } = own;
  const nodes = currentNodes(decision);
  const shown = shownNodes(decision.nodes, refusedWrites, remedies);
  const open = decision.nodes.filter((node) => !NodeReport.isDone(node));
  const { deleted: _deleted, ...counts } = shown.count(nodes);
  return {
    ...reportHead(observation),
    revision,
    ...counts,
    conditions: readConditions(conditions),
    fields: isGraph ? ofGraph : own,
    ...(isGraph ? { tracking: trackingOf(observation) } : {}),
    open: open.map((node) => {
      const { waitsFor: _waitsFor, ...each } = shown.of(node);
      return withCommand({ node: node.id, ...each });
    }),
  };
}

function trackingOf({ instance, unwritten }: InstanceObservation): RecordedTracking {
  const { managedResources, contributions } = Tracking.read(instance);
  const withState = (each: GraphTracking['contributions'][number]) =>
    unwritten?.has(Tracking.contributionKey(each)) === true ? { ...each, isWritten: false as const } : each;
  return { managedResources, contributions: contributions.map(withState) };
}

/**
 * Returns the lines of the report: the head, then one line for each condition, field, recorded object, written object
 * of a patch node, and node whose state is unknown or not ready.
 */
export function statusLines(
  observation: InstanceObservation,
  view: StatusView,
  now: number,
  colour: boolean,
): string[] {
  const width = Math.max(0, ...view.conditions.map(({ type }) => type.length));
  const conditions = view.conditions.map(({ type, status, reason = '', message = '', lastTransitionTime }) => {
    const since = lastTransitionTime === undefined ? '' : age(lastTransitionTime, now);
    const text = message === '' ? reason : message;
    return `${printable(type).padEnd(width)}  ${status.padEnd(7)}  ${since.padStart(6)}  ${printableLine(text)}`.trimEnd();
  });
  const fields = Object.entries(view.fields).map(([name, value]) => [name, printable(stringifyJson(value ?? null))]);
  return [
    ...headLines(observation, now),
    ...titled('conditions', conditions),
    ...titled('fields', tableLines(fields)),
    ...titled('objects', resourceLines(view.tracking)),
    ...titled('fields in other objects', contributionLines(observation, view.tracking)),
    ...titled(
      view.unknown === undefined ? 'not ready' : 'not ready or unknown',
      view.open.flatMap(({ node, state, reason, remedy }) => [
        `${shownMark(state, colour)} ${node}  ${state}: ${printableLine(reason)}`,
        ...(remedy === undefined ? [] : [`   do  ${printableLine(remedy)}`]),
      ]),
    ),
  ];
}

/** Returns one line per recorded object, with its node. */
function resourceLines({ managedResources = [] }: Partial<RecordedTracking> = {}): string[] {
  const rows = managedResources.map(({ nodeID, uid, ...object }) => [
    nodeID,
    `${printableLine(objectName(object))}${uid === undefined ? '  not written yet' : ''}`,
  ]);
  return tableLines(rows);
}

/**
 * Returns one line per object that a patch node writes into: the node, the object, the written fields and the field
 * manager.
 */
function contributionLines(
  { instance, graph }: InstanceObservation,
  { contributions = [] }: Partial<RecordedTracking> = {},
): string[] {
  const uid = instance.metadata.uid ?? '';
  return contributions.map(({ fieldManager, subresource, isWritten, ...object }) => {
    const node = [...(graph?.nodes.values() ?? [])].find(({ id }) => FieldManager.ofPatch(uid, id) === fieldManager);
    const target = `${objectName(object)}${subresource === undefined ? '' : `/${subresource}`}`;
    const fields = contributedFields(node).join(', ');
    return printableLine(
      `${node?.id ?? 'a former node'}  ${target}  ${fields === '' ? '' : `${fields}  `}${isWritten === false ? 'not written' : `by ${fieldManager}`}`,
    );
  });
}

const titled = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];
