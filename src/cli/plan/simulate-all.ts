import type { ObjectSource } from './object-source.ts';
import { answerRead } from './object-source.ts';
import type { SimulationInput, SimulationRequest, SimulationResult, WriteAnswer } from './simulate.ts';
import { simulate } from './simulate.ts';
import type { WriteChecker } from './write-checker.ts';

type Run = ReturnType<typeof simulate>;

interface Active {
  readonly index: number;
  readonly run: Run;
  readonly request: SimulationRequest;
}

/** No writes were asked for. */
const NO_ANSWERS: readonly WriteAnswer[] = [];

/**
 * So many instances are simulated side by side. What they decide is held until the last of them is done: a thousand would
 * take some fifty megabytes.
 */
const MAX_TOGETHER = 200;

/**
 * Simulates instances, many of them together, so that each kind is read once and dry runs go out side by side.
 *
 * @param finish takes the result of each instance, by its place in `inputs`; in any order
 */
export async function simulateAll(
  inputs: readonly SimulationInput[],
  source: ObjectSource,
  checker: Pick<WriteChecker, 'check'>,
  finish: (index: number, result: SimulationResult) => void,
): Promise<void> {
  for (let from = 0; from < inputs.length; from += MAX_TOGETHER) {
    const together = inputs.slice(from, from + MAX_TOGETHER);
    await simulateTogether(together, source, checker, (index, result) => finish(from + index, result));
  }
}

async function simulateTogether(
  inputs: readonly SimulationInput[],
  source: ObjectSource,
  checker: Pick<WriteChecker, 'check'>,
  finish: (index: number, result: SimulationResult) => void,
): Promise<void> {
  let active: Active[] = [];
  const proceed = (index: number, run: Run, answers: readonly WriteAnswer[]): Active[] => {
    const next = run.next(answers);
    if (next.done !== true) return [{ index, run, request: next.value }];
    finish(index, next.value);
    return [];
  };
  active = inputs.flatMap((input, index) => proceed(index, simulate(input), NO_ANSWERS));
  while (active.length > 0) {
    const reading = active.filter(({ request }) => request.reads.length > 0);
    if (reading.length > 0) {
      // Writes wait until everything that can be read is read: the checks of a wave go out together.
      const writing = active.filter(({ request }) => request.reads.length === 0);
      await source.load(reading.flatMap(({ request }) => request.reads));
      active = [
        ...writing,
        ...reading.flatMap(({ index, run, request: { reads, store } }) => {
          for (const read of reads) answerRead(source, store, read);
          return proceed(index, run, NO_ANSWERS);
        }),
      ];
      continue;
    }
    const answers = await checker.check(active.flatMap(({ request }) => request.writes));
    let at = 0;
    active = active.flatMap(({ index, run, request }) => {
      const own = answers.slice(at, at + request.writes.length);
      at += request.writes.length;
      return proceed(index, run, own);
    });
  }
}
