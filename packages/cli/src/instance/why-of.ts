import type { WhyReport } from '@typekro/controller/inspect';
import type { KubernetesApi } from '@typekro/kube';
import { shownCauses } from './shown-node.ts';
import { findEvidence } from './evidence.ts';
import type { InstanceObservation } from './observation.ts';
import { whyReport } from './why-report.ts';

/** Follows the reasons of an observed instance, or of the node that the user named, to their root causes. */
export async function whyOf(
  observation: InstanceObservation,
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<WhyReport> {
  const { decision, node } = observation;
  const found = await findEvidence(api, shownCauses(decision.nodes, node), observation, signal);
  return whyReport(observation, found);
}
