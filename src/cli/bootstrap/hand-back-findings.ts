import type { KubeObject, ObjectRef } from '../../core/index.ts';
import { refOf } from '../../core/index.ts';
import type { KroCompatibility } from '../../graph/index.ts';
import { LiveSchemas } from '../../kube/index.ts';
import type { PlanContext } from '../plan/plan-context.ts';
import { checkDefinition } from '../upgrade/check-definition.ts';
import { instancesOf } from '../upgrade/instances-of.ts';

/** What kro's controller does otherwise with an object than this one. */
export interface HandBackFinding {
  readonly object: ObjectRef;
  /** What kro does not take or know. */
  readonly problem: string;
  readonly effect: string;
}

const PREFIX = 'typekro.dev/';

/** What the absence of each annotation's effect means. */
const EFFECTS: Readonly<Record<string, string>> = {
  'typekro.dev/revision': 'it follows the newest revision at once',
  'typekro.dev/canary': 'new revisions go to all instances at once',
  'typekro.dev/adoption': 'objects that exist are taken over without a question',
  'typekro.dev/service-account': "children are written with the rights of kro's own account",
  'typekro.dev/namespaces': 'templates may put objects into any namespace',
  'typekro.dev/deletion-policy': 'its objects are deleted with it',
};

/** Looks for definitions that the controller of kro refuses, and for annotations whose effect ends with this controller. */
export async function handBackFindings(planned: PlanContext, to: KroCompatibility): Promise<HandBackFinding[]> {
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
  return findings;
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
