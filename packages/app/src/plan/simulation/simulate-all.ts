import { patchWriter } from '@typekro/controller/execute';
import { type KubeObject, count } from '@typekro/kit/core';
import { changedValues, type ObservedStore } from '@typekro/sdk/deploy';
import { type ApplyAction, type Decisions, type Reports, keys, ObjectKey } from '@typekro/engine/runtime';
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

/** An object that an instance of a plan creates or adopts, or the fields that a Graph patches. */
interface PlannedWriter {
  /** The UID of the instance or Graph. */
  readonly owner: string;
  readonly manager: string;
  readonly object: KubeObject;
  readonly why: ApplyAction['why'] | 'patch';
}

/** The planned writers of each object, by `targetKey`. The first one that does not patch it owns the object. */
export type PlannedOwners = Map<string, readonly PlannedWriter[]>;

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
          for (const read of reads) {
            answerRead(source, store, read);
            addPlanned(owners, inputs[index], store, read);
          }
          return proceed(index, run, NO_ANSWERS);
        }),
      ];
      continue;
    }
    const writes = active.flatMap(({ index, request }) =>
      request.writes.map((action) => ({ action, known: plannedAnswer(owners, inputs[index], action) })),
    );
    const open = writes.flatMap(({ action, known }) => (known === undefined ? [action] : []));
    const checked = (await checker.check(open)).values();
    const answers = writes.map(({ known }): WriteAnswer => known ?? (checked.next().value as WriteAnswer));
    let at = 0;
    active = active.flatMap(({ index, run, request }) => {
      const own = answers.slice(at, at + request.writes.length);
      at += request.writes.length;
      return proceed(index, run, own);
    });
  }
}

/** Lets a patch see an object that another instance of the plan creates. */
function addPlanned(
  owners: PlannedOwners,
  input: SimulationInput | undefined,
  store: ObservedStore,
  read: Decisions.ReadRequest,
): void {
  if (read.kind !== 'object' || input?.graph.nodes.get(read.nodeId)?.nodeType !== 'patch') return;
  if (store.object(read.target).state !== 'absent') return;
  const first = owners.get(ObjectKey.ofTarget(read.target))?.find(({ why }) => why === 'create');
  if (first !== undefined) store.setObject(read.target, first.object);
}

/**
 * Returns the answer to a write that follows from the plan: another instance creates or adopts the object before, or
 * writes another value into a field that the write patches. As in the cluster, the first of several writers gets the
 * object or the field.
 */
function plannedAnswer(
  owners: PlannedOwners,
  input: SimulationInput | undefined,
  action: ApplyAction,
): WriteAnswer | undefined {
  const isPatch = patchWriter(action) !== undefined;
  const isFirst = (action.why === 'create' || action.why === 'adopt') && action.formerOwner === undefined;
  if (isPatch ? action.force === 'always' : !isFirst) return undefined;
  const [key, owner, manager = ''] = [
    ObjectKey.ofTarget(action.target),
    input?.instance.metadata.uid ?? '',
    action.manager,
  ];
  const others = (owners.get(key) ?? []).filter((each) => each.owner !== owner || each.manager !== manager);
  const first = others.find(({ why }) => why !== 'patch');
  if (!isPatch && first !== undefined)
    return first.owner === owner ? undefined : { checked: 'none', taken: first.object };
  const failure = isPatch ? conflictOf(others, action.desired) : undefined;
  if (failure !== undefined) return { checked: 'rules', failure };
  const object = storedBy(action, undefined);
  // Graphs recognize each other's objects by the managers of their fields.
  const managedFields = action.manager === undefined ? [] : [{ manager, operation: 'Apply' }];
  const written = isPatch ? action.desired : { ...object, metadata: { ...object.metadata, managedFields } };
  owners.set(key, [...others, { owner, manager, object: written, why: isPatch ? 'patch' : action.why }]);
  return isPatch && first?.why === 'create' ? { checked: 'none' } : undefined;
}

/** The API server's refusal of a patch that gives fields of other writers other values. Members of lists are left out. */
function conflictOf(others: readonly PlannedWriter[], desired: KubeObject): Reports.ApiFailure | undefined {
  for (const { manager, object } of others) {
    const paths = changedValues(object, desired).flatMap(({ path, from, to }) =>
      from === undefined || to === undefined || /\[\d/.test(path) ? [] : [`.${path}`],
    );
    if (paths.length === 0) continue;
    const name = manager === '' ? (keys.owningInstance(object) ?? keys.CHILD_MANAGER) : manager;
    const message = `Apply failed with ${count(paths.length, 'conflict')}: conflict with "${name}": ${paths.join(', ')}`;
    return { code: 409, reason: 'Conflict', message, conflicts: [name] };
  }
  return undefined;
}
