import { labelOfObject } from '../objects/identity.ts';
import { PART_OF_LABEL } from '../objects/keys.ts';
import { graphProblem, ownerProblem } from './owner-problem.ts';
import type { NodeRules } from '../step-context.ts';
import { recordedTracking } from '../tracking.ts';
import { decideEngineWrite, engineFieldsOf, ownershipRefusal } from '../reports/write-decision.ts';

/**
 * The rules for the nodes of a Graph. All template nodes of a Graph use one field manager. Its name depends on the UID
 * of the Graph. The Graph owns the objects in which this manager owns fields.
 */
export const GRAPH_RULES: NodeRules = {
  gatesDependents: false,
  refusesNonBool: true,
  isOwn: ({ manager }, live) => engineFieldsOf(live, manager).owned !== '',
  refusal(context, node, target, live) {
    const { options, instance, manager } = context;
    const policy = options.nodeAdoption?.get(node.id) ?? options.adoption ?? 'adopt';
    const isOwn = engineFieldsOf(live, manager).owned !== '';
    const inApplySet = (labelOfObject(live.object, PART_OF_LABEL) ?? '') !== '';
    // This Graph already owns the object, so the adoption policy does not apply. If the object has the label of an
    // ApplySet, however, another owner has taken it.
    const refusal = isOwn && !inApplySet ? undefined : ownershipRefusal(live.object, instance, '', policy);
    return refusal === undefined ? graphProblem(target, live, manager) : ownerProblem(context, target, refusal);
  },
  decideWrite({ manager, instance, options }, desired, wanted, live) {
    const { uid } = live.object.metadata;
    const isRecorded = () => recordedTracking(instance).managedResources.some((entry) => entry.uid === uid);
    return decideEngineWrite(desired, wanted, live, manager, isRecorded, options.now);
  },
  applyOptions: ({ manager }) => ({ manager, force: 'unlessGraph' }),
};
