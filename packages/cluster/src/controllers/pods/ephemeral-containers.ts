/** The life cycle of ephemeral containers, which `kubectl debug` adds to a pod. They never restart. */
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { formatTime, listAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type CommandEnd, endOfCommand } from './pod-command.ts';
import { terminated } from './pod-status.ts';

/** The present phase of the pod's life. */
export type EphemeralPhase =
  /** The pod is created, and none of its containers can start yet. */
  | 'creating'
  /** Containers of the pod can run. */
  | 'active'
  /** The containers of the pod have ended. */
  | 'over';

/** The states of a pod's ephemeral containers, in the order of the spec. */
export interface EphemeralPlan {
  readonly states: readonly JsonObject[];
  /** The names of the containers that start now. */
  readonly starting: readonly string[];
  /** The milliseconds until the next command ends, or `undefined` when no command has a known end. */
  readonly next: number | undefined;
}

const KILLED = { exitCode: 137, reason: 'Error' } as const;

/** Decides about the ephemeral containers of a pod, based on the stored status of the pod. */
export function planEphemeral(pod: KubeObject, phase: EphemeralPhase, nowMs: number): EphemeralPlan {
  const statuses = objectsAt(pod.status, 'ephemeralContainerStatuses');
  const stored = new Map(statuses.map((status) => [status['name'], objectAt(status, 'state')]));
  const starting: string[] = [];
  let next = Number.POSITIVE_INFINITY;
  const states = objectsAt(pod.spec, 'ephemeralContainers').map((container): JsonObject => {
    const name = textAt(container, 'name');
    const known = stored.get(name) ?? {};
    if (known['terminated'] !== undefined) return known;
    const startedAt = textAt(known, 'running', 'startedAt');
    if (startedAt === '' && phase !== 'active') return { waiting: { reason: 'ContainerCreating' } };
    if (startedAt === '') starting.push(name);
    const startedMs = startedAt === '' ? nowMs : Date.parse(startedAt);
    const end = endOf(container);
    const endMs = startedMs + (end?.afterMs ?? Number.POSITIVE_INFINITY);
    if (end !== undefined && endMs <= nowMs) {
      const reason = end.exitCode === 0 ? 'Completed' : 'Error';
      return terminated(end.exitCode, reason, formatTime(startedMs), formatTime(endMs));
    }
    if (phase === 'over') return terminated(KILLED.exitCode, KILLED.reason, formatTime(startedMs), formatTime(nowMs));
    next = Math.min(next, endMs - nowMs);
    return { running: { startedAt: formatTime(startedMs) } };
  });
  return { states, starting, next: Number.isFinite(next) ? next : undefined };
}

function endOf(container: JsonObject): CommandEnd | undefined {
  const words = [...listAt(container, 'command'), ...listAt(container, 'args')].map(String);
  return words.length === 0 ? undefined : endOfCommand(words);
}
