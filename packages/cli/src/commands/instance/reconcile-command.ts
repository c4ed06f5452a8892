import { isDefinition } from '@typekro/engine/graph';
import { isJsonObject, MAX_CONFLICT_RETRIES, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import type { KubeObject } from '@typekro/kit/core';
import { RECONCILE_REQUEST, reconcileRequest } from '@typekro/controller/controller';
import type { KubernetesApi } from '@typekro/kube';
import { isConflict, isNotFound, KubeError, readSession, systemClock, waitForObject } from '@typekro/kube';
import { type Condition, keys, readConditions } from '@typekro/engine/runtime';
import { connectToCluster } from '../../cluster-client.ts';
import { usesColour } from '../../plan/printed/paint.ts';
import { controllerSettings } from '@typekro/app/controllers';
import { levelOption } from '../../command-options.ts';
import {
  type Command,
  type CommandContext,
  type CommandInput,
  ExitCode,
  textOption,
  usageError,
} from '../../command.ts';
import { parseDuration, timeLimit } from '../../parse-duration.ts';
import {
  type Report,
  argumentOf,
  findDefinition,
  findInstance,
  observe,
  statusLines,
  statusView,
  suspendsWrites,
  withFindings,
} from '@typekro/app/instance';
import { annotate, CHANGE_OPTIONS, resultText } from '../../instance/change-report.ts';
import { newReconcileRequest, NO_SUSPENSION, refuseGraph } from '../../instance/instance-actions.ts';
import { DECIDING_OPTIONS } from '../../instance/report-on-instance.ts';
import { reportPrinter } from '../../instance/print-report.ts';
import { printableLine } from '@typekro/app/text';

/** `typekro reconcile INSTANCE|DEFINITION`: requests a pass of the controller, and prints its outcome. */
export const reconcile: Command = {
  name: 'reconcile',
  description:
    'Requests a pass of the controller over an instance or a definition, and prints the outcome when the pass has ended. The controller reads the objects of the instance again and retries failed actions without a pause. For a definition, it reads the schemas of its kinds again and reconciles its instances. The request is the annotation typekro.dev/reconcile-requested, which the controller removes at the end of the pass. An interrupted command removes the request. Stock kro ignores the annotation: with --by-suspension, the instance is suspended, and resumed as soon as kro reports the suspension, which makes kro reconcile it.',
  positionals: [
    {
      name: 'instance',
      summary: 'an instance as NAME, NAMESPACE/NAME or KIND/NAMESPACE/NAME, or the name of a definition',
      required: true,
    },
  ],
  options: [
    { name: 'definition', summary: 'the name is that of a definition, even when an instance has the same name' },
    { name: 'by-suspension', summary: 'for stock kro: send no request, but suspend and resume the instance' },
    {
      name: 'timeout',
      summary: 'time limit for the end of the pass; 0 does not wait',
      value: 'time',
      defaultValue: '1m',
    },
    ...CHANGE_OPTIONS,
    ...DECIDING_OPTIONS,
  ],
  examples: [
    {
      command: 'typekro reconcile team-a/shop',
      summary: 'after a right was granted, without waiting for the next retry',
    },
    { command: 'typekro reconcile webapps --definition', summary: 'after the schema of one of its kinds changed' },
    { command: 'typekro reconcile team-a/shop --by-suspension', summary: "with kro's controller" },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    await using connection = await connectToCluster(context, input);
    const { client, namespace: own } = connection;
    const namespace = textOption(input, 'namespace') ?? own;
    const object = await subjectOf(readSession(client), context, input, namespace);
    const { report, failed } = await request({ api: client, context, input, object, namespace });
    print(report);
    return failed ? ExitCode.failed : ExitCode.ok;
  },
};

/** Finds the instance that the argument names. If there is no such instance, finds the definition of this name. */
async function subjectOf(
  api: KubernetesApi,
  { signal }: CommandContext,
  { positionals: [text = ''], options }: CommandInput,
  namespace: string,
): Promise<KubeObject> {
  if (options['definition'] === true) return findDefinition(api, text, signal);
  try {
    return (await findInstance(api, text, namespace, signal, 'instance')).instance;
  } catch (error) {
    if (!(error instanceof TypeKroError) || error.code !== 'cli/no-instance' || text.includes('/')) throw error;
    try {
      return await findDefinition(api, text, signal);
    } catch (other) {
      throw other instanceof TypeKroError && other.code === 'cli/no-definition' ? error : other;
    }
  }
}

interface RequestTask {
  readonly api: KubernetesApi;
  readonly context: CommandContext;
  readonly input: CommandInput;
  readonly object: KubeObject;
  readonly namespace: string;
}

interface RequestAnswer {
  readonly report: Report;
  /** True when the pass ended in an error. For a definition, also true when its state is not Active. */
  readonly failed: boolean;
}

async function request(task: RequestTask): Promise<RequestAnswer> {
  const { api, context, input, object } = task;
  const { signal } = context;
  const timeout = textOption(input, 'timeout') ?? '1m';
  const timeoutMs = parseDuration(timeout, '--timeout');
  const dryRun = input.options['dry-run'] === true;
  const isInstance = input.options['definition'] !== true && !isDefinition(object);
  if (isInstance) refuseSuspended(object);
  const limit = timeLimit(Math.max(timeoutMs, 1));
  const until = AbortSignal.any([signal, limit]);
  const bySuspension = input.options['by-suspension'] === true;
  if (bySuspension) refuseGraph(object, NO_SUSPENSION);
  if (bySuspension && (!isInstance || timeoutMs === 0)) {
    throw usageError(
      '--by-suspension needs an instance and a --timeout above 0',
      'leave --by-suspension out, or name an instance and a --timeout',
    );
  }
  const token = newReconcileRequest();
  const [key, value] = bySuspension ? [keys.RECONCILE_ANNOTATION, 'suspended'] : [RECONCILE_REQUEST, token];
  const fresh = dryRun || !bySuspension ? object : await api.get(refOf(object), { signal });
  // If another client has just suspended the instance, the command stops: otherwise it would later end the suspension
  // of that client.
  if (bySuspension) refuseSuspended(fresh);
  const waits = !dryRun && timeoutMs > 0;
  try {
    await annotate(api, fresh, key, value, { dryRun, signal });
  } catch (error) {
    // The server may have stored the write even though its response did not arrive.
    const isAnswered = error instanceof KubeError && error.status >= 400;
    if (waits && !isAnswered) await withdraw(task, key, value);
    throw error;
  }
  if (!waits) return { report: requested(object, dryRun), failed: false };
  try {
    if (bySuspension) await passBySuspension(api, object, until, signal);
    else await waitForAnswer(api, object, token, until);
  } catch (error) {
    await withdraw(task, key, value);
    if (signal.aborted || !limit.aborted) throw error;
    throw new TypeKroError(`no controller completed a pass over ${objectName(refOf(object))} in ${timeout}`, {
      code: 'reconcile/not-answered',
      remedy: bySuspension
        ? 'the suspension was removed; check whether a controller runs: kubectl get pods -A -l app.kubernetes.io/name=kro'
        : 'the request was withdrawn; check whether the controller runs; stock kro and older versions of TypeKro need --by-suspension',
      cause: error,
    });
  }
  return isInstance ? outcomeOfInstance(task) : outcomeOfDefinition(task);
}

function refuseSuspended(instance: KubeObject): void {
  if (!suspendsWrites(instance)) return;
  throw new TypeKroError(`${objectName(refOf(instance))} is suspended: a pass writes none of its objects`, {
    code: 'reconcile/suspended',
    remedy: `typekro resume ${argumentOf(instance)}`,
  });
}

function requested(object: KubeObject, dryRun: boolean): Report {
  const ref = refOf(object);
  return {
    data: { schemaVersion: 1, object: ref, result: 'requested', dryRun },
    lines: () => [
      printableLine(
        `${objectName(ref)} ${resultText('requested', dryRun)}: the controller ${dryRun ? 'would make' : 'makes'} a pass`,
      ),
    ],
  };
}

/** Waits until the controller has removed the request, a later request has replaced it, or the object is deleted. */
async function waitForAnswer(api: KubernetesApi, object: KubeObject, token: string, until: AbortSignal): Promise<void> {
  const { uid } = object.metadata;
  await waitForObject(api, refOf(object), until, (found) => {
    if (found?.metadata.uid !== uid) return true;
    return found === undefined || reconcileRequest(found) !== token ? true : undefined;
  });
}

/**
 * Waits until the controller reports that the instance is suspended. Then resumes the instance, and waits until the
 * controller no longer reports the suspension. The wait also ends when the instance is deleted.
 */
async function passBySuspension(
  api: KubernetesApi,
  object: KubeObject,
  until: AbortSignal,
  signal: AbortSignal,
): Promise<void> {
  const { uid } = object.metadata;
  const waitUntil = (reached: (instance: KubeObject) => boolean) =>
    waitForObject(api, refOf(object), until, (found) =>
      found?.metadata.uid !== uid || found === undefined || reached(found) ? true : undefined,
    );
  await waitUntil(reportsSuspension);
  await removeAnnotation(api, object, keys.RECONCILE_ANNOTATION, 'suspended', signal);
  await waitUntil((instance) => !reportsSuspension(instance));
}

function reportsSuspension({ status }: KubeObject): boolean {
  const conditions = readConditions(isJsonObject(status) ? status['conditions'] : undefined);
  return conditions.some(({ reason }) => reason === 'ReconciliationSuspended');
}

/**
 * Removes the annotation from an object, even if other clients write the object at the same time. An annotation with
 * another value belongs to another client and is not removed. Nothing happens if the object does not exist.
 */
async function removeAnnotation(
  api: KubernetesApi,
  object: KubeObject,
  key: string,
  value: string,
  signal: AbortSignal,
): Promise<void> {
  for (let stale = 0; ; stale += 1) {
    try {
      const live = await api.find(refOf(object), { signal });
      if (live?.metadata.annotations?.[key] !== value) return;
      await annotate(api, live, key, undefined, { dryRun: false, signal });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error) || stale >= MAX_CONFLICT_RETRIES) throw error;
    }
  }
}

/**
 * Removes a request that no controller answered. The removal has its own time limit, because it also runs after an
 * interrupt. A failed removal is only a warning, and the command ends with the original error.
 */
async function withdraw({ api, context, object }: RequestTask, key: string, value: string): Promise<void> {
  try {
    await removeAnnotation(api, object, key, value, AbortSignal.timeout(WITHDRAW_TIMEOUT_MS));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.printError(
      `warning: the annotation ${key} of ${objectName(refOf(object))} could not be removed: ${printableLine(why)}`,
    );
  }
}

/** The time limit for the removal of a request, in milliseconds. */
const WITHDRAW_TIMEOUT_MS = 10_000;

async function outcomeOfInstance({ api, context, input, object, namespace }: RequestTask): Promise<RequestAnswer> {
  const session = readSession(api);
  const settings = controllerSettings(session, context.signal, levelOption(input));
  const options = { subject: 'instance', settings } as const;
  const observed = await observe(session, argumentOf(object), namespace, context.signal, options);
  const observation = await withFindings(session, observed, context.signal);
  const view = statusView(observation);
  return {
    failed: view.state === 'ERROR',
    report: {
      data: { ...view, result: 'reconciled' },
      lines: () => statusLines(observation, view, systemClock.now(), usesColour(context)),
    },
  };
}

async function outcomeOfDefinition({ api, context, object }: RequestTask): Promise<RequestAnswer> {
  const live = await api.get(refOf(object), { signal: context.signal });
  const status = isJsonObject(live.status) ? live.status : {};
  const state = typeof status['state'] === 'string' ? status['state'] : '';
  const conditions = readConditions(status['conditions']);
  const ref = refOf(live);
  return {
    failed: state !== 'Active',
    report: {
      data: { schemaVersion: 1, object: ref, result: 'reconciled', state, conditions },
      lines: () => [`${objectName(ref)}   ${state}`, 'conditions', ...conditionLines(conditions)],
    },
  };
}

function conditionLines(conditions: readonly Condition[]): string[] {
  const width = Math.max(0, ...conditions.map(({ type }) => type.length));
  return conditions.map(({ type, status, reason = '', message = '' }) => {
    const text = message === '' ? reason : message;
    return `  ${type.padEnd(width)}  ${status.padEnd(9)}  ${printableLine(text)}`;
  });
}
