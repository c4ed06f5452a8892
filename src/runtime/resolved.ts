import type { JsonValue, KubeObject } from '../core/index.ts';
import type { Because } from './report.ts';
import type { ObjectTarget } from './target.ts';

/**
 * The objects that a node wants, or the reason why they are not known. `value` is the value of a node without objects.
 */
export type Resolved =
  | { readonly state: 'resolved'; readonly wanted: readonly WantedObject[]; readonly value?: JsonValue }
  | { readonly state: 'unresolved'; readonly reason: Unresolved };

/**
 * The identities of a node's objects when its template cannot be filled. Undefined when the identities are not known
 * either; a reason when one of them is refused.
 */
export type Identities = readonly ObjectTarget[] | Unresolved | undefined;

/** An object that a node wants, with the labels and annotations that kro adds. */
export interface WantedObject {
  readonly target: ObjectTarget;
  readonly desired: KubeObject;
}

/** Why the objects that a node wants are not known. The node may have objects from before. */
export interface Unresolved {
  readonly state: 'pending' | 'failed' | 'blocked';
  readonly because: Because;
  readonly message?: string;
}
