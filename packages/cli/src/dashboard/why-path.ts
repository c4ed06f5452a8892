import { TypeKroError } from '@typekro/kit/core';
import { type InstanceRow, type WhyChain, type WhyPath, parseInstanceRef } from '@typekro/controller/inspect';
import type { KubernetesApi } from '@typekro/kube';
import { RootCause } from '@typekro/engine/runtime';
import type { ControllerSettings } from '@typekro/controller/controller';
import { type InstanceObservation, findInstanceAt, observeFound, shownCauses, whyOf } from '@typekro/app/instance';
import { type ReportedCauses, keysOfCause, keysOfNodes, objectsOfCause } from './cause-keys.ts';

/** The maximum number of instances that are read for a comparison. Each of them needs several requests. */
const MAX_READ = 25;

/** The maximum number of instances that are read at the same time. */
const MAX_PARALLEL = 4;

/** Each time this number of reports has been compared, other work of the process gets a turn. */
const REPORTS_PER_TURN = 200;

/** The maximum number of other instances in the result. */
const MAX_OTHERS = 100;

/** The input of `whyPath`. */
export interface WhyPathInput {
  readonly api: KubernetesApi;
  readonly observation: InstanceObservation;
  readonly row: InstanceRow;
  /** The other instances that the caller may list. */
  readonly others: readonly InstanceRow[];
  /**
   * The causes in the reports of the controller in this process. Absent when the controller runs in another process.
   */
  readonly reported?: ReportedCauses;
  readonly settings: ControllerSettings;
  readonly signal: AbortSignal;
}

/** Follows the reasons of an instance, and finds other instances that wait for the same causes. */
export async function whyPath(input: WhyPathInput): Promise<Omit<WhyPath, 'limits'>> {
  const { api, observation, row, reported, signal } = input;
  const report = await whyOf(observation, api, signal);
  const roots = shownCauses(observation.decision.nodes, observation.node);
  const reportedRoots = RootCause.of(reported?.nodesOf(row.ref) ?? [], observation.node);
  const waiting = input.others.filter(({ ref, state }) => ref !== row.ref && state !== 'ACTIVE');
  const compared = roots.length === 0 ? [] : await causesOfOthers(input, waiting);
  const chains = report.causes.map((cause): WhyChain => {
    const isOfCause = ({ node }: (typeof roots)[0]): boolean =>
      node.id === cause.node && (node.retired === true) === (cause.retired === true);
    const root = roots.find(isOfCause);
    const object =
      cause.troubles[0]?.object ?? (root === undefined ? undefined : objectsOfCause(root)[0]) ?? cause.objects[0];
    // The controller may be able to read an object that the caller cannot read. The root cause in the controller's
    // report is therefore used, too.
    const own = [root, reportedRoots.find(isOfCause)].flatMap((each) => (each === undefined ? [] : [each]));
    const keys = new Set(own.flatMap((each) => [...keysOfCause(each, row.definition)]));
    const same = compared.filter((other) => [...other.keys].some((key) => keys.has(key)));
    return {
      nodes: [cause.node, ...cause.waiting],
      ...(object === undefined ? {} : { object }),
      others: same.slice(0, MAX_OTHERS).map((other) => other.row),
      othersTotal: same.length,
    };
  });
  return { ...report, chains, othersWaiting: waiting.length, othersCompared: compared.length };
}

/** An instance with the keys of its root causes. */
interface Compared {
  readonly row: InstanceRow;
  readonly keys: ReadonlySet<string>;
}

/**
 * Finds the root causes of the other instances that are not ready. All instances with a report are compared. Of the
 * instances without a report, at most `MAX_READ` are read. Those with the same reason as this instance come first.
 */
async function causesOfOthers(input: WhyPathInput, waiting: readonly InstanceRow[]): Promise<readonly Compared[]> {
  const { row, reported, signal } = input;
  const found: Compared[] = [];
  const unreported: InstanceRow[] = [];
  for (const [index, other] of waiting.entries()) {
    if (reported !== undefined && index % REPORTS_PER_TURN === REPORTS_PER_TURN - 1) await nextTurn();
    signal.throwIfAborted();
    const keys = reported?.keysOf(other);
    if (keys === undefined) unreported.push(other);
    else found.push({ row: other, keys });
  }
  const rank = (other: InstanceRow): number =>
    (other.waitingFor === row.waitingFor ? 0 : 2) + (other.definition === row.definition ? 0 : 1);
  const queue = unreported.sort((a, b) => rank(a) - rank(b)).slice(0, MAX_READ);
  const next = async (): Promise<void> => {
    for (let other = queue.shift(); other !== undefined; other = queue.shift()) {
      const keys = await readCauses(input, other);
      if (keys !== undefined) found.push({ row: other, keys });
    }
  };
  await Promise.all(Array.from({ length: MAX_PARALLEL }, next));
  return found.sort((a, b) => (a.row.ref < b.row.ref ? -1 : 1));
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Reads an instance, and finds its root causes. Returns `undefined` when the instance does not exist any more or cannot
 * be read. The caller counts such an instance as not compared.
 */
async function readCauses(
  { api, settings, signal }: WhyPathInput,
  row: InstanceRow,
): Promise<ReadonlySet<string> | undefined> {
  const ref = parseInstanceRef(row.ref);
  try {
    const found = ref === undefined ? undefined : await findInstanceAt(api, ref, signal);
    if (found === undefined) return undefined;
    const { decision } = await observeFound(api, found, settings, signal);
    return keysOfNodes(decision.nodes, row.definition);
  } catch (error) {
    if (error instanceof TypeKroError && !signal.aborted) return undefined;
    throw error;
  }
}
