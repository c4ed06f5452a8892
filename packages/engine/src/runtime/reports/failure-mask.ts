import type { KubeObject } from '@typekro/kit/core';
import type { Graph } from '../../graph/index.ts';
import { LAST_APPLIED_ANNOTATION } from '@typekro/kit/kubernetes';
import type { Decision } from '../model.ts';
import type { ApiFailure } from '../report.ts';
import { maskedObjectRefusal, maskedUnknownRefusal, refusalMask } from '../secrets/mask-refusal.ts';
import { secretLiveFields } from '../secrets/secret-fields.ts';
import { liveNodesOf } from '../secrets/secret-nodes.ts';
import { secretSpec } from '../secrets/secret-spec.ts';
import { refOfTarget } from '../objects/target.ts';

/**
 * Returns a function that masks the server's messages about the writes of a decision. Its arguments are the node's id,
 * the written object if known, and the message.
 */
export function writeMask(
  graph: Graph,
  decision: Pick<Decision, 'nodes' | 'apply'>,
): (node: string, object: KubeObject | undefined, text: string) => string {
  return refusalMask(graph, secretLiveFields(graph, liveNodes(decision)));
}

/**
 * Removes values of Secrets from the failures of an instance's requests. The server quotes values of an object that it
 * refuses.
 */
export interface FailureMask {
  /**
   * Masks the failure of a child's write.
   *
   * @param node the id of the node; empty for an object whose node is not known
   * @param object the object that was sent; if it is not known, an object with the same identity
   */
  child(failure: ApiFailure, node: string, object: KubeObject): ApiFailure;
  /** Masks the server's message about a write of the instance, whose spec can contain values of Secrets. */
  parentText(text: string): string;
}

/**
 * Creates the mask for the requests of a decision. The mask computes nothing until a request fails.
 *
 * @param graph undefined if the instance's graph is not known; every quoted value is then masked
 */
export function failureMask(graph: Graph | undefined, decision: Decision, instance: KubeObject): FailureMask {
  let writes: ReturnType<typeof writeMask> | undefined;
  return {
    child(failure, node, object) {
      // An authorizer's message quotes no value.
      if (failure.permission !== undefined) return failure;
      const mask = (writes ??=
        graph === undefined ? (_node, sent, text) => maskedUnknownRefusal(sent, text) : writeMask(graph, decision));
      const message = mask(node, object, failure.message);
      return message === failure.message ? failure : { ...failure, message };
    },
    parentText(text) {
      if (graph === undefined) return maskedUnknownRefusal(instance, text);
      const { hides } = secretSpec(graph, liveNodes(decision));
      const copy = `metadata.annotations["${LAST_APPLIED_ANNOTATION}"]`;
      const isHidden = (path: string): boolean => hides(path) || path === copy;
      return maskedObjectRefusal(instance, isHidden, text);
    },
  };
}

const liveNodes = ({ nodes, apply }: Pick<Decision, 'nodes' | 'apply'>) =>
  liveNodesOf([
    ...nodes.flatMap(({ id, objects }) => objects.map(({ object }) => [id, object] as const)),
    ...apply.map(({ nodeId, target }) => [nodeId, refOfTarget(target)] as const),
  ]);

/** The mask of the messages of one decision. */
export const FailureMask = { of: failureMask, ofWrites: writeMask };
