import type { ObjectRef } from '../../core/index.ts';
import { objectName } from '../../core/index.ts';
import { apiFailure } from '../../execute/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { KubeError, readCauses } from '../../kube/index.ts';
import type { Cause } from '../../readiness/index.ts';
import type { ApplyAction, Decision, DeleteAction, RootCause } from '../../runtime/index.ts';
import { failureText, isRefusal, keys, refOfTarget, refusalRemedy } from '../../runtime/index.ts';
import { dataAt } from './data-at.ts';
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
  decision: Decision,
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
        root.node.retired === true ? undefined : pendingWrite(api, root.node.id, decision, signal),
        dataFound(api, root, signal),
      ]);
      const due = decision.delete.filter(({ nodeId }) => nodeId === root.node.id);
      const evidence = { found: [...found, ...due.map(deletionText)], troubles, unread };
      return { root, evidence: { ...evidence, ...(write === undefined ? {} : { write }) } };
    }),
  );
}

/** What the object of a node has in place of the data that another node reads from it. */
async function dataFound(api: KubernetesApi, { node, objects }: RootCause, signal: AbortSignal): Promise<string[]> {
  const { because } = node;
  const [only, ...others] = objects;
  if (because.kind !== 'missing-data' || only === undefined || others.length > 0) return [];
  const object = await api.find(only, { signal }).catch((error: unknown) => {
    if (error instanceof KubeError) return undefined;
    throw error;
  });
  const text = object === undefined ? undefined : dataAt(because.expression, object);
  return text === undefined ? [] : [`${objectName(only)}: ${text}`];
}

const deletionText = ({ target }: DeleteAction): string =>
  `the deletion of ${objectName(refOfTarget(target))} is due, and no controller has made it`;

/** Does the API server take the writes of a node that are due? Tries them in order up to the first refusal. */
async function pendingWrite(
  api: KubernetesApi,
  node: string,
  decision: Decision,
  signal: AbortSignal,
): Promise<Evidence['write']> {
  const actions = decision.apply.filter(({ nodeId }) => nodeId === node);
  const tried = await Promise.all(actions.slice(0, MAX_OBJECTS).map((action) => dryRun(api, action, signal)));
  return (
    tried.find((outcome) => outcome.result === 'refused') ?? tried.find(({ result }) => result !== 'taken') ?? tried[0]
  );
}

/** The refusal of a dry run by an API server whose webhooks have side effects. */
const NO_DRY_RUN = /does not support dry run/;

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
    if (!isTried) return { result: 'unknown', outcome: `a dry run of the write of ${name} was not possible: ${said}` };
    const remedy = refusalRemedy(error.message, ref);
    return {
      result: 'refused',
      outcome: `the API server refuses ${name}: ${said}`,
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
