import type { JsonValue, KubeObject } from '@typekro/kit/core';
import type { Because } from './report.ts';
import type { ObjectTarget } from './objects/target.ts';

/**
 * The objects that a node wants, or the reason why they are unknown. `value` is the value of a node that has no
 * objects.
 */
export type Resolved =
  | { readonly state: 'resolved'; readonly wanted: readonly WantedObject[]; readonly value?: JsonValue }
  | { readonly state: 'unresolved'; readonly reason: Unresolved };

/**
 * The identities of the objects of a node whose template cannot be filled. Undefined if the identities are unknown too;
 * a reason if an identity is refused.
 */
export type Identities = readonly ObjectTarget[] | Unresolved | undefined;

/** An object that a node wants, with the labels and annotations that kro adds. */
export interface WantedObject {
  readonly target: ObjectTarget;
  readonly desired: KubeObject;
}

/** The reason why the objects that a node wants are unknown. Objects of earlier passes may exist. */
export interface Unresolved {
  readonly state: 'pending' | 'failed' | 'blocked';
  readonly because: Because;
  readonly message?: string;
}
