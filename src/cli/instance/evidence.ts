import type { KubeObject, ObjectRef } from '../../core/index.ts';
import { formatApiVersion, objectName, refOf } from '../../core/index.ts';
import { apiFailure, requestApply } from '../../execute/index.ts';
import { isGraphObject } from '../../graph/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { KubeError, readCauses } from '../../kube/index.ts';
import type { Cause } from '../../readiness/index.ts';
import type { ApplyAction, Decision, DeleteAction, RootCause } from '../../runtime/index.ts';
import { failureText, isRefusal, refOfTarget, refusalRemedy } from '../../runtime/index.ts';
import { isImmutableRefusal } from '../plan/replacement.ts';
import { dataAt } from './data-at.ts';
import { emptySelectionText } from './found-text.ts';
import type { InstanceObservation } from './observation.ts';
import type { Evidence, Trouble } from './why-report.ts';

/** The maximum number of lines of a log in a report. */
const MAX_LOG_LINES = 10;

/** The reasons of ended containers. The log of such a container often has the cause. */
const ENDED: ReadonlySet<string> = new Set([
  'CrashLoopBackOff',
  'Error',
  'OOMKilled',
  'StartError',
  'ContainerCannotRun',
]);

/** The maximum number of objects of a root that are read. The objects of a collection mostly have the same trouble. */
const MAX_OBJECTS = 10;

/** Collects the evidence for each root cause: pods, conditions, events, logs, and a dry run of the pending write. */
export async function findEvidence(
  api: KubernetesApi,
  roots: readonly RootCause[],
  { instance, decision, actingAs }: Pick<InstanceObservation, 'instance' | 'decision' | 'actingAs'>,
  signal: AbortSignal,
): Promise<{ readonly root: RootCause; readonly evidence: Evidence }[]> {
  const account = actingAs === undefined ? undefined : { user: actingAs, named: namedBy(instance) };
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
        root.node.retired === true ? undefined : pendingWrite(api, root.node.id, decision, account, signal),
        dataFound(api, root, decision, signal),
      ]);
      const due = decision.delete.filter(({ nodeId }) => nodeId === root.node.id);
      const evidence = { found: [...found, ...due.map(deletionText)], troubles, unread };
      return { root, evidence: { ...evidence, ...(write === undefined ? {} : { write }) } };
    }),
  );
}

/**
 * Describes what the objects of a node have in place of the missing data, or which fields a pending write would
 * restore.
 */
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
    const place = namespace === undefined ? {} : { namespace };
    const options = { ...place, ...(selector === '' ? {} : { labelSelector: selector }), signal };
    const labels = selector === '' ? '' : ` with the labels ${selector}`;
    const where = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`;
    try {
      const { items } = await api.list({ apiVersion: formatApiVersion(type), kind: type.kind }, options);
      const ordered = items.toSorted((a, b) => (objectName(refOf(a)) < objectName(refOf(b)) ? -1 : 1));
      return [{ selection: emptySelectionText(nodeId, type.kind, labels, where), items: ordered }];
    } catch (error) {
      if (error instanceof KubeError) return [];
      throw error;
    }
  });
  return (await Promise.all(lists)).flat();
}

/** The maximum number of fields in a line. */
const MAX_FIELDS = 5;

/** Lists the fields that a write would restore, and the managers that changed them. `typekro diff` shows the values. */
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

const isBelow = (path: string, field: string): boolean =>
  path !== field && (path.startsWith(`${field}.`) || path.startsWith(`${field}[`));

const deletionText = ({ target }: DeleteAction): string =>
  `the deletion of ${objectName(refOfTarget(target))} is due, and no controller has made it`;

/**
 * Tries the pending writes of a node by dry runs. Returns the first refusal, else the first unknown outcome, else the
 * first success. Returns `undefined` when no write is pending.
 */
async function pendingWrite(
  api: KubernetesApi,
  node: string,
  decision: Decision,
  account: Account | undefined,
  signal: AbortSignal,
): Promise<Evidence['write']> {
  const actions = decision.apply.filter(({ nodeId }) => nodeId === node);
  const tried = await Promise.all(
    actions.slice(0, MAX_OBJECTS).map((action) => dryRunAs(api, action, account, signal)),
  );
  return (
    tried.find((outcome) => outcome.result === 'refused') ?? tried.find(({ result }) => result !== 'taken') ?? tried[0]
  );
}

/** The account as which a controller writes. */
interface Account {
  readonly user: string;
  /** The objects that the account writes, and the field that names the account. */
  readonly named: string;
}

const namedBy = (instance: KubeObject): string =>
  isGraphObject(instance)
    ? 'the objects of this Graph (spec.serviceAccountName, or default)'
    : 'the objects of this definition (annotation typekro.dev/service-account)';

/** The API server refuses a dry run when a webhook has side effects. */
const NO_DRY_RUN = /does not support dry run/;

/** The API server's message for a user who may not impersonate another user. */
const NO_IMPERSONATION = /cannot impersonate resource/;

/**
 * Tries a write as the account that the definition names. When impersonation is not allowed, tries it with the user's
 * own rights.
 */
async function dryRunAs(
  api: KubernetesApi,
  action: ApplyAction,
  account: Account | undefined,
  signal: AbortSignal,
): Promise<NonNullable<Evidence['write']>> {
  if (account === undefined) return dryRun(api, action, signal);
  const { user, named } = account;
  const tried = await dryRun(api.as({ user }), action, signal);
  if (NO_IMPERSONATION.test(tried.outcome)) return dryRun(api, action, signal);
  if (tried.result !== 'unknown' || tried.missing !== true) return tried;
  const remedy = `give ${user} that right: it writes ${named}`;
  return { result: 'refused', outcome: tried.outcome, remedy };
}

async function dryRun(
  api: KubernetesApi,
  action: ApplyAction,
  signal: AbortSignal,
): Promise<NonNullable<Evidence['write']>> {
  const { target, differences = [] } = action;
  const ref = refOfTarget(target);
  const name = objectName(ref);
  try {
    await requestApply({ api, signal, effects: 'dry-run' }, action);
    return { result: 'taken', outcome: name };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const failure = apiFailure(error, undefined);
    // The API server's message can quote a value of the Secret. The rule of a missing right has none.
    const said = failureText(ref.kind === 'Secret' ? { ...failure, message: failure.reason } : failure);
    // A controller retries when a namespace is missing. For the user it counts as a refusal, because the user must
    // create the namespace.
    const isRefused = isRefusal(failure) || failure.code === 404;
    const isTried = isRefused && failure.permission === undefined && !NO_DRY_RUN.test(failure.message);
    if (!isTried) {
      const missing = failure.permission === undefined ? {} : { missing: true };
      return { result: 'unknown', outcome: `a dry run of the write of ${name} was not possible: ${said}`, ...missing };
    }
    const remedy = refusalRemedy(error.message, ref);
    const fields = [...new Set(error.details.causes.flatMap(({ field = '' }) => (field === '' ? [] : [field])))];
    const differing = differences
      .map(({ path }) => path)
      .filter((path) => fields.some((field) => isBelow(path, field)));
    return {
      result: 'refused',
      outcome: `the API server refuses ${name}: ${said}`,
      fields,
      ...(isImmutableRefusal(error) && differing.length > 0 ? { differing } : {}),
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
}

/** Adds the last lines of the ended container's log to a cause, if the log can be read. */
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
