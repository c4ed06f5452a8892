import { TypeKroError } from '@typekro/kit/core';
import { type Clock, systemClock } from '@typekro/kube';
import type { ControlledCluster } from './control-protocol.ts';

/**
 * The time limit for the work of the controllers during one move: 90 seconds, in milliseconds of real time. It is less
 * than the two minutes that the command waits for a response.
 */
export const MAX_MOVE_WORK_MS = 90_000;

/**
 * Moves the clock of a cluster from timer to timer. At each timer, the simulated controllers finish their work, and the
 * server handles other requests, before the clock moves on. `machine` measures the time of the work (default: the
 * machine's clock).
 *
 * @throws TypeKroError `cluster/clock` when the work takes more than 90 seconds. The clock then stops at the time that
 *   it has reached.
 */
export async function moveClock(
  { clock, idle }: Pick<ControlledCluster, 'clock' | 'idle'>,
  milliseconds: number,
  machine: Clock = systemClock,
): Promise<void> {
  let isOver = false;
  let endWait = () => {};
  const over = new Promise<void>((resolve) => {
    endWait = resolve;
  });
  const timer = machine.setTimer(MAX_MOVE_WORK_MS, () => {
    isOver = true;
    endWait();
  });
  try {
    const moved = await clock.advanceSettled(milliseconds, async () => {
      await Promise.race([idle(), over]);
      // Between two timers, the event loop handles requests, watch events, and the time limit.
      await new Promise((resolve) => setImmediate(resolve));
      return !isOver;
    });
    if (isOver && moved < milliseconds) throw unfinished(moved, milliseconds);
  } finally {
    timer.cancel();
  }
}

const secondsText = (milliseconds: number): string => `${Math.floor(milliseconds / 1000)}s`;

const unfinished = (moved: number, milliseconds: number): TypeKroError =>
  new TypeKroError(
    `the controllers need more than ${MAX_MOVE_WORK_MS / 1000} s for the work of ${secondsText(milliseconds)}: the clock went on by ${secondsText(moved)}`,
    {
      code: 'cluster/clock',
      remedy: `move the clock by the remaining ${secondsText(milliseconds - moved)} in smaller steps, or with fewer objects that change each minute`,
    },
  );
