import { DEFINITION_TYPE } from '../../controller/index.ts';
import type { KubeObject, ObjectRef } from '../../core/index.ts';
import { refOf } from '../../core/index.ts';
import type { KroCompatibility } from '../../graph/index.ts';
import { LiveSchemas } from '../../kube/index.ts';
import type { PlanContext } from '../plan/plan-context.ts';
import { checkDefinition } from '../upgrade/check-definition.ts';
import { instancesOf } from '../upgrade/instances-of.ts';
import { requireRead } from '../upgrade/require-read.ts';

/** A difference between kro's controller and this one in the handling of an object. */
export interface HandBackFinding {
  /** Absent when something could not be read, so that findings may be missing. */
  readonly object?: ObjectRef;
  /** What kro refuses or ignores. */
  readonly problem: string;
  readonly effect: string;
}

const PREFIX = 'typekro.dev/';

/** What happens under a controller that ignores the annotation. */
const EFFECTS: Readonly<Record<string, string>> = {
  'typekro.dev/revision': 'it follows the newest revision at once',
  'typekro.dev/canary': 'new revisions go to all instances at once',
  'typekro.dev/adoption': 'objects that exist are taken over without a question',
  'typekro.dev/service-account': "children are written with the rights of kro's own account",
  'typekro.dev/namespaces': 'templates may put objects into any namespace',
  'typekro.dev/deletion-policy': 'its objects are deleted with it',
};

/**
 * Finds the definitions that kro's controller refuses, and the annotations that only this controller obeys. Whatever
 * could not be read is also a finding.
 *
 * @throws TypeKroError `upgrade/not-read` when definitions or instances could not be read.
 */
export async function handBackFindings(planned: PlanContext, to: KroCompatibility): Promise<HandBackFinding[]> {
  requireRead(planned, DEFINITION_TYPE);
  const schemas = new LiveSchemas(planned.api);
  const findings: HandBackFinding[] = [];
  for (const definition of planned.basics.definitions) {
    const object = refOf(definition);
    const options = { levels: [], features: {}, conservative: false };
    const { acceptedBy } = await checkDefinition(planned, schemas, definition, options);
    if (!acceptedBy.includes(`kro ${to}`)) {
      const others = acceptedBy.length === 0 ? 'no controller accepts it' : `accepted by ${acceptedBy.join(', ')}`;
      findings.push({
        object,
        problem: `kro ${to} refuses it with its default feature gates (${others})`,
        effect: 'kro works on none of its instances until it is changed',
      });
    }
    findings.push(...annotationFindings(definition));
    for (const instance of await instancesOf(planned, definition)) findings.push(...annotationFindings(instance));
  }
  const { basics, source, checker } = planned;
  const limits = new Set([...basics.limits, ...source.limits, ...checker.limits]);
  return [...findings, ...[...limits].map((problem) => ({ problem, effect: 'findings may be missing' }))];
}

function annotationFindings(object: KubeObject): HandBackFinding[] {
  return Object.entries(object.metadata.annotations ?? {})
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, value]) => ({
      object: refOf(object),
      problem: `${key}: ${value} has no effect any more`,
      effect: (Object.hasOwn(EFFECTS, key) ? EFFECTS[key] : undefined) ?? 'kro ignores it',
    }));
}
