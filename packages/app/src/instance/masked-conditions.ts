import { type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { type Decision, FailureMask } from '@typekro/engine/runtime';

/** The parts of an observation from which the mask is computed. */
interface Seen {
  readonly instance: KubeObject;
  readonly decision: Decision;
  readonly graph?: Graph;
}

/**
 * Returns a function that masks Secret values in the server's messages about writes of the instance's objects. Returns
 * `undefined` when the graph is not known.
 */
export function refusalMaskOf({
  graph,
  decision,
}: Pick<Seen, 'graph' | 'decision'>): ReturnType<typeof FailureMask.ofWrites> | undefined {
  return graph === undefined ? undefined : FailureMask.ofWrites(graph, decision);
}

/**
 * Masks values of Secrets in the condition messages of an observed instance. The controller copies the server's message
 * about a refused object into a condition, and that message can quote values of the object.
 */
export function withMaskedConditions<Observation extends Seen>(observation: Observation): Observation {
  const { instance, decision } = observation;
  const mask = refusalMaskOf(observation);
  const conditions = instance.status?.['conditions'];
  if (mask === undefined || !Array.isArray(conditions)) return observation;
  const shown = (message: string): string =>
    message
      .split('\n')
      .map((line) => {
        const [before = ''] = WRITE.exec(line) ?? [];
        const id = Array.from(before.matchAll(/apply "([^"]*)"/g), ([, each = '']) => each).join('/');
        const desired = decision.apply.find(({ nodeId }) => nodeId === id)?.desired;
        const text = line.slice(before.length);
        return before === '' || NO_RIGHT.test(text) ? line : `${before}${mask(id, desired, text)}`;
      })
      .join('\n');
  const masked = conditions.map((each): JsonValue => {
    const message = isJsonObject(each) ? each['message'] : undefined;
    return isJsonObject(each) && typeof message === 'string' ? { ...each, message: shown(message) } : each;
  });
  const status = { ...instance.status, conditions: masked };
  return { ...observation, instance: { ...instance, status } satisfies KubeObject };
}

/** Matches the API server's whole message about a missing right, which quotes names and no values. */
const NO_RIGHT =
  /^(?:get current state for \w+ "[^"]*": )?[\w.]+(?: "[^"]*")? is forbidden: User "[^"]*" cannot [a-z]+ resource "[^"]*" in API group "[^"]*"(?: in the namespace "[^"]*"| at the cluster scope)?$/;

/** Matches the beginning of kro's message about a failed write: the node, preceded by the subgraphs that contain it. */
const WRITE = /^.*?(?:apply "[^"]*" \(subgraph\): )*apply "[^"]*"(?: \((?:ref|patch)\))?: /;
