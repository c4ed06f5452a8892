import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { count, definedMembers, typeMetaOf, gvkOf, objectName, refOf } from '@typekro/kit/core';
import { DEFINITION_TYPE } from '@typekro/controller/controller';
import type { Trouble, WhyReport } from '@typekro/controller/inspect';
import { type KubernetesApi, type Cause, type ReadCauses, readCauses, unlessFailed } from '@typekro/kube';
import { podLogPath } from '@typekro/kit/kubernetes';
import { type Decision, type Decisions, type RootCause, ObjectTarget, keys } from '@typekro/engine/runtime';
import { dataAt } from './data-at.ts';
import { pastOf } from './field-managers.ts';
import { fieldList, emptySelectionText } from './why-texts.ts';
import { type WritesOf, pendingWrite, withRefusedWrites } from './pending-writes.ts';
import { type Evidence, fieldsWithoutData, whyReport } from './why-report.ts';
import { isWorkOfController, refusalKey, shownCauses, shownNodes } from './shown-node.ts';
import { type InstanceObservation, currentNodes, observeFound } from './observation.ts';
import { findInstanceAt } from './find-instance.ts';
import { argumentOf } from './instance-name.ts';
import { shellWord } from '../text/escapes.ts';

/** The maximum number of log lines in a report. */
const MAX_LOG_LINES = 10;

/** The status reasons of containers that ended. The log of such a container often contains the cause. */
const ENDED = /^(?:CrashLoopBackOff|Error|OOMKilled|StartError|ContainerCannotRun)$/;

/**
 * The maximum number of objects that are read per root cause. The objects of a collection usually have the same
 * problem.
 */
const MAX_OBJECTS = 10;

/** The maximum number of instances inside each other that a report follows. */
const MAX_NESTED = 5;

/**
 * Collects the evidence for each root cause: pods, conditions, events, logs, a dry run of the pending write, and the
 * cause of a nested instance.
 *
 * @param depth the number of instances that contain this one
 */
export async function findEvidence(
  api: KubernetesApi,
  roots: readonly RootCause[],
  observation: WritesOf,
  signal: AbortSignal,
  depth = 0,
): Promise<{ readonly root: RootCause; readonly evidence: Evidence; readonly live: readonly KubeObject[] }[]> {
  const { decision } = observation;
  const readRefs = roots.map(({ objects }) => objects.slice(0, MAX_OBJECTS));
  const causes = await causesByObject(api, readRefs.flat(), signal);
  return Promise.all(
    roots.map(async (root, index) => {
      const objects = readRefs[index] ?? [];
      const own = objects.flatMap((object) => causes.get(object) ?? []);
      const live = own.flatMap((each) => each.live ?? []);
      const unread = [...new Set(own.flatMap((each) => each.unread))];
      const omitted = root.objects.length - objects.length;
      if (omitted > 0) unread.push(`${count(omitted, 'more object')} ${omitted === 1 ? 'was' : 'were'} not read`);
      const [troubles, write, found, nested] = await Promise.all([
        Promise.all(own.flatMap((each) => each.causes).map((cause) => withLog(api, cause, signal))),
        pendingWrite(api, root.node, observation, signal),
        dataFound(api, root, live, decision, signal),
        isWorkOfController(root.node) ? undefined : nestedCause(api, live, observation, signal, depth + 1),
      ]);
      const isOfRoot = ({ nodeId }: Decisions.DeleteAction): boolean => nodeId === root.node.id;
      const due = decision.delete.filter(isOfRoot).map((action) => dueText('deletion', action));
      const orphaned = (decision.orphan ?? [])
        .filter(isOfRoot)
        .map((action) => dueText('release (deletionPolicy Orphaned)', action));
      // An accepted deletion has its sentence in `due`, and a refused one has the message of the server.
      const isDeletion = root.node.because.kind === 'retired';
      const pending = isDeletion && write?.result === 'accepted' ? undefined : write;
      const isRefused = isDeletion && write?.result === 'refused';
      const evidence = { found: [...found, ...orphaned, ...(isRefused ? [] : due)], troubles, unread };
      return { root, live, evidence: { ...evidence, ...definedMembers({ write: pending }), ...nested } };
    }),
  );
}

/** Reads the causes of all objects together, because objects of a namespace share their neighbours. */
async function causesByObject(
  api: KubernetesApi,
  refs: readonly ObjectRef[],
  signal: AbortSignal,
): Promise<ReadonlyMap<ObjectRef, ReadCauses>> {
  const read = refs.length === 0 ? [] : await readCauses(api, refs, signal);
  return new Map(read.map((each) => [each.object, each]));
}

/** Follows the first of the live objects that is an instance with a cause of its own, down to the deepest cause. */
async function nestedCause(
  api: KubernetesApi,
  live: readonly KubeObject[],
  { settings }: WritesOf,
  signal: AbortSignal,
  depth: number,
): Promise<Pick<Evidence, 'nested'>> {
  if (settings === undefined || depth > MAX_NESTED) return {};
  for (const object of live) {
    const isOwn = object.metadata.labels?.[keys.APPLYSET_ID_LABEL] !== undefined;
    if (!isOwn && gvkOf(object).group !== DEFINITION_TYPE.group) continue;
    const instance = await unlessFailed(findInstanceAt(api, refOf(object), signal));
    if (instance === undefined) continue;
    const observation = await observeFound(api, instance, settings, signal);
    const { blocked, refusals, causes, statusFields = [] } = await whyOf(observation, api, signal, depth);
    const [cause] = causes;
    const facts = [
      ...blocked.map(({ reason, remedy }) => ({ text: reason, remedy })),
      ...refusals.map(({ condition, message, remedy }) => ({ text: `${condition} is False: ${message}`, remedy })),
      ...causes.slice(0, 1).map(({ node, state, reason, remedy }) => ({ text: `${node} ${state}: ${reason}`, remedy })),
      ...statusFields.map(({ field, reason, remedy }) => ({ text: `${field} has no value: ${reason}`, remedy })),
    ];
    const [first] = facts;
    if (first === undefined) continue;
    const { found = [], troubles = [], dryRun, look = `typekro why ${shellWord(argumentOf(object))}` } = cause ?? {};
    const texts = facts.map(({ text }) => `${objectName(refOf(object))}: ${text}`);
    const all = [...texts, ...found, ...(dryRun === undefined ? [] : [dryRun])];
    return { nested: { found: all, troubles, remedy: first.remedy, look } };
  }
  return {};
}

/**
 * For a node that lacks data, describes what its objects have in place of these data. For a node with a pending write,
 * lists the fields that the write would restore.
 */
async function dataFound(
  api: KubernetesApi,
  { node }: RootCause,
  live: readonly KubeObject[],
  decision: Decision,
  signal: AbortSignal,
): Promise<string[]> {
  const { because } = node;
  if (because.kind === 'write') return changedFields(node.id, decision);
  if (because.kind !== 'missing-data') return [];
  const external = await externalItems(api, because.nodes, decision, signal);
  const empty = external.filter(({ items }) => items.length === 0).map(({ selection }) => selection);
  if (empty.length > 0) return empty;
  const all = [...live, ...external.flatMap(({ items }) => items)];
  const { expression, index } = itemOf(because.expression);
  const candidates = index === undefined ? all : all.slice(index, index + 1);
  for (const object of candidates) {
    const text = dataAt(expression, object);
    if (text !== undefined) return [`${objectName(refOf(object))}: ${text}`];
  }
  return [];
}

/** Splits `parts[1].data.x` into the expression for one item, `parts.data.x`, and the index of the item. */
function itemOf(expression: string): { readonly expression: string; readonly index?: number } {
  const [, id = '', index = '', path = ''] = /^([A-Za-z_]\w*)\[(\d+)\](.*)$/s.exec(expression.trim()) ?? [];
  return id === '' ? { expression } : { expression: `${id}${path}`, index: Number(index) };
}

/**
 * Lists the objects of the external collections among the nodes, sorted by name. Collections that cannot be read are
 * left out.
 */
async function externalItems(
  api: KubernetesApi,
  nodes: readonly string[],
  { watch }: Decision,
  signal: AbortSignal,
): Promise<{ readonly selection: string; readonly items: readonly KubeObject[] }[]> {
  const lists = watch.map(async ({ kind, nodeId, target }) => {
    if (kind !== 'list' || !nodes.includes(nodeId) || !('selector' in target)) return [];
    const { type, namespace, selector } = target;
    const scope = namespace === undefined ? {} : { namespace };
    const options = { ...scope, ...(selector === '' ? {} : { labelSelector: selector }), signal };
    const labels = selector === '' ? '' : ` with the labels ${selector}`;
    const where = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`;
    const found = await unlessFailed(api.list(typeMetaOf(type), options));
    if (found === undefined) return [];
    const ordered = found.items.toSorted((a, b) => (objectName(refOf(a)) < objectName(refOf(b)) ? -1 : 1));
    return [{ selection: emptySelectionText(nodeId, type.kind, labels, where), items: ordered }];
  });
  return (await Promise.all(lists)).flat();
}

/** Lists the fields that a write would restore, and the managers that changed them. `typekro diff` shows the values. */
function changedFields(node: string, { apply }: Decision): string[] {
  return apply
    .filter(({ nodeId, why }) => nodeId === node && why === 'drift')
    .flatMap(({ target, differences = [], lastWriter }) => {
      if (differences.length === 0) return [];
      const fields = fieldList(differences.map(({ path }) => path));
      const managers = [...new Set(differences.flatMap((each) => each.managers))];
      const by = managers.length > 0 ? managers.join(', ') : (lastWriter ?? 'another client');
      return [`${objectName(ObjectTarget.refOf(target))}: ${fields} changed by ${by}`];
    });
}

const dueText = (what: string, { target }: Decisions.DeleteAction): string =>
  `the ${what} of ${objectName(ObjectTarget.refOf(target))} is pending, and no controller has carried it out`;

/** Adds the last lines of the ended container's log to a cause, if the log can be read. */
async function withLog(api: KubernetesApi, cause: Cause, signal: AbortSignal): Promise<Trouble> {
  const { object, container, reason } = cause;
  if (container === undefined || object.namespace === undefined || !ENDED.test(reason)) return cause;
  const tail = { tailLines: String(MAX_LOG_LINES) };
  const log =
    (await lastLogLines(api, object, { container, ...tail, previous: 'true' }, signal)) ??
    (await lastLogLines(api, object, { container, ...tail }, signal));
  return log === undefined || log.length === 0 ? cause : { ...cause, log };
}

/** With this text and the status 200, a kubelet responds when it has removed the container and its log. */
const WITHOUT_LOG = /^unable to retrieve container logs for \S+:\/\/\w+$/;

/**
 * The last lines of a container's log that are not empty; `undefined` when the log cannot be read.
 *
 * @param query the parameters of the request, such as `container` and `tailLines`
 */
export async function lastLogLines(
  api: Pick<KubernetesApi, 'raw'>,
  { namespace = '', name }: ObjectRef,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const path = podLogPath({ namespace, name }, new URLSearchParams(query));
  const lines = (await unlessFailed(api.raw({ path, signal })))?.text.split('\n').filter((line) => line.trim() !== '');
  return lines?.length === 1 && WITHOUT_LOG.test(lines[0] ?? '') ? undefined : lines?.slice(-MAX_LOG_LINES);
}

/**
 * Follows the reasons of an observed instance, or of the node that the user named, to their root causes.
 *
 * @param depth the number of instances that contain this one
 */
export async function whyOf(
  observation: InstanceObservation,
  api: KubernetesApi,
  signal: AbortSignal,
  depth = 0,
): Promise<WhyReport> {
  const { instance, definition, decision, node } = observation;
  const found = await findEvidence(api, shownCauses(decision.nodes, node), observation, signal, depth);
  const live = found.flatMap((each) => each.live).slice(0, MAX_OBJECTS);
  const past = pastOf(instance, [instance, ...(definition === undefined ? [] : [definition]), ...live]);
  const troubles = await statusTroubles(api, decision, signal);
  const report = whyReport(observation, found, (id) => troubles.get(id) ?? []);
  return { ...report, ...definedMembers({ after: past?.after }) };
}

/** The problems of the objects whose data the fields of the status lack, by node. */
async function statusTroubles(
  api: KubernetesApi,
  decision: Decision,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Trouble[]>> {
  const ids = new Set(fieldsWithoutData(decision).flatMap(({ nodes }) => nodes));
  const nodes = currentNodes(decision).filter(({ id }) => ids.has(id));
  const refsOf = ({ objects }: (typeof nodes)[number]): ObjectRef[] =>
    objects.flatMap(({ object, state }) => (state === 'present' ? [object] : [])).slice(0, MAX_OBJECTS);
  const refs = new Map(nodes.map((node) => [node.id, refsOf(node)]));
  const read = await causesByObject(api, [...refs.values()].flat(), signal);
  const troubles = [...refs].map(async ([id, own]) => {
    const causes = own.flatMap((ref) => read.get(ref)?.causes ?? []);
    return [id, await Promise.all(causes.map((cause) => withLog(api, cause, signal)))] as const;
  });
  return new Map(await Promise.all(troubles));
}

/**
 * Adds the refused writes, and the remedies for the troubles of the objects that nodes wait for, so that all views give
 * the advice of `why`.
 */
export const withFindings: typeof withRefusedWrites = async (api, observation, signal) => {
  const seen = await withRefusedWrites(api, observation, signal);
  const roots = shownCauses(seen.decision.nodes).filter(({ node }) => !isWorkOfController(node));
  if (roots.length === 0) return seen;
  const found = await findEvidence(api, roots, seen, signal);
  const { causes } = whyReport(seen, found);
  const shown = shownNodes(seen.decision.nodes, seen.refusedWrites);
  // A node that usually only needs time has no remedy in the views, unless its objects have troubles.
  const advised = new Set(
    found.flatMap(({ root: { node }, evidence: { nested } }) =>
      nested === undefined && shown.of(node).remedy === undefined ? [] : refusalKey(node),
    ),
  );
  const remedies = causes.flatMap(({ node: id, retired, troubles, remedy }) => {
    const key = refusalKey({ id, ...definedMembers({ retired }) });
    return troubles.length > 0 || advised.has(key) ? [[key, remedy] as const] : [];
  });
  return { ...seen, remedies: new Map(remedies) };
};
