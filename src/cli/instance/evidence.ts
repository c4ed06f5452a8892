import type { KubeObject, ObjectRef } from '../../core/index.ts';
import { formatApiVersion, objectName, refOf } from '../../core/index.ts';
import { apiFailure } from '../../execute/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { KubeError, readCauses } from '../../kube/index.ts';
import type { Cause } from '../../readiness/index.ts';
import type { ApplyAction, Decision, DeleteAction, RootCause } from '../../runtime/index.ts';
import { failureText, isRefusal, keys, refOfTarget, refusalRemedy } from '../../runtime/index.ts';
import { dataAt } from './data-at.ts';
import type { InstanceObservation } from './observation.ts';
import type { Evidence, Trouble } from './why-report.ts';

/** Lines of a log that a report shows. */
const MAX_LOG_LINES = 10;

/** Reasons of containers that ended, whose log tells more. */
const ENDED: ReadonlySet<string> = new Set([
  'CrashLoopBackOff',
  'Error',
  'OOMKilled',
  'StartError',
  'ContainerCannotRun',
]);

/** Objects of a root that are looked at; the others of a collection have the same trouble more often than not. */
const MAX_OBJECTS = 10;

/** Finds out what keeps each root where it is: pods, conditions, events, logs, and a dry run of the write that is due. */
export async function findEvidence(
  api: KubernetesApi,
  roots: readonly RootCause[],
  { decision, actingAs }: Pick<InstanceObservation, 'decision' | 'actingAs'>,
  signal: AbortSignal,
): Promise<{ readonly root: RootCause; readonly evidence: Evidence }[]> {
  const looked = roots.map(({ objects }) => objects.slice(0, MAX_OBJECTS));
  const all = looked.flat();
  const read = all.length === 0 ? [] : await readCauses(api, all, signal);
  const causes = new Map(read.map((each) => [each.object, each]));
  return Promise.all(
    roots.map(async (root, index) => {
      const objects = looked[index] ?? [];
      const own = objects.flatMap((object) => causes.get(object) ?? []);
      const unread = [...new Set(own.flatMap((each) => each.unread))];
      if (objects.length < root.objects.length)
        unread.push(`${root.objects.length - objects.length} more objects were not looked at`);
      const [troubles, write, found] = await Promise.all([
        Promise.all(own.flatMap((each) => each.causes).map((cause) => withLog(api, cause, signal))),
        root.node.retired === true ? undefined : pendingWrite(api, root.node.id, decision, actingAs, signal),
        dataFound(api, root, decision, signal),
      ]);
      const due = decision.delete.filter(({ nodeId }) => nodeId === root.node.id);
      const evidence = { found: [...found, ...due.map(deletionText)], troubles, unread };
      return { root, evidence: { ...evidence, ...(write === undefined ? {} : { write }) } };
    }),
  );
}

/** What the object of a node has in place of the data that another node reads from it. */
async function dataFound(
  api: KubernetesApi,
  { node, objects }: RootCause,
  decision: Decision,
  signal: AbortSignal,
): Promise<string[]> {
  const { because } = node;
  if (because.kind === 'write') return changedFields(node.id, decision);
  if (because.kind !== 'missing-data') return [];
  const external = await externalItems(api, because.nodes, decision, signal);
  const empty = external.filter(({ items }) => items.length === 0).map(({ selection }) => selection);
  if (empty.length > 0) return empty;
  const own = await Promise.all(objects.slice(0, MAX_OBJECTS).map((ref) => found(api, ref, signal)));
  const all = [...own, ...external.flatMap(({ items }) => items)].filter((object) => object !== undefined);
  const { expression, index } = itemOf(because.expression);
  const looked = index === undefined ? all : all.slice(index, index + 1);
  for (const object of looked) {
    const text = dataAt(expression, object);
    if (text !== undefined) return [`${objectName(refOf(object))}: ${text}`];
  }
  return [];
}

async function found(api: KubernetesApi, ref: ObjectRef, signal: AbortSignal): Promise<KubeObject | undefined> {
  try {
    return await api.find(ref, { signal });
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}

/** `parts[1].data.x` as an expression that looks into one item, `parts.data.x`, and the index of the item. */
function itemOf(expression: string): { readonly expression: string; readonly index?: number } {
  const [, id = '', index = '', path = ''] = /^([A-Za-z_]\w*)\[(\d+)\](.*)$/s.exec(expression.trim()) ?? [];
  return id === '' ? { expression } : { expression: `${id}${path}`, index: Number(index) };
}

/** The objects of external collections among the nodes, in their order; those that may not be read are left out. */
async function externalItems(
  api: KubernetesApi,
  nodes: readonly string[],
  { watch }: Decision,
  signal: AbortSignal,
): Promise<{ readonly selection: string; readonly items: readonly KubeObject[] }[]> {
  const lists = watch.map(async ({ kind, nodeId, target }) => {
    if (kind !== 'list' || !nodes.includes(nodeId) || !('selector' in target)) return [];
    const { type, namespace, selector } = target;
    const place = namespace === undefined ? {} : { namespace };
    const options = { ...place, ...(selector === '' ? {} : { labelSelector: selector }), signal };
    const labels = selector === '' ? '' : ` with the labels ${selector}`;
    const where = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`;
    try {
      const { items } = await api.list({ apiVersion: formatApiVersion(type), kind: type.kind }, options);
      const ordered = items.toSorted((a, b) => (objectName(refOf(a)) < objectName(refOf(b)) ? -1 : 1));
      return [{ selection: `${nodeId}: there is no ${type.kind}${labels} ${where}`, items: ordered }];
    } catch (error) {
      if (error instanceof KubeError) return [];
      throw error;
    }
  });
  return (await Promise.all(lists)).flat();
}

/** Fields that a line names. */
const MAX_FIELDS = 5;

/** Which fields a write would put back, and who changed them; values are those of `typekro diff`. */
function changedFields(node: string, { apply }: Decision): string[] {
  return apply
    .filter(({ nodeId, why }) => nodeId === node && why === 'drift')
    .flatMap(({ target, differences = [], lastWriter }) => {
      if (differences.length === 0) return [];
      const paths = differences.slice(0, MAX_FIELDS).map(({ path }) => path);
      const more = differences.length > MAX_FIELDS ? ` and ${differences.length - MAX_FIELDS} more fields` : '';
      const managers = [...new Set(differences.flatMap((each) => each.managers))];
      const by = managers.length > 0 ? managers.join(', ') : (lastWriter ?? 'another client');
      return [`${objectName(refOfTarget(target))}: ${paths.join(', ')}${more} changed by ${by}`];
    });
}

const deletionText = ({ target }: DeleteAction): string =>
  `the deletion of ${objectName(refOfTarget(target))} is due, and no controller has made it`;

/** Does the API server take the writes of a node that are due? Tries them in order up to the first refusal. */
async function pendingWrite(
  api: KubernetesApi,
  node: string,
  decision: Decision,
  actingAs: string | undefined,
  signal: AbortSignal,
): Promise<Evidence['write']> {
  const actions = decision.apply.filter(({ nodeId }) => nodeId === node);
  const tried = await Promise.all(
    actions.slice(0, MAX_OBJECTS).map((action) => dryRunAs(api, action, actingAs, signal)),
  );
  return (
    tried.find((outcome) => outcome.result === 'refused') ?? tried.find(({ result }) => result !== 'taken') ?? tried[0]
  );
}

/** The refusal of a dry run by an API server whose webhooks have side effects. */
const NO_DRY_RUN = /does not support dry run/;

/** The refusal of a request in the name of another user. */
const NO_IMPERSONATION = /cannot impersonate resource/;

/** Tries a write in the name that the definition names; with the user's own rights where that is not allowed. */
async function dryRunAs(
  api: KubernetesApi,
  action: ApplyAction,
  user: string | undefined,
  signal: AbortSignal,
): Promise<NonNullable<Evidence['write']>> {
  if (user === undefined) return dryRun(api, action, signal);
  const tried = await dryRun(api.as({ user }), action, signal);
  if (NO_IMPERSONATION.test(tried.outcome)) return dryRun(api, action, signal);
  if (tried.result !== 'unknown' || tried.missing !== true) return tried;
  const remedy = `give ${user} that right: it writes the objects of this definition (annotation typekro.dev/service-account)`;
  return { result: 'refused', outcome: tried.outcome, remedy };
}

async function dryRun(
  api: KubernetesApi,
  { desired, target }: ApplyAction,
  signal: AbortSignal,
): Promise<NonNullable<Evidence['write']>> {
  const ref = refOfTarget(target);
  const name = objectName(ref);
  try {
    await api.apply(desired, { fieldManager: keys.CHILD_MANAGER, force: true, dryRun: true, signal });
    return { result: 'taken', outcome: name };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const failure = apiFailure(error, undefined);
    // The message of the API server may quote a value.
    const said = ref.kind === 'Secret' ? failure.reason : failureText(failure);
    // A namespace that is missing passes by itself for a controller; a reader has to act.
    const isRefused = isRefusal(failure) || failure.code === 404;
    const isTried = isRefused && failure.permission === undefined && !NO_DRY_RUN.test(failure.message);
    if (!isTried) {
      const missing = failure.permission === undefined ? {} : { missing: true };
      return { result: 'unknown', outcome: `a dry run of the write of ${name} was not possible: ${said}`, ...missing };
    }
    const remedy = refusalRemedy(error.message, ref);
    const fields = [...new Set(error.details.causes.flatMap(({ field = '' }) => (field === '' ? [] : [field])))];
    return {
      result: 'refused',
      outcome: `the API server refuses ${name}: ${said}`,
      fields,
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
}

/** With the last lines that the container wrote before it ended, where they can be read. */
async function withLog(api: KubernetesApi, cause: Cause, signal: AbortSignal): Promise<Trouble> {
  const { object, container, reason } = cause;
  if (container === undefined || object.namespace === undefined || !ENDED.has(reason)) return cause;
  const log =
    (await logOf(api, object, container, true, signal)) ?? (await logOf(api, object, container, false, signal));
  return log === undefined || log.length === 0 ? cause : { ...cause, log };
}

async function logOf(
  api: KubernetesApi,
  { namespace = '', name }: ObjectRef,
  container: string,
  previous: boolean,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const query = new URLSearchParams({ container, tailLines: String(MAX_LOG_LINES), previous: String(previous) });
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?${query.toString()}`;
  try {
    const { text } = await api.raw({ path, signal });
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-MAX_LOG_LINES);
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}
