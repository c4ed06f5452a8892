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

/** The list of answers when no writes were requested. */
const NO_ANSWERS: readonly WriteAnswer[] = [];

/**
 * The maximum number of instances that are simulated at the same time. Their decisions stay in memory until all are
 * done. A thousand instances would take about 50 MB.
 */
const MAX_TOGETHER = 200;

/**
 * Simulates instances in groups, so that their reads are combined and dry runs are concurrent.
 *
 * @param finish called with the index in `inputs` and the result of each instance, in any order
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
      // Checks writes only when no instance has open reads, so that the checks of all instances are concurrent.
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
