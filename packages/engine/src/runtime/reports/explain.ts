import { type ObjectRef, formatRef, isoTime, objectName, stringifyJson, listed } from '@typekro/kit/core';
import { failureText, isRefusal } from './failure.ts';
import { readWithDefault, remedyOf, SEE_CONTROLLER } from './remedies.ts';
import type { Because, NodeReport, NodeState, Terminating, Contested } from '../report.ts';

/** Explains in words why a node is in its state. `why`, `plan`, events and the dashboard print explanations. */
export interface Explanation {
  readonly node: string;
  readonly state: NodeState;
  /** One sentence without the node's name, e.g. `waits until "db.status.ready" is true; it is false`. */
  readonly reason: string;
  /** Ids of the nodes that this node waits for. */
  readonly waitsFor: readonly string[];
  /** The action for the user; absent if waiting is usually enough. `remedyOf` returns a remedy in this case, too. */
  readonly remedy?: string;
}

/** The sentence for a write that the API server refuses, with the server's message. */
export const refusedText = (object: string, message: string): string => `the API server refuses ${object}: ${message}`;

/** The explanation of one node. */
export function explainNode(report: NodeReport): Explanation {
  const { id, state, because } = report;
  const waitsFor = waitsForOf(because);
  const remedy = remedyOf(because);
  const isDue = remedy?.when === 'now';
  return { node: id, state, reason: reasonOf(because), waitsFor, ...(isDue ? { remedy: remedy.text } : {}) };
}

function waitsForOf(because: Because): readonly string[] {
  switch (because.kind) {
    case 'dependency':
    case 'held':
      return because.nodes.map(({ id }) => id);
    case 'missing-data':
      return because.nodes;
    case 'retired':
      return because.heldBy ?? [];
    case 'duplicate-target':
      return [because.node];
    default:
      return [];
  }
}

type Of<Kind extends Because['kind']> = Extract<Because, { kind: Kind }>;

/** The sentence for each kind of reason. */
const REASONS: { readonly [Kind in Because['kind']]: (because: Of<Kind>) => string } = {
  ready: () => 'is as wanted and ready',
  unjudged: () => 'cannot be judged without its graph: it is not known whether it is as wanted and ready',
  'no-items': ({ dimension }) => `has no items: ${dimension} is empty`,
  suspended: () => 'would be written, but the instance is suspended',
  excluded: ({ expression, value }) => `is left out: ${expression} is ${stringifyJson(value)}`,
  'dependency-skipped': ({ node }) => `is left out because ${node} is`,
  dependency: ({ nodes }) => `waits for ${dependencyText(nodes)}`,
  'missing-data': ({ expression, path }) =>
    `waits for data: ${expression} has no value${path === undefined ? '' : `, "${path}" does not exist`}`,
  unread: ({ object, selector }) =>
    `is not read yet: ${object === undefined ? `selector "${selector ?? ''}"` : formatRef(object)}`,
  'read-failed': ({ object, failure }) =>
    `cannot be read${object === undefined ? '' : `: ${formatRef(object)}`}: ${failureText(failure)}`,
  write: writeReason,
  'items-missing': ({ present, wanted }) => `has ${present} of ${wanted} objects`,
  'not-ready': notReadyReason,
  'not-ready-by-kind': ({ object, message, reason }) =>
    `waits for ${formatRef(object)}: ${message === '' ? reason : message}`,
  'external-missing': ({ object }) => `waits for ${formatRef(object)}, which another client must create`,
  contested: ({ objects }) => `is contested: ${objects.map(contestText).join(', ')}`,
  held: heldReason,
  'being-deleted': ({ objects }) => `waits until ${objects.map(terminatingText).join(', ')}`,
  'expression-failed': (because) => failedAt(because) + readOfExpression(because),
  'write-failed': ({ object, failure, retryAt, foreign }) => {
    const text = failureText(failure, foreign);
    const next = Number.isFinite(retryAt) ? `; next try at ${isoTime(retryAt)}` : '';
    return isRefusal(failure)
      ? refusedText(objectName(object), text) + next
      : `could not be written: ${formatRef(object)}: ${text}${next}`;
  },
  'other-owner': ({ object, owner, instance }) => ownerReason(object, owner, instance),
  'graph-owner': ({ object, managers }) =>
    `may not write ${formatRef(object)}, which another Graph writes: ${managers.join(', ')}`,
  'field-conflict': ({ object, managers, failure }) =>
    `may not write fields of ${formatRef(object)} that ${managers.join(', ')} owns: ${failureText(failure)}`,
  'target-missing': ({ object }) => `waits for ${formatRef(object)}, into which it writes`,
  'unknown-type': ({ type }) => `waits for the type ${type}, which the API server does not serve`,
  'duplicate-target': ({ object, node }) => `renders ${formatRef(object)}, and so does ${node}`,
  'identity-collision': ({ object, items }) =>
    `has two items with one identity: items ${items.join(' and ')} render ${formatRef(object)}`,
  'collection-too-large': ({ size, limit }) => `has ${size} items, more than the ${limit} allowed`,
  'outside-namespace': ({ object, allowed }) =>
    `needs ${formatRef(object)}, but may use only objects in namespace ${allowed}`,
  'invalid-object': failedAt,
  retired: retiredReason,
};

function reasonOf(because: Because): string {
  return (REASONS[because.kind] as (because: Because) => string)(because);
}

/** `db (waiting), cache (failed)`: nodes with their states. */
export function dependencyText(nodes: readonly { readonly id: string; readonly state: string }[]): string {
  return nodes.map(({ id, state }) => `${id} (${state})`).join(', ');
}

function failedAt({ path, message }: { path?: string; message: string }): string {
  return `failed${path === undefined ? '' : ` at ${path}`}: ${message}`;
}

/**
 * Names the objects that a failed expression reads: `; it reads data.count of ConfigMap v1 ns/settings`. Empty if the
 * expression reads no object.
 */
export function readOfExpression({ reads = [] }: Pick<Of<'expression-failed'>, 'reads'>): string {
  const byObject = new Map<string, Set<string>>();
  for (const { object, path } of reads) {
    const name = formatRef(object);
    byObject.set(name, (byObject.get(name) ?? new Set()).add(path));
  }
  if (byObject.size === 0) return '';
  const texts = [...byObject].map(([name, paths]) => (paths.has('') ? name : `${[...paths].join(', ')} of ${name}`));
  return `; it reads ${texts.join(' and ')}`;
}

function writeReason({ action, count }: Of<'write'>): string {
  const objects = count === 1 ? 'object' : `${count} objects`;
  const words = {
    create: `creates its ${objects}`,
    adopt: `takes over ${count === 1 ? 'an object that exists' : `${count} objects, some of which exist`}`,
    change: `changes its ${objects}`,
    drift: `reverts changes that another client made to its ${objects}`,
  };
  return words[action];
}

function heldReason({ expression, value, missing, nodes, awaited, creates, changes }: Of<'held'>): string {
  const objects = (count: number) => (count === 1 ? 'its object' : `${count} objects`);
  const waiting = [
    ...(creates === 0 ? [] : [`the creation of ${objects(creates)}`]),
    ...(changes === 0 ? [] : [`a change of ${objects(changes)}`]),
  ].join(' and ');
  const observed = missing === undefined ? `it is ${stringifyJson(value ?? null)}` : `"${missing}" does not exist yet`;
  const read = nodes.length === 0 ? '' : `; it reads ${dependencyText(nodes)}`;
  const item = awaited === undefined ? '' : `; ${formatRef(awaited.object)} is ${awaited.is}`;
  return `holds back ${waiting} until propagateWhen ${expression} is true; ${observed}${read}${item}`;
}

function notReadyReason({ object, expression, value, missing }: Of<'not-ready'>): string {
  const of = object === undefined ? '' : ` of ${formatRef(object)}`;
  const observed = missing === undefined ? `it is ${stringifyJson(value ?? null)}` : `"${missing}" does not exist yet`;
  return `waits until ${expression} is true${of}; ${observed}`;
}

function ownerReason(object: ObjectRef, owner: string | undefined, instance: string | undefined): string {
  return owner === undefined
    ? `may not adopt ${formatRef(object)}, which exists and has no owner`
    : `may not take ${formatRef(object)}, which belongs to ${instance === undefined ? '' : `${instance}, `}ApplySet ${owner}`;
}

function retiredReason({ objects, heldBy, isWhole, kept = [] }: Of<'retired'>): string {
  const what = isWhole === true ? 'its objects' : 'objects that are no longer wanted';
  const names = new Set(kept.map(formatRef));
  const gone = objects.filter((object) => !names.has(formatRef(object)));
  const parts = [
    ...(gone.length === 0 ? [] : [`deletes ${what}: ${listText(gone)}`]),
    ...(kept.length === 0 ? [] : [`leaves ${what} in the cluster (deletionPolicy: Orphaned): ${listText(kept)}`]),
  ].join(', and ');
  return heldBy === undefined ? parts : `waits for ${heldBy.join(', ')} before it ${parts}`;
}

const listText = (objects: readonly ObjectRef[]): string => listed(objects.map(formatRef), 5, ', ', ', ');

function terminatingText({ object, finalizers, since }: Terminating): string {
  const held = finalizers.length === 0 ? '' : `, held by ${finalizers.join(', ')}`;
  return `${formatRef(object)} is gone (deleted at ${since}${held})`;
}

const ANY_CLIENT = 'another client';

/** The maximum number of managers in the message about a contest. */
const MAX_NAMED_MANAGERS = 3;

/**
 * The message about a contest. The message contains no times or counts, so that it stays the same while the contest
 * lasts.
 */
export function contestText({ object, fields, managers, isOwn }: Contested): string {
  if (isOwn === true) {
    return `${formatRef(object)} gets a different value with each write: an expression of the node may read a value that the node itself changes; the controller now pauses before each write`;
  }
  const named = managers.slice(0, MAX_NAMED_MANAGERS).join(', ');
  const by = managers.length === 0 ? ANY_CLIENT : managers.length > MAX_NAMED_MANAGERS ? `${named} and others` : named;
  return `${formatRef(object)}: ${fields.join(', ')} repeatedly changed by ${by}; the controller now pauses before each revert`;
}

/** The contest about an object in a message with its `contestText`; `undefined` if the message has none. */
export function contestIn(
  message: string,
  object: ObjectRef,
): Pick<Contested, 'fields' | 'managers' | 'isOwn'> | undefined {
  const none = { fields: [], managers: [] };
  if (message.includes(`: ${contestText({ object, ...none, retryAt: 0, isOwn: true })}`))
    return { ...none, isOwn: true };
  const [, text = ''] = message.split(`: ${formatRef(object)}: `);
  const found = /^([^\n]*?) repeatedly changed by ([^\n]*?)(?: and others)?; the controller now pauses/.exec(text);
  if (found === null) return undefined;
  const [, fields = '', managers = ''] = found;
  return { fields: fields.split(', '), managers: managers === ANY_CLIENT ? [] : managers.split(', ') };
}

/** The sentences for the reasons of a step. */
export const Explanation = {
  contestIn,
  dependency: dependencyText,
  of: explainNode,
  refused: refusedText,
  readOf: readOfExpression,
  readWithDefault,
  remedy: remedyOf,
  SEE_CONTROLLER,
};
