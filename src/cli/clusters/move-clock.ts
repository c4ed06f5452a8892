import { TypeKroError } from '../../core/index.ts';
import type { Clock } from '../../kube/index.ts';
import { systemClock } from '../../kube/index.ts';
import type { ControlledCluster } from './control-protocol.ts';

/**
 * The longest time that the controllers have for the work of one move, in milliseconds of the machine: 90 seconds. The
 * command waits two minutes for an answer.
 */
export const MAX_MOVE_WORK_MS = 90_000;

/**
 * Moves the clock of a cluster from timer to timer. Before the clock goes on, the simulated controllers do the work that is
 * due, and other requests are answered. `machine` measures the time of the work (default: the machine's clock).
 *
 * @throws TypeKroError `cluster/clock` when the work takes more than 90 seconds. The clock then stays where it is.
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
      // Between two timers, the event loop handles requests, the answers of watches, and the time limit.
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
      remedy: `move the clock by the other ${secondsText(milliseconds - moved)} in smaller steps, or with fewer objects that change each minute`,
    },
  );
