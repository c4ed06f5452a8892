import type { KubeObject } from '../../core/index.ts';
import { objectName } from '../../core/index.ts';
import { apiFailure, requestApply } from '../../execute/index.ts';
import { isGraphObject } from '../../graph/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { KubeError } from '../../kube/index.ts';
import type { ApplyAction, Decision } from '../../runtime/index.ts';
import { failureText, isRefusal, refOfTarget, refusalRemedy } from '../../runtime/index.ts';
import { isImmutableRefusal } from '../plan/replacement.ts';
import type { InstanceObservation } from './observation.ts';
import type { PendingWrite } from './why-report.ts';

/**
 * The maximum number of writes of one node that are tried. The objects of a collection mostly have the same trouble.
 */
const MAX_TRIED = 10;

/**
 * Adds the refusals of the pending writes to an observation, so that a view shows these nodes as failed. A dry run
 * tries each write, as `typekro why` does for the root causes.
 */
export async function withRefusedWrites(
  api: KubernetesApi,
  observation: InstanceObservation,
  signal: AbortSignal,
): Promise<InstanceObservation> {
  const { decision } = observation;
  const account = accountOf(observation);
  const due = decision.nodes.filter(({ because, retired }) => because.kind === 'write' && retired !== true);
  const tried = await Promise.all(
    due.map(async ({ id }) => ({ id, write: await pendingWrite(api, id, decision, account, signal) })),
  );
  const refused = tried.flatMap(({ id, write }) => (write?.result === 'refused' ? [[id, write] as const] : []));
  return refused.length === 0 ? observation : { ...observation, refusedWrites: new Map(refused) };
}

/**
 * Tries the pending writes of a node by dry runs. Returns the first refused write, else the first write with an unknown
 * result, else the first accepted write. Returns `undefined` when no write is pending.
 */
export async function pendingWrite(
  api: KubernetesApi,
  node: string,
  decision: Decision,
  account: Account | undefined,
  signal: AbortSignal,
): Promise<PendingWrite | undefined> {
  const actions = decision.apply.filter(({ nodeId }) => nodeId === node);
  const tried = await Promise.all(actions.slice(0, MAX_TRIED).map((action) => dryRunAs(api, action, account, signal)));
  return (
    tried.find(({ result }) => result === 'refused') ?? tried.find(({ result }) => result !== 'accepted') ?? tried[0]
  );
}

/** The account as which a controller writes. */
interface Account {
  readonly user: string;
  /** The objects that the account writes, and the field that names the account. */
  readonly named: string;
}

/**
 * The account as which the controller writes the objects of an instance; `undefined` when it is the controller's own.
 */
export function accountOf({
  instance,
  actingAs,
}: Pick<InstanceObservation, 'instance' | 'actingAs'>): Account | undefined {
  return actingAs === undefined ? undefined : { user: actingAs, named: namedBy(instance) };
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
 * Tries a write as the account that the definition or the Graph names. When impersonation is not allowed, tries it with
 * the user's own rights.
 */
async function dryRunAs(
  api: KubernetesApi,
  action: ApplyAction,
  account: Account | undefined,
  signal: AbortSignal,
): Promise<PendingWrite> {
  if (account === undefined) return dryRun(api, action, signal);
  const { user, named } = account;
  const tried = await dryRun(api.as({ user }), action, signal);
  if (NO_IMPERSONATION.test(tried.problem)) return dryRun(api, action, signal);
  if (tried.result !== 'unknown' || tried.isRightMissing !== true) return tried;
  const remedy = `give ${user} that right: it writes ${named}`;
  return { ...tried, result: 'refused', remedy };
}

async function dryRun(api: KubernetesApi, action: ApplyAction, signal: AbortSignal): Promise<PendingWrite> {
  const { target, differences = [] } = action;
  const ref = refOfTarget(target);
  const name = objectName(ref);
  try {
    await requestApply({ api, signal, effects: 'dry-run' }, action);
    return { result: 'accepted', object: name, problem: '' };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const failure = apiFailure(error, undefined);
    // The API server's message can quote a value of the Secret, so the text has the reason in place of the message. The
    // text about a missing right quotes no value.
    const text = failureText(ref.kind === 'Secret' ? { ...failure, message: failure.reason } : failure);
    // A controller retries when a namespace is missing. For the user it counts as a refusal, because the user must
    // create the namespace.
    const isRefused = isRefusal(failure) || failure.code === 404;
    const isTried = isRefused && failure.permission === undefined && !NO_DRY_RUN.test(failure.message);
    if (!isTried) {
      const problem = `a dry run of the write of ${name} was not possible: ${text}`;
      return {
        result: 'unknown',
        object: name,
        problem,
        ...(failure.permission === undefined ? {} : { isRightMissing: true }),
      };
    }
    const remedy = refusalRemedy(error.message, ref);
    const fields = [...new Set(error.details.causes.flatMap(({ field = '' }) => (field === '' ? [] : [field])))];
    const differing = differences
      .map(({ path }) => path)
      .filter((path) => fields.some((field) => isBelow(path, field)));
    return {
      result: 'refused',
      object: name,
      problem: `the API server refuses ${name}: ${text}`,
      fields,
      ...(isImmutableRefusal(error) && differing.length > 0 ? { differing } : {}),
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
}

const isBelow = (path: string, field: string): boolean =>
  path !== field && (path.startsWith(`${field}.`) || path.startsWith(`${field}[`));
