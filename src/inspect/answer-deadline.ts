import type { Clock } from '../kube/index.ts';
import { isTimeout, whileWanted, withDeadline } from '../kube/index.ts';
import { InspectFailure } from './failure.ts';

/** The time within which a read is answered, in milliseconds. */
export const READ_DEADLINE_MS = 15_000;

/** The time within which a plan or an action is answered, in milliseconds. */
export const WORK_DEADLINE_MS = 60_000;

/**
 * The time within which the token of a caller is reviewed, in milliseconds. A page waits longer for the answer to a
 * request about the server itself, so that it can show that the API server does not answer.
 */
export const REVIEW_DEADLINE_MS = 5_000;

/**
 * Does work that waits for the API server. At the deadline the signal aborts. Work that ignores the signal continues,
 * and its result is dropped.
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
  new InspectFailure(`the API server has not answered for ${milliseconds / 1000} s`, {
    status: 504,
    code: 'inspect/no-answer',
    remedy: 'look at the API server and the connection to it: kubectl get --raw /readyz',
  });
