import { type Clock, isTimeout, whileWanted, withDeadline } from '@typekro/kube';
import { InspectFailure } from './inspect-failure.ts';

/** The deadline for the response to a read, in milliseconds. */
export const READ_DEADLINE_MS = 15_000;

/** The deadline for the response to a plan or an action, in milliseconds. */
export const WORK_DEADLINE_MS = 60_000;

/**
 * The deadline for the review of a caller's token, in milliseconds. It is shorter than the time for which the dashboard
 * waits for the response to its request `meta`, so that the dashboard can show that the API server does not respond.
 */
export const REVIEW_DEADLINE_MS = 5_000;

/**
 * Runs work that waits for the API server. The signal aborts at the deadline. Work that ignores the signal continues,
 * but its result is dropped.
 *
 * @throws InspectFailure 504 at the deadline.
 */
export function answerInTime<Answer>(
  milliseconds: number,
  signals: readonly AbortSignal[],
  clock: Clock,
  work: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  return withDeadline(milliseconds, signals, clock, async (signal) => {
    try {
      return await whileWanted(work(signal), signal);
    } catch (error) {
      throw isTimeout(signal) ? noAnswer(milliseconds) : error;
    }
  });
}

const noAnswer = (milliseconds: number): InspectFailure =>
  new InspectFailure(`the API server has not responded for ${milliseconds / 1000} s`, {
    status: 504,
    code: 'inspect/no-answer',
    remedy: 'check the API server and the connection to it: kubectl get --raw /readyz',
  });
