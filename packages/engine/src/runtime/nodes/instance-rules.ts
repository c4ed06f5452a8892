import { KroLevel } from '../../graph/index.ts';
import { labelOfObject } from '../objects/identity.ts';
import { PART_OF_LABEL } from '../objects/keys.ts';
import { graphProblem, ownerProblem } from './owner-problem.ts';
import type { NodeRules } from '../step-context.ts';
import { decideWrite, ownershipRefusal } from '../reports/write-decision.ts';

/** The rules for the nodes of an instance. An instance owns the objects that have the label of its ApplySet. */
export const INSTANCE_RULES: NodeRules = {
  gatesDependents: true,
  refusesNonBool: false,
  isOwn: ({ applySet }, { object }) => labelOfObject(object, PART_OF_LABEL) === applySet,
  refusal(context, node, target, live) {
    const { options, instance, applySet, graph } = context;
    const policy = options.nodeAdoption?.get(node.id) ?? options.adoption ?? 'adopt';
    const refusal = ownershipRefusal(live.object, instance, applySet, policy);
    if (refusal !== undefined) return ownerProblem(context, target, refusal);
    const knowsGraphs = options.graphKind === true || KroLevel.followsGraphEngine(graph.kroCompatibility);
    if (policy === 'takeOver' || !knowsGraphs) return undefined;
    return graphProblem(target, live, undefined);
  },
  decideWrite: ({ options }, desired, wanted, live) => decideWrite(desired, wanted, live, options.now),
  applyOptions: () => DEFAULTS,
};

const DEFAULTS = {};
