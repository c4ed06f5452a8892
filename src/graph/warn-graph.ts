import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject, jsonEquals, stringifyJson } from '../core/index.ts';
import type { Definition } from './definition.ts';
import type { Draft } from './draft.ts';
import type { PathStep } from './model.ts';
import { nameText, compareNameTexts } from './name-text.ts';
import type { Problems } from './problems.ts';

/** Warns of things that are right one by one and wrong together. */
export function warnGraph(definition: Definition, drafts: readonly Draft[], problems: Problems): void {
  warnUnusedTypes(definition, problems);
  warnOverwrittenStatus(definition, problems);
  warnSameIdentity(drafts, problems);
  const before = problems.size;
  for (const draft of drafts) warnWorkloadSelector(draft, problems);
  // A Service that selects what a workload should have is no second mistake.
  if (problems.size === before) warnServiceSelectors(drafts, problems);
}

/** Custom types that neither `spec` nor a used type mentions. */
function warnUnusedTypes({ schema }: Definition, problems: Problems): void {
  if (!isJsonObject(schema.types)) return;
  const { types } = schema;
  const used = new Set<string>();
  const pending: JsonValue[] = [schema.spec ?? null];
  for (let block = pending.pop(); block !== undefined; block = pending.pop()) {
    if (isJsonObject(block)) pending.push(...Object.values(block).filter((entry) => entry !== undefined));
    if (typeof block !== 'string') continue;
    const [text = ''] = block.split('|');
    const name = text
      .trim()
      .replace(/^(?:\[\]\s*|map\[string\]\s*)+/, '')
      .trim();
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined || used.has(name)) continue;
    used.add(name);
    pending.push(type);
  }
  for (const name of Object.keys(types)) {
    if (used.has(name)) continue;
    problems.warn({
      code: 'graph/unused-type',
      message: `the type ${name} is not used`,
      place: { path: ['spec', 'schema', 'types', name], key: true },
      hint: 'use it in spec, or remove it',
    });
  }
}

/** `status.state` is the controller's: what the author writes there is lost. Conditions are merged, not overwritten. */
function warnOverwrittenStatus({ schema }: Definition, problems: Problems): void {
  if (!isJsonObject(schema.status) || !Object.hasOwn(schema.status, 'state')) return;
  problems.warn({
    code: 'graph/overwritten-status',
    message: 'the controller writes status.state itself (ACTIVE, IN_PROGRESS, ERROR, DELETING), and this value is lost',
    place: { path: ['spec', 'schema', 'status', 'state'], key: true },
    hint: 'give the field another name, such as phase',
  });
}

/** Two unconditional single resources whose texts name the same object. */
function warnSameIdentity(drafts: readonly Draft[], problems: Problems): void {
  const seen = new Map<string, Draft>();
  for (const draft of drafts) {
    if (draft.nodeType !== 'resource' || draft.resolved === undefined || draft.block.includeWhen.length > 0) continue;
    const metadata = draft.template['metadata'];
    if (!isJsonObject(metadata) || typeof metadata['name'] !== 'string') continue;
    const { group, kind } = draft.resolved.type;
    const { name, namespace = null } = metadata;
    const identity = `${group}/${kind}/${namespace === null ? '' : stringifyJson(namespace)}/${name}`;
    const other = seen.get(identity);
    if (other === undefined) seen.set(identity, draft);
    else {
      problems.warn({
        code: 'graph/duplicate-identity',
        message: `"${draft.id}" and "${other.id}" are the same ${kind}; they would overwrite each other`,
        place: { path: [...draft.block.path, 'template', 'metadata', 'name'] },
        hint: 'give them different names, or make them one resource',
      });
    }
  }
}

/** Labels, with what the author wrote for each; undefined when an expression makes them as a whole. */
function labelsAt(root: JsonObject, path: readonly string[]): JsonObject | undefined {
  let value: JsonValue | undefined = root;
  for (const key of path) {
    if (!isJsonObject(value)) return undefined;
    value = Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return isJsonObject(value) ? value : undefined;
}

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);
const POD_LABELS = ['spec', 'template', 'metadata', 'labels'];

function isWorkload({ resolved, nodeType }: Draft): boolean {
  const own = nodeType === 'resource' || nodeType === 'collection';
  return own && resolved?.type.group === 'apps' && WORKLOADS.has(resolved.type.kind);
}

/** The selector of a workload must match the labels of its own pods; the API server refuses it otherwise. */
function warnWorkloadSelector(draft: Draft, problems: Problems): void {
  if (!isWorkload(draft)) return;
  const path = ['spec', 'selector', 'matchLabels'];
  const selector = labelsAt(draft.template, path);
  const metadata = labelsAt(draft.template, POD_LABELS.slice(0, -1));
  const labels = labelsAt(draft.template, POD_LABELS);
  if (selector === undefined || metadata === undefined || (labels === undefined && metadata['labels'] !== undefined))
    return;
  for (const [key, value] of Object.entries(selector)) {
    const label = labels?.[key];
    const at = [...path, key];
    if (label === undefined || (isPlain(label) && isPlain(value) && label !== value)) {
      const text = `no pod of this workload has the label ${key}=${shown(value)} that its selector asks for`;
      report(problems, draft, at, `${text}; the API server will refuse it`, 'graph/selector-mismatch');
    } else if (isPlain(label) !== isPlain(value)) {
      const text = `the selector ${key}=${shown(value)} fits the label ${key}=${shown(label)} of the pods only while the two are equal`;
      report(problems, draft, at, text);
    }
  }
}

/** A Service whose selector fits no pod template, in a graph that has pod templates. */
function warnServiceSelectors(drafts: readonly Draft[], problems: Problems): void {
  const workloads = drafts.filter(isWorkload);
  if (workloads.length === 0) return;
  const pods = workloads.map((draft) => labelsAt(draft.template, POD_LABELS));
  if (pods.includes(undefined)) return;
  for (const draft of drafts) {
    const type = draft.resolved?.type;
    if (draft.nodeType !== 'resource' || type?.kind !== 'Service' || type.group !== '') continue;
    const selector = labelsAt(draft.template, ['spec', 'selector']);
    if (selector === undefined || Object.keys(selector).length === 0) continue;
    if (pods.some((labels) => labels !== undefined && couldMatch(selector, labels))) continue;
    report(
      problems,
      draft,
      ['spec', 'selector'],
      `no pod template of this graph has the labels that this selector asks for: ${labelsText(selector)}; ${workloads
        .map(({ id }, index) => `the pods of ${id} have ${labelsText(pods[index] ?? {})}`)
        .slice(0, 3)
        .join(', ')}`,
    );
  }
}

function labelsText(labels: JsonObject): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${shown(value)}`)
    .join(',');
}

/** Could these labels satisfy the selector? Different texts with expressions may be equal in the end. */
function couldMatch(selector: JsonObject, labels: JsonObject): boolean {
  return Object.entries(selector).every(([key, value]) => {
    const label = Object.hasOwn(labels, key) ? labels[key] : undefined;
    if (label === undefined) return false;
    if (jsonEquals(label, value)) return true;
    const [one, other] = [nameText(label), nameText(value)];
    return one === undefined || other === undefined || compareNameTexts(one, other) !== 'different';
  });
}

function report(
  problems: Problems,
  draft: Draft,
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

function isPlain(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && !value.includes('${');
}

function shown(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : stringifyJson(value ?? null);
}
