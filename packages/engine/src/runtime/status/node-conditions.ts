import { type KubeObject, textPrefix } from '@typekro/kit/core';
import { readConditions, transition } from '../conditions.ts';
import { explainNode } from '../reports/explain.ts';
import { annotationOf } from '../objects/identity.ts';
import type { Condition, StepOptions } from '../model.ts';
import { type NodeReport, type NodeState, isDone } from '../report.ts';

/** Annotation that puts the reports of nodes into the status of an instance: `"true"`. */
const EXPLAIN = 'typekro.dev/explain';
const NODE_PREFIX = 'node.typekro.dev/';
const RETIRED_PREFIX = 'retired.typekro.dev/';

/** The maximum number of nodes in a status. This limit and the limit of the message length keep the status small. */
const MAX_NODES = 64;
const MAX_TEXT_LENGTH = 300;

const STUCK: ReadonlySet<NodeState> = new Set(['failed', 'blocked']);

/**
 * One condition per node, if the options or the instance's annotation request them. The status is True if the node is
 * finished, False if it is failed or blocked, and Unknown while it is in progress. The reports are conditions because
 * every instance's CRD has `status.conditions`. If there are more than `MAX_NODES` nodes, finished nodes are dropped
 * first.
 */
export function nodeConditions(
  instance: KubeObject,
  reports: readonly NodeReport[],
  { now, explain }: Pick<StepOptions, 'now' | 'explain'>,
): Condition[] {
  if (explain !== true && annotationOf(instance, EXPLAIN) !== 'true') return [];
  const before = new Map(readConditions(instance.status?.['conditions']).map((entry) => [entry.type, entry]));
  const generation = instance.metadata.generation ?? 0;
  const shown = selected(reports);
  const conditions = new Map<string, Condition>();
  for (const report of reports) {
    if (!shown.has(report)) continue;
    const type = (report.retired === true ? RETIRED_PREFIX : NODE_PREFIX) + (report.id === '' ? 'unknown' : report.id);
    const { state } = report;
    const status = isDone(report) ? 'True' : STUCK.has(state) ? 'False' : 'Unknown';
    const reason = state.charAt(0).toUpperCase() + state.slice(1);
    const value = { status, reason, message: textOf(report) } as const;
    conditions.set(type, transition(type, value, before.get(type), generation, now));
  }
  return [...conditions.values()];
}

/** Is this a condition that explains a node? */
export function isNodeCondition(type: string): boolean {
  return type.startsWith(NODE_PREFIX) || type.startsWith(RETIRED_PREFIX);
}

function selected(reports: readonly NodeReport[]): ReadonlySet<NodeReport> {
  if (reports.length <= MAX_NODES) return new Set(reports);
  const open = reports.filter((report) => !isDone(report));
  const done = reports.filter(isDone);
  return new Set([...open, ...done].slice(0, MAX_NODES));
}

/** The message of a report. It omits the time of the next retry, because each new time would cause a write. */
function textOf(report: NodeReport): string {
  const { because } = report;
  const steady: NodeReport =
    because.kind === 'write-failed'
      ? { ...report, because: { ...because, retryAt: Number.POSITIVE_INFINITY } }
      : report;
  const { reason } = explainNode(steady);
  if (reason.length <= MAX_TEXT_LENGTH) return reason;
  // The truncation must not split a surrogate pair: the server would store another character for the remaining half.
  return `${textPrefix(reason, MAX_TEXT_LENGTH - 1)}…`;
}
