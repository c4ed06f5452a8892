import type { ObjectRef } from '../../core/index.ts';
import { formatRef } from '../../core/index.ts';
import type { InstanceRow, WhyChain, WhyPath } from '../../inspect/index.ts';
import { parseInstanceRef } from '../../inspect/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import type { RootCause } from '../../runtime/index.ts';
import { explainNode, rootCausesOf } from '../../runtime/index.ts';
import type { ControllerSettings } from '../controller-settings.ts';
import { findInstanceAt } from '../instance/find-instance.ts';
import type { InstanceObservation } from '../instance/observation.ts';
import { observeFound } from '../instance/observation.ts';
import { whyOf } from '../instance/why-of.ts';

/** The maximum number of other instances whose reasons are compared. Each costs the reads of an instance. */
const MAX_COMPARED = 25;

/** The maximum number of instances that are read at the same time. */
const MAX_PARALLEL = 4;

/** The input of a why path. */
export interface WhyPathInput {
  readonly api: KubernetesApi;
  readonly observation: InstanceObservation;
  readonly row: InstanceRow;
  /** The other instances that the caller may list. */
  readonly others: readonly InstanceRow[];
  readonly settings: ControllerSettings;
  readonly signal: AbortSignal;
}

/** Follows the reasons of an instance, and finds other instances that wait for the same causes. */
export async function whyPath(input: WhyPathInput): Promise<WhyPath> {
  const { api, observation, signal } = input;
  const report = await whyOf(observation, api, signal);
  const roots = rootCausesOf(observation.decision.nodes, observation.node);
  const waiting = roots.length === 0 ? [] : await causesOfOthers(input);
  const chains = report.causes.map((cause): WhyChain => {
    const root = roots.find(
      ({ node }) => node.id === cause.node && (node.retired === true) === (cause.retired === true),
    );
    const object =
      cause.troubles[0]?.object ?? (root === undefined ? undefined : objectsOf(root)[0]) ?? cause.objects[0];
    const keys = root === undefined ? new Set<string>() : keysOf(root, input.row);
    const same = waiting.filter((other) => [...other.keys].some((key) => keys.has(key))).map(({ row }) => row);
    return {
      nodes: [cause.node, ...cause.waiting],
      ...(object === undefined ? {} : { object }),
      others: same,
      othersTotal: same.length,
    };
  });
  return { ...report, chains };
}

/** The root causes of the other instances that are not ready. Instances with an equal reason come first. */
async function causesOfOthers(
  input: WhyPathInput,
): Promise<{ readonly row: InstanceRow; readonly keys: Set<string> }[]> {
  const { row, others } = input;
  const open = others.filter(({ ref, state }) => ref !== row.ref && state !== 'ACTIVE');
  const rank = (other: InstanceRow): number =>
    (other.waitingFor === row.waitingFor ? 0 : 2) + (other.definition === row.definition ? 0 : 1);
  const compared = open.sort((a, b) => rank(a) - rank(b)).slice(0, MAX_COMPARED);
  const found: { readonly row: InstanceRow; readonly keys: Set<string> }[] = [];
  const next = async (): Promise<void> => {
    for (let other = compared.shift(); other !== undefined; other = compared.shift()) {
      const keys = await causesOf(input, other);
      found.push({ row: other, keys });
    }
  };
  await Promise.all(Array.from({ length: MAX_PARALLEL }, next));
  return found.sort((a, b) => (a.row.ref < b.row.ref ? -1 : 1));
}

async function causesOf({ api, settings, signal }: WhyPathInput, row: InstanceRow): Promise<Set<string>> {
  const ref = parseInstanceRef(row.ref);
  const found = ref === undefined ? undefined : await findInstanceAt(api, ref, signal);
  if (found === undefined) return new Set();
  const { decision } = await observeFound(api, found, settings, signal);
  return new Set(rootCausesOf(decision.nodes).flatMap((root) => [...keysOf(root, row)]));
}

/**
 * The keys of the subjects of a root cause: its objects, or the reason of one node of a definition when no object is
 * known. Two instances wait for the same cause when they share a key.
 */
function keysOf(root: RootCause, { definition }: InstanceRow): Set<string> {
  const objects = objectsOf(root);
  if (objects.length > 0) return new Set(objects.map(formatRef));
  return new Set([`${definition} ${root.node.id} ${explainNode(root.node).reason}`]);
}

/** The objects that the reason names, and those to which it leads. */
function objectsOf({ node: { because }, objects }: RootCause): ObjectRef[] {
  const named = 'object' in because && because.object !== undefined ? [because.object] : [];
  return [...named, ...objects];
}
