import type { DeployEvent, DeployEventContent } from '../compose/index.ts';
import { formatRef } from '@typekro/kit/core';
import type { ApplyAction, Decision, Decisions, NodeReport, ObjectOutcome } from '@typekro/engine/runtime';
import { Explanation, ObjectTarget } from '@typekro/engine/runtime';
import { shorten } from './errors.ts';

/** One line about a node: id, first object, state and reason. */
export function describeNode(node: NodeReport): string {
  const first = node.objects[0];
  const object = first === undefined ? '' : ` (${formatRef(first.object)})`;
  return `${node.id}${object}: ${node.state}, ${shorten(Explanation.of(node).reason)}`;
}

/** Turns decisions into events. Each node whose state or reason has changed since the last decision gets one event. */
export class ProgressReporter {
  readonly #emit: (event: DeployEvent) => void;
  readonly #now: () => number;
  readonly #last = new Map<string, string>();

  constructor(emit: (event: DeployEvent) => void, now: () => number) {
    this.#emit = emit;
    this.#now = now;
  }

  /** Reports an event that is not about a node. */
  event(event: DeployEventContent): void {
    this.#emit({ ...event, timestamp: new Date(this.#now()) });
  }

  /** Reports a write that the server accepted. */
  wrote({ nodeId, target }: ApplyAction | Decisions.DeleteAction, outcome: ObjectOutcome): void {
    const object = ObjectTarget.refOf(target);
    const message = `${formatRef(object)} ${outcome}`;
    this.event({ type: 'resource-outcome', resourceId: nodeId, outcome, object, message });
  }

  /** Reports the changed nodes, and existing objects that the deploy adopts. */
  decision(decision: Decision): void {
    for (const { nodeId, why, target, lastWriter } of decision.apply) {
      if (why !== 'adopt') continue;
      const writer = lastWriter === undefined ? '' : `, written by ${lastWriter}`;
      const message = `${formatRef(ObjectTarget.refOf(target))} exists already${writer}: the deploy takes it over`;
      this.event({ type: 'resource-warning', resourceId: nodeId, message });
    }
    for (const node of decision.nodes) {
      const message = describeNode(node);
      // Retired objects are reported under the id of their former node.
      const key = node.retired === true ? `retired ${node.id}` : node.id;
      if (this.#last.get(key) === message) continue;
      this.#last.set(key, message);
      if (node.state === 'skipped') {
        this.event({ type: 'resource-outcome', resourceId: node.id, outcome: 'skipped', message });
        continue;
      }
      this.event({ type: node.state === 'ready' ? 'resource-ready' : 'resource-status', resourceId: node.id, message });
    }
  }
}
