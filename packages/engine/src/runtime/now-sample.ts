import { type KubeObject, isoTime, oncePerObject } from '@typekro/kit/core';
import type { Expression, Graph } from '../graph/index.ts';
import { readConditions, transition } from './conditions.ts';
import type { Condition, StepOptions } from './model.ts';

/**
 * The condition that records the value of `now()`. A new process reuses the value, so that it does not write all
 * objects again.
 */
const NOW_CONDITION = 'now.typekro.dev/sampled';

/** Is this the condition that records the value of `now()`? */
export function isNowCondition(type: string): boolean {
  return type === NOW_CONDITION;
}

/**
 * The values of `now()` in templates and in the status, and the generation and the revision for which they were
 * sampled.
 */
export interface NowSample {
  readonly generation: number;
  readonly revision: number;
  readonly template: number;
  readonly status: number;
}

const FORM = /^revision (\d{1,12}): templates (\S+), status (\S+)$/;

/** Reads the recorded sample; undefined if there is no valid sample. */
export function readNowSample(instance: KubeObject): NowSample | undefined {
  const found = readConditions(instance.status?.['conditions']).find(({ type }) => type === NOW_CONDITION);
  const match = FORM.exec(found?.message ?? '');
  if (match === null || found?.observedGeneration === undefined) return undefined;
  const [template, status] = [Date.parse(match[2] ?? ''), Date.parse(match[3] ?? '')];
  if (Number.isNaN(template) || Number.isNaN(status)) return undefined;
  return { generation: found.observedGeneration, revision: Number(match[1]), template, status };
}

/**
 * A list with the condition that records the sample. The list is empty if the graph does not call `now()` or the caller
 * passes no revision.
 */
export function nowConditions(
  graph: Graph,
  instance: KubeObject,
  { now, templateNow = now, revision }: Pick<StepOptions, 'now' | 'templateNow' | 'revision'>,
  statusNow: number,
): Condition[] {
  if (revision === undefined || !graphReadsTime(graph)) return [];
  const before = readConditions(instance.status?.['conditions']).find(({ type }) => type === NOW_CONDITION);
  const [template, status] = [isoTime(templateNow), isoTime(statusNow)];
  const message = `revision ${revision}: templates ${template}, status ${status}`;
  const value = { status: 'True', reason: 'Sampled', message } as const;
  return [transition(NOW_CONDITION, value, before, instance.metadata.generation ?? 0, now)];
}

const graphReadsTime = oncePerObject((graph: Graph) => [...expressionsOf(graph)].some(readsTime));

/** Does an expression call `now()`? */
function readsTime({ cel }: Expression): boolean {
  return /\bnow\s*\(/.test(cel);
}

/** The pause between two evaluations of a condition that calls `now()`. */
const TIME_PAUSE_MS = 60_000;

/** When conditions that do not hold at `now` are due again: only those that call `now()` change without an event. */
export const timeRetry = (conditions: readonly Expression[], now: number): { readonly retryAt?: number } =>
  conditions.some(readsTime) ? { retryAt: now + TIME_PAUSE_MS } : {};

/**
 * All expressions of a graph except the conditions of `propagateWhen`. These conditions read the present time instead
 * of a sample.
 */
function* expressionsOf(graph: Graph): Iterable<Expression> {
  for (const { expression } of graph.status.holes) yield expression;
  yield* graph.status.conditions ?? [];
  for (const node of graph.nodes.values()) {
    yield* [...node.includeWhen, ...node.readyWhen];
    for (const { expression } of node.template.holes) yield expression;
    if ('forEach' in node) for (const { expression } of node.forEach) yield expression;
  }
}

/** The time that `now()` returned in a step. */
export const NowSample = { read: readNowSample };
