import type { KubeObject } from '../../core/index.ts';
import { refOf } from '../../core/index.ts';
import type { HandBackFinding } from './hand-back-finding.ts';

const PREFIX = 'typekro.dev/';

/** The consequence when a controller ignores an annotation, by its name. */
const EFFECTS: Readonly<Record<string, string>> = {
  'typekro.dev/revision': 'it follows the newest revision at once',
  'typekro.dev/canary': 'new revisions go to all instances at once',
  'typekro.dev/adoption': 'existing objects are adopted without a check',
  'typekro.dev/service-account': "children are written with the rights of kro's own account",
  'typekro.dev/namespaces': 'templates may put objects into any namespace',
  'typekro.dev/deletion-policy': 'its objects are deleted with it',
};

/** The annotations of an object that only TypeKro's controller obeys. */
export function annotationFindings(object: KubeObject): HandBackFinding[] {
  return Object.entries(object.metadata.annotations ?? {})
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, value]) => ({
      object: refOf(object),
      problem: `${key}: ${value} has no effect any more`,
      effect: (Object.hasOwn(EFFECTS, key) ? EFFECTS[key] : undefined) ?? 'kro ignores it',
    }));
}
