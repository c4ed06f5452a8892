import { DEFINITION_TYPE } from '../../controller/index.ts';
import type { KubeObject } from '../../core/index.ts';
import { refOf } from '../../core/index.ts';
import type { KroCompatibility } from '../../graph/index.ts';
import { followsGraphEngine } from '../../graph/index.ts';
import { LiveSchemas } from '../../kube/index.ts';
import type { PlanContext } from '../plan/plan-context.ts';
import { checkDefinition, kroRefusal } from '../upgrade/check-definition.ts';
import { graphsOf } from '../upgrade/check-graph.ts';
import { instancesOf } from '../upgrade/instances-of.ts';
import { requireRead } from '../upgrade/require-read.ts';
import { gateFindings, graphFindings } from './graph-findings.ts';
import type { HandBackFinding } from './hand-back-finding.ts';
import { annotationFindings } from './annotation-findings.ts';
import type { ControllerDeployment } from './running-controllers.ts';

/**
 * Finds the definitions and Graphs that kro's controller refuses or handles differently, and the annotations that only
 * this controller obeys. Whatever could not be read is also a finding.
 *
 * @param kros kro's controllers in the cluster, whose flags decide whether Graphs are served
 * @throws TypeKroError `upgrade/not-read` when definitions, instances or Graphs could not be read.
 */
export async function handBackFindings(
  planned: PlanContext,
  to: KroCompatibility,
  kros: readonly ControllerDeployment[] = [],
): Promise<HandBackFinding[]> {
  requireRead(planned, DEFINITION_TYPE);
  const schemas = new LiveSchemas(planned.api);
  const findings: HandBackFinding[] = [];
  for (const definition of planned.basics.definitions) {
    findings.push(...(await refusalFindings(planned, schemas, definition, to)), ...annotationFindings(definition));
    for (const instance of await instancesOf(planned, definition)) {
      findings.push(...(followsGraphEngine(to) ? [] : labelFindings(instance)), ...annotationFindings(instance));
    }
  }
  const graphs = await graphsOf(planned);
  if (followsGraphEngine(to) && graphs.length > 0) findings.push(...gateFindings(kros, graphs.length));
  for (const graph of graphs) findings.push(...(await graphFindings(planned, schemas, graph, to)));
  const { basics, source, checker } = planned;
  const limits = new Set([...basics.limits, ...source.limits, ...checker.limits]);
  return [...findings, ...[...limits].map((problem) => ({ problem, effect: 'findings may be missing' }))];
}

async function refusalFindings(
  planned: PlanContext,
  schemas: LiveSchemas,
  definition: KubeObject,
  to: KroCompatibility,
): Promise<HandBackFinding[]> {
  const refused = await kroRefusal(planned, schemas, definition, to);
  if (refused === undefined) return [];
  const options = { levels: [], features: {}, conservative: false, graphKind: false };
  const { acceptedBy } = await checkDefinition(planned, schemas, definition, options);
  const others = acceptedBy.length === 0 ? 'no controller accepts it' : `accepted by ${acceptedBy.join(', ')}`;
  const problem = `kro ${to} refuses it with its default feature gates: ${refused.refusal} (${others})`;
  return [{ object: refOf(definition), problem, effect: 'kro works on none of its instances until it is changed' }];
}

/** The maximum length of the value of a label. */
const MAX_LABEL_LENGTH = 63;

/** kro 0.9 writes the name of an instance into a label of its children, at any length. */
function labelFindings(instance: KubeObject): HandBackFinding[] {
  const { name = '' } = instance.metadata;
  if (name.length <= MAX_LABEL_LENGTH) return [];
  const problem = `kro 0.9 writes its name into a label, which has at most ${MAX_LABEL_LENGTH} characters`;
  return [{ object: refOf(instance), problem, effect: 'the API server refuses each write of its children' }];
}
