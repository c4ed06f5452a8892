import { type KubeObject, type ObjectRef, refOf } from '@typekro/kit/core';

/** A difference between kro's controller and TypeKro's controller in the handling of an object. */
export interface HandBackFinding {
  /** Absent if the finding is about a failed read, after which other findings may be missing. */
  readonly object?: ObjectRef;
  /** The part that kro refuses or handles differently, or the objects that could not be read. */
  readonly problem: string;
  readonly effect: string;
}

const PREFIX = 'typekro.dev/';

/** Maps an annotation to the consequence when a controller ignores it. */
const EFFECTS: Readonly<Record<string, string>> = {
  'typekro.dev/revision': 'it follows the newest revision at once',
  'typekro.dev/canary': 'new revisions go to all instances at once',
  'typekro.dev/adoption': 'existing objects are adopted without a check',
  'typekro.dev/service-account': "children are written with the rights of kro's own account",
  'typekro.dev/namespaces': 'templates may put objects into any namespace',
  'typekro.dev/deletion-policy': 'its objects are deleted with it',
};

/** Finds the annotations of an object that TypeKro's controller obeys and kro's controller ignores. */
export function annotationFindings(object: KubeObject): HandBackFinding[] {
  return Object.entries(object.metadata.annotations ?? {})
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, value]) => ({
      object: refOf(object),
      problem: `${key}: ${value} no longer has an effect`,
      effect: (Object.hasOwn(EFFECTS, key) ? EFFECTS[key] : undefined) ?? 'kro ignores it',
    }));
}
