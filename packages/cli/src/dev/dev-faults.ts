import { type KubeObject, count, objectName, refOf } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import { type InspectEvent, parseInstanceRef } from '@typekro/controller/inspect';
import { type Clock, isTimeout, pause, waitForObject, whileWanted, withDeadline } from '@typekro/kube';
import { ApplySet, keys, Tracking } from '@typekro/engine/runtime';
import { printableLine } from '@typekro/app/text';
import type { Session } from '../up/up-session.ts';

/** The parts of a session that faults need. */
export type FaultSession = Pick<Session, 'api' | 'controller' | 'endWatches' | 'faults' | 'idle' | 'killController'>;

/** The inputs of a fault. */
export interface FaultTask {
  readonly session: FaultSession;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The time limit for the graph to settle after the fault, in milliseconds. */
  readonly timeoutMs: number;
  readonly print: (text: string) => void;
}

interface FaultChoice {
  readonly key: string;
  readonly label: string;
  /** Injects the fault. Resolves with the description of the fault when the fault is over. */
  readonly run: (task: FaultTask) => Promise<string>;
}

/** The time for which the API server responds with 429 Too Many Requests, in milliseconds. */
const BUSY_MS = 5000;

const CHOICES: readonly FaultChoice[] = [
  {
    key: 'k',
    label: 'kill the controller, and start it again',
    async run({ session }) {
      await session.killController();
      return 'the controller was killed and started again';
    },
  },
  {
    key: 'w',
    label: 'end all watches, and break the next one',
    async run({ session, clock, signal, timeoutMs }) {
      const rule = session.faults.add({ verb: 'watch' }, { kind: 'watch-drop', how: 'break' }, 1);
      try {
        await session.endWatches();
        await withDeadline(timeoutMs, [signal], clock, (limit) => until(() => rule.hits > 0, clock, limit));
      } finally {
        rule.remove();
      }
      return 'all watches ended, and the next one broke';
    },
  },
  {
    key: 'b',
    label: `answer every request with 429 for ${BUSY_MS / 1000} s`,
    async run({ session, clock, signal }) {
      const busy = { kind: 'error', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 } as const;
      const rule = session.faults.add({}, busy, Infinity);
      try {
        await pause(clock, BUSY_MS, signal);
      } finally {
        rule.remove();
      }
      return `${count(rule.hits, 'request')} got 429 Too Many Requests in ${BUSY_MS / 1000} s`;
    },
  },
  {
    key: 'd',
    label: 'delete an object of an instance',
    async run({ session, clock, signal, timeoutMs }) {
      const owned = await ownedObject(session, signal);
      if (owned === undefined) return 'there is no object of an instance to delete';
      const child = refOf(owned);
      const { uid } = owned.metadata;
      await session.api.delete(child, { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) });
      const back = await withDeadline(timeoutMs, [signal], clock, async (limit) => {
        try {
          await waitForObject(session.api, child, limit, (found) =>
            found !== undefined && found.metadata.uid !== uid ? true : undefined,
          );
          return 'exists again';
        } catch (error) {
          if (!isTimeout(limit)) throw error;
          return `does not exist again after ${timeoutMs / 1000} s`;
        }
      });
      return `${objectName(child)} was deleted, and ${back}`;
    },
  },
];

/** The list of faults for the terminal. */
export const FAULT_MENU = `fault:\n${CHOICES.map(({ key, label }) => `  ${key}  ${label}`).join('\n')}\n  any other key: none`;

/** Does the key select a fault? */
export const isFaultKey = (key: string): boolean => CHOICES.some((choice) => choice.key === key);

/**
 * Injects the fault that a key selects, waits until the graph has settled, and prints the fault and the reaction of the
 * graph.
 */
export async function runFault(key: string, task: FaultTask): Promise<void> {
  const choice = CHOICES.find((each) => each.key === key);
  if (choice === undefined) return;
  const { session, print } = task;
  const events: InspectEvent[] = [];
  const unsubscribe = session.controller.reports.subscribe((event) => events.push(event));
  try {
    const began = task.clock.now();
    // If the cluster does not respond, this promise never settles. The end of the session must not wait for it.
    const done = await whileWanted(choice.run(task), task.signal);
    await whileWanted(session.idle(), task.signal);
    const seconds = ((task.clock.now() - began) / 1000).toFixed(1);
    const states = session.controller.reports.instances().map((each) => `${objectName(each)} ${each.state}`);
    const lines = [
      `fault: ${done}`,
      ...actionsOf(events),
      `at rest after ${seconds} s: ${states.length === 0 ? 'there is no instance' : states.join(', ')}`,
    ];
    print(lines.map((line, index) => (index === 0 || index === lines.length - 1 ? line : `  ${line}`)).join('\n'));
  } finally {
    unsubscribe();
  }
}

/**
 * Lists the writes and failures of the controller without duplicates. When there were none, returns one line that says
 * that the controller wrote nothing.
 */
function actionsOf(events: readonly InspectEvent[]): string[] {
  const lines = events
    .filter(({ type }) => type === 'wrote' || type === 'failed')
    .map(({ message }) => printableLine(message));
  return lines.length === 0 ? ['the controller wrote nothing'] : [...new Set(lines)];
}

/**
 * Finds the first object that an instance or a Graph owns. Ownership must be checked, because nodes also report objects
 * that they only read or patch, and objects that they may not take over.
 */
async function ownedObject(
  { api, controller: { reports } }: FaultSession,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  for (const { ref } of reports.instances()) {
    const parent = parseInstanceRef(ref);
    const { nodes = [] } = reports.report(ref) ?? {};
    const present = nodes.flatMap(({ objects }) => objects).filter(({ state }) => state === 'present');
    const owner = parent === undefined || present.length === 0 ? undefined : await api.find(parent, { signal });
    if (owner === undefined) continue;
    for (const { object } of present) {
      const live = await api.find(object, { signal });
      if (live !== undefined && isOwnedBy(owner, live)) return live;
    }
  }
  return undefined;
}

/**
 * Does the object belong to the instance or Graph? For an instance, a label of the object decides, and for a Graph the
 * record in its status.
 */
function isOwnedBy(owner: KubeObject, { metadata: { uid, labels } }: KubeObject): boolean {
  if (!GraphObject.is(owner)) return labels?.[keys.PART_OF_LABEL] === ApplySet.idOf(owner);
  return uid !== undefined && Tracking.read(owner).managedResources.some((entry) => entry.uid === uid);
}

/** The interval at which a condition is checked, in milliseconds. */
const CHECK_EVERY_MS = 20;

/** Waits until a condition is true, or the signal aborts. */
async function until(holds: () => boolean, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!holds() && !signal.aborted) await pause(clock, CHECK_EVERY_MS, signal);
}
