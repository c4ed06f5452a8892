import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { namespacedName, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { type KubernetesApi, readSession, systemClock, withinLimit } from '@typekro/kube';
import { connectToCluster } from '../../cluster-client.ts';
import { type Command, ExitCode, textOption } from '../../command.ts';
import { parseDuration } from '../../parse-duration.ts';
import {
  NEAR_NAMES,
  type WaitGoal,
  findInstance,
  goalText,
  isReached,
  parseGoal,
  recordedState,
  resumeCommand,
  suspendsWrites,
} from '@typekro/app/instance';
import { CONNECTION_OPTIONS, INSTANCE_POSITIONAL } from '../../instance/report-on-instance.ts';
import { printableLine } from '@typekro/app/text';

/** `typekro wait INSTANCE`: waits until an instance is ACTIVE, is deleted, or has a condition. */
export const wait: Command = {
  name: 'wait',
  description:
    'Watches an instance until it reaches the goal of --for. Conditions about an older generation of the instance do not count. While it waits, each reason why the goal is not reached is a line of the standard error. The exit code is 0 when the goal is reached, and 1 after the time limit or when an instance that should become ACTIVE is deleted. Writes nothing.',
  positionals: [INSTANCE_POSITIONAL],
  options: [
    ...CONNECTION_OPTIONS,
    {
      name: 'for',
      summary: 'active, deleted, condition=TYPE or condition=TYPE=STATUS',
      value: 'goal',
      defaultValue: 'active',
    },
    { name: 'timeout', summary: 'time limit, such as 90s or 5m; 0 checks once', value: 'time', defaultValue: '5m' },
  ],
  examples: [
    { command: 'typekro wait team-a/shop', summary: 'at most five minutes until it is ACTIVE' },
    { command: 'typekro wait team-a/shop --for deleted --timeout 1m', summary: 'until it is gone' },
    { command: 'typekro wait team-a/shop --for condition=Ready --timeout 0', summary: 'is it Ready now?' },
  ],
  async run(context, input) {
    const goal = parseGoal(textOption(input, 'for') ?? 'active');
    const timeout = textOption(input, 'timeout') ?? '5m';
    const timeoutMs = parseDuration(timeout, '--timeout');
    const [text = ''] = input.positionals;
    await using connection = await connectToCluster(context, input);
    const { client, namespace } = connection;
    const place = textOption(input, 'namespace') ?? namespace;
    const instance = await find(client, text, place, goal, context.signal);
    if (instance instanceof TypeKroError) {
      context.print(`${text} is gone: there is no such instance`);
      // If instances with similar names exist, the user may have misspelled the name. The remedy then lists these
      // instances.
      const { remedy } = instance;
      if (remedy?.startsWith(NEAR_NAMES) === true) context.printError(`hint: ${printableLine(remedy)}`);
      return ExitCode.ok;
    }
    const ref = refOf(instance);
    const printReason = (why: string): void =>
      context.printError(printableLine(`waiting until ${objectName(ref)} is ${goalText(goal)}: ${why}`));
    const failure = await waitForGoal(client, instance, goal, timeoutMs, context.signal, printReason);
    if (failure !== undefined) throw notReached(ref, goal, timeout, failure);
    context.print(`${objectName(ref)} is ${goalText(goal)}`);
    return ExitCode.ok;
  },
};

/**
 * Finds the instance. If the instance is absent and the goal is its deletion, returns the error of the search instead
 * of throwing it.
 */
async function find(
  api: KubernetesApi,
  text: string,
  namespace: string,
  goal: WaitGoal,
  signal: AbortSignal,
): Promise<KubeObject | TypeKroError> {
  try {
    return (await findInstance(readSession(api), text, namespace, signal, 'instance')).instance;
  } catch (error) {
    if (goal.kind === 'deleted' && error instanceof TypeKroError && error.code === 'cli/no-instance') return error;
    throw error;
  }
}

/** The reason why a goal is not reached. */
interface Failure {
  readonly why: string;
  /** When absent, the remedy names `typekro why`. */
  readonly remedy?: string;
  /** True when the goal cannot be reached any more. The wait then ends before its time limit. */
  readonly isFinal?: true;
}

/** The failure for a deleted instance. With `isReplaced`, a new instance already has its name. */
const deleted = (isReplaced: boolean): Failure => ({
  isFinal: true,
  why: isReplaced ? 'it was deleted, and there is a new instance of this name' : 'it was deleted',
  remedy: isReplaced
    ? 'run the command again: it waits for the new instance'
    : 'apply the instance again, then wait again',
});

/**
 * Waits for the goal. Returns `undefined` when the goal is reached, or the reason why it is not reached.
 *
 * @param printReason receives the reason why the goal is not reached yet, at the beginning of the wait and whenever the
 *   reason changes
 */
async function waitForGoal(
  api: KubernetesApi,
  instance: KubeObject,
  goal: WaitGoal,
  timeoutMs: number,
  signal: AbortSignal,
  printReason: (why: string) => void,
): Promise<Failure | undefined> {
  const { uid } = instance.metadata;
  let last = failureOf(instance);
  let lastReason: string | undefined;
  const check = (found: KubeObject | undefined): { readonly failure?: Failure } | undefined => {
    // A new instance of the same name has another UID.
    const current = found?.metadata.uid === uid ? found : undefined;
    if (isReached(goal, current)) return {};
    if (current === undefined) return { failure: deleted(found !== undefined) };
    last = failureOf(current);
    if (timeoutMs === 0) return { failure: last };
    if (last.why !== lastReason) printReason((lastReason = last.why));
    return undefined;
  };
  const ref = refOf(instance);
  const limitMs = timeoutMs === 0 ? READ_ONCE_MS : timeoutMs;
  const waited = await withinLimit({ api, signal, clock: systemClock }, limitMs, (wait) => wait(ref, check));
  if (waited.outage === undefined) return waited.value.failure;
  if (waited.outage === '') return last;
  // The watch may have recovered without an event.
  try {
    const limit = AbortSignal.timeout(READ_AGAIN_MS);
    const found = await api.find(ref, { signal: AbortSignal.any([signal, limit]) });
    return (check(found) ?? { failure: last }).failure;
  } catch (error) {
    if (signal.aborted) throw error;
    const why = `the time limit has passed${waited.outage}; last known: ${last.why}`;
    return { why, remedy: 'check that the API server runs, then wait again' };
  }
}

/** The time limit for the read after an outage, in milliseconds. */
const READ_AGAIN_MS = 3000;

/** The time limit for the single read of `--timeout 0`, in milliseconds. */
const READ_ONCE_MS = 30_000;

function failureOf(instance: KubeObject): Failure {
  const why = stateText(instance);
  if (!suspendsWrites(instance)) return { why };
  return { why: `${why}; it is suspended`, remedy: `${resumeCommand(refOf(instance))} ends the suspension` };
}

function stateText(instance: KubeObject): string {
  const { state, ready } = recordedState(instance);
  const { deletionTimestamp } = instance.metadata;
  if (state === '') return 'no controller has written its status yet';
  const deletion = deletionTimestamp === undefined ? '' : `, being deleted since ${deletionTimestamp}`;
  const { generation = 0 } = instance.metadata;
  if ((ready?.observedGeneration ?? generation) < generation) {
    return `it was ${state}, and no controller has processed its last change${deletion}`;
  }
  if (ready === undefined || ready.status === 'True') return `it is ${state}${deletion}`;
  const isHeld = state === 'ACTIVE' ? `, but Ready is ${ready.status}` : '';
  return `it is ${state}${isHeld}${deletion}${ready.message ? `: ${printableLine(ready.message)}` : ''}`;
}

function notReached(ref: ObjectRef, goal: WaitGoal, timeout: string, { why, remedy, isFinal }: Failure): TypeKroError {
  const after = isFinal === true ? '' : ` after ${timeout}`;
  return new TypeKroError(`${objectName(ref)} is not ${goalText(goal)}${after}: ${why}`, {
    code: 'instance/not-reached',
    remedy: remedy ?? `typekro why ${ref.kind.toLowerCase()}/${namespacedName(ref)} shows what it waits for`,
  });
}
