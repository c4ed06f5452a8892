import {
  type JsonObject,
  type JsonValue,
  getOwn,
  isJsonObject,
  jsonEquals,
  stringifyJson,
  getOrInsert,
} from '@typekro/kit/core';
import type { KroCompatibility } from '../kro-compatibility.ts';
import type { WrittenNode } from '../resource-draft.ts';
import type { PathStep } from '../model.ts';
import { compareNameTexts, type NameText, nameText, type Relation } from '../names/name-text.ts';
import type { Problems } from '../problems.ts';

/** Warns of selectors of workloads and Services that match no pods. */
export function warnSelectors(drafts: readonly WrittenNode[], level: KroCompatibility, problems: Problems): void {
  const before = problems.size;
  for (const draft of drafts) warnWorkloadSelector(draft, level, problems);
  // Services are checked only if no workload has a warning: the selector of a Service may have the labels that a
  // workload with a mistake should have.
  if (problems.size === before) warnServiceSelectors(drafts, level, problems);
}

/**
 * The labels at a path, as the author wrote them; undefined when there are none, or when a single expression computes
 * all of them.
 */
function labelsAt(root: JsonObject, path: readonly string[]): JsonObject | undefined {
  let value: JsonValue | undefined = root;
  for (const key of path) {
    if (!isJsonObject(value)) return undefined;
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return isJsonObject(value) ? value : undefined;
}

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);
/** The maximum number of workloads that a message lists with their labels. */
const MAX_SHOWN_WORKLOADS = 3;
const POD_LABELS = ['spec', 'template', 'metadata', 'labels'];

function isWorkload({ resolved, nodeType }: WrittenNode): boolean {
  const own = nodeType === 'resource' || nodeType === 'collection';
  return own && resolved?.type.group === 'apps' && WORKLOADS.has(resolved.type.kind);
}

/**
 * Warns of a workload whose selector does not match the labels of its own pods, or matches them only for some values.
 * The API server refuses a workload whose selector does not match.
 */
function warnWorkloadSelector(draft: WrittenNode, level: KroCompatibility, problems: Problems): void {
  if (!isWorkload(draft)) return;
  const path = ['spec', 'selector', 'matchLabels'];
  const selector = labelsAt(draft.template, path);
  const metadata = labelsAt(draft.template, POD_LABELS.slice(0, -1));
  const labels = labelsAt(draft.template, POD_LABELS);
  if (selector === undefined || metadata === undefined || (labels === undefined && metadata['labels'] !== undefined))
    return;
  for (const [key, value] of Object.entries(selector)) {
    const label = getOwn(labels, key);
    if (label === undefined && (isComputed(key) || Object.keys(labels ?? {}).some(isComputed))) continue;
    const at = [...path, key];
    const relation = label === undefined ? 'different' : textRelation(label, value, level);
    if (relation === 'different') {
      const text = `no pod of this workload has the label ${key}=${shown(value)} that its selector asks for`;
      report(problems, draft, at, `${text}; the API server will refuse it`, 'graph/selector-mismatch');
    } else if (relation === 'open' && isPlain(label) !== isPlain(value)) {
      const text = `the selector ${key}=${shown(value)} fits the label ${key}=${shown(label)} of the pods only while the two are equal`;
      report(problems, draft, at, text);
    }
  }
}

/**
 * Compares the value of a label with its value in a selector. Undefined when either value is not a string, because the
 * type check already refuses it.
 */
function textRelation(label: JsonValue, value: JsonValue | undefined, level: KroCompatibility): Relation | undefined {
  if (typeof label !== 'string' || typeof value !== 'string') return undefined;
  const [one, other] = [label, value].map((text) => nameText(text, undefined, level));
  return one === undefined || other === undefined ? undefined : compareNameTexts(one, other);
}

/**
 * Warns of a Service whose selector matches no pod template of the graph. Checks nothing if the graph has no workload,
 * or if the labels of a workload's pods are not known.
 */
function warnServiceSelectors(drafts: readonly WrittenNode[], level: KroCompatibility, problems: Problems): void {
  const workloads = drafts.filter(isWorkload);
  if (workloads.length === 0) return;
  const pods: JsonObject[] = [];
  for (const draft of workloads) {
    const labels = labelsAt(draft.template, POD_LABELS);
    if (labels === undefined) return;
    pods.push(labels);
  }
  const matcher = new PodMatcher(pods, level);
  const shownPods = workloads
    .slice(0, MAX_SHOWN_WORKLOADS)
    .map(({ id }, index) => `the pods of ${id} have ${labelsText(pods[index] ?? {})}`)
    .join(', ');
  for (const draft of drafts) {
    const type = draft.resolved?.type;
    if (draft.nodeType !== 'resource' || type?.kind !== 'Service' || type.group !== '') continue;
    const selector = labelsAt(draft.template, ['spec', 'selector']);
    if (selector === undefined || Object.keys(selector).length === 0 || matcher.couldMatch(selector)) continue;
    const wanted = `no pod template of this graph has the labels that this selector asks for: ${labelsText(selector)}`;
    report(problems, draft, ['spec', 'selector'], `${wanted}; ${shownPods}`);
  }
}

function labelsText(labels: JsonObject): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${shown(value)}`)
    .join(',');
}

/**
 * The pods of a graph, indexed by their labels. A graph may have a thousand Services and a thousand workloads.
 * Therefore each string is parsed only once, equal sets of labels are stored once, and a label that is literally equal
 * to a label of a pod is found without a search.
 */
class PodMatcher {
  readonly #pods = new Map<string, JsonObject>();
  readonly #podsWith = new Map<string, JsonObject>();
  readonly #texts = new Map<JsonValue, NameText | undefined>();
  readonly #answers = new Map<string, boolean>();

  readonly #level: KroCompatibility;

  constructor(pods: readonly JsonObject[], level: KroCompatibility) {
    this.#level = level;
    for (const labels of pods) {
      const set = stringifyJson(labels);
      if (this.#pods.has(set)) continue;
      this.#pods.set(set, labels);
      for (const [key, value] of Object.entries(labels)) {
        const label = labelKey(key, value);
        this.#podsWith.set(label, this.#podsWith.get(label) ?? labels);
      }
    }
  }

  /**
   * Can the selector match the labels of any pods? Different strings with expressions may evaluate to the same value.
   */
  couldMatch(selector: JsonObject): boolean {
    const wanted = stringifyJson(selector);
    return getOrInsert(this.#answers, wanted, () => {
      const likely = Object.entries(selector).map(([key, value]) => this.#podsWith.get(labelKey(key, value)));
      const fits = (labels: JsonObject | undefined): boolean => labels !== undefined && this.#fits(selector, labels);
      return likely.some(fits) || Array.from(this.#pods.values()).some(fits);
    });
  }

  #fits(selector: JsonObject, labels: JsonObject): boolean {
    return Object.entries(selector).every(([key, value]) => {
      const label = Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (label === undefined && (isComputed(key) || Object.keys(labels).some(isComputed))) return true;
      if (label === undefined || value === undefined) return false;
      if (jsonEquals(label, value)) return true;
      const [one, other] = [this.#text(label), this.#text(value)];
      return one === undefined || other === undefined || compareNameTexts(one, other) !== 'different';
    });
  }

  #text(value: JsonValue): NameText | undefined {
    if (!this.#texts.has(value)) this.#texts.set(value, nameText(value, undefined, this.#level));
    return this.#texts.get(value);
  }
}

function labelKey(key: string, value: JsonValue | undefined): string {
  return stringifyJson([key, value ?? null]);
}

function report(
  problems: Problems,
  draft: WrittenNode,
  steps: readonly PathStep[],
  message: string,
  code = 'graph/selector-matches-nothing',
): void {
  problems.warn({
    code,
    message,
    place: { path: [...draft.block.path, 'template', ...steps], key: true },
    hint: 'use the same labels in both places',
  });
}

/** Is the key of a map computed, so that it may be any key? */
const isComputed = (key: string): boolean => key.includes('${');

function isPlain(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && !value.includes('${');
}

function shown(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : stringifyJson(value ?? null);
}
