import { patchWriter } from '@typekro/controller/execute';
import type { KubeObject } from '@typekro/kit/core';
import { type ApplyAction, ObjectKey } from '@typekro/engine/runtime';
import { type ObjectSource, answerRead } from './object-source.ts';
import type { SimulationInput, SimulationRequest, SimulationResult, WriteAnswer } from './simulate.ts';
import { simulate, storedBy } from './simulate.ts';
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

/** The objects that instances of a plan create or adopt, by `targetKey`, and the UIDs of these instances. */
export type PlannedOwners = Map<string, { readonly owner: string; readonly object: KubeObject }>;

/**
 * Simulates instances in groups, so that their reads are combined and dry runs are concurrent.
 *
 * @param finish called with the index in `inputs` and the result of each instance, in any order
 * @param owners the objects of instances that were simulated before. Objects of these instances are added
 */
export async function simulateAll(
  inputs: readonly SimulationInput[],
  source: ObjectSource,
  checker: Pick<WriteChecker, 'check'>,
  finish: (index: number, result: SimulationResult) => void,
  owners: PlannedOwners = new Map(),
): Promise<void> {
  for (let from = 0; from < inputs.length; from += MAX_TOGETHER) {
    const together = inputs.slice(from, from + MAX_TOGETHER);
    await simulateTogether(together, source, checker, (index, result) => finish(from + index, result), owners);
  }
}

async function simulateTogether(
  inputs: readonly SimulationInput[],
  source: ObjectSource,
  checker: Pick<WriteChecker, 'check'>,
  finish: (index: number, result: SimulationResult) => void,
  owners: PlannedOwners,
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
    const writes = active.flatMap(({ index, request }) =>
      request.writes.map((action) => ({ action, taken: takenBy(owners, inputs[index], action) })),
    );
    const own = writes.flatMap(({ action, taken }) => (taken === undefined ? [action] : []));
    const checked = (await checker.check(own)).values();
    const answers = writes.map(({ taken }): WriteAnswer =>
      taken === undefined ? (checked.next().value as WriteAnswer) : { checked: 'none', taken },
    );
    let at = 0;
    active = active.flatMap(({ index, run, request }) => {
      const own = answers.slice(at, at + request.writes.length);
      at += request.writes.length;
      return proceed(index, run, own);
    });
  }
}

/**
 * Returns the object that another instance of the plan creates or adopts before this write, or undefined. As in the
 * cluster, the first of several instances gets the object.
 */
function takenBy(
  owners: PlannedOwners,
  input: SimulationInput | undefined,
  action: ApplyAction,
): KubeObject | undefined {
  const isFirst = (action.why === 'create' || action.why === 'adopt') && patchWriter(action) === undefined;
  if (!isFirst || action.formerOwner !== undefined) return undefined;
  const [key, owner] = [ObjectKey.ofTarget(action.target), input?.instance.metadata.uid ?? ''];
  const first = owners.get(key);
  if (first === undefined) {
    const object = storedBy(action, undefined);
    // Graphs recognize each other's objects by the managers of their fields.
    const managedFields = action.manager === undefined ? [] : [{ manager: action.manager, operation: 'Apply' }];
    owners.set(key, { owner, object: { ...object, metadata: { ...object.metadata, managedFields } } });
  }
  return first === undefined || first.owner === owner ? undefined : first.object;
}
