import type { KubeObject } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import type { ObjectType } from '@typekro/engine/runtime';
import type { ActingIdentity } from './acting-identity.ts';
import type { Policies } from './definition/definition-policies.ts';
import type { Canary } from './rollout/canary.ts';

/** A kind whose instances the controller works on, with the graph and the identity for their passes. */
export interface ServedKind {
  readonly definition: string;
  readonly definitionUid: string;
  readonly type: ObjectType;
  /** `undefined` when no revision works. Instances then get a failure in their status, and can still be deleted. */
  readonly graph?: Graph;
  /** The reason why there is no graph, as the status of an instance shows it. */
  readonly failure?: string;
  /**
   * The Graphs that made this Graph, as `namespace/name`: the direct maker first, then the maker of that Graph, and so
   * on.
   */
  readonly makers?: readonly string[];
  /** Does the graph not compile because a kind is missing? The caller then tries again after a pause. */
  readonly isKindMissing?: true;
  /** The reason why the objects of a deleted Graph may not be deleted with this identity. */
  readonly deletionProblem?: string;
  /** Does the definition declare its own conditions? Set only when there is no graph. */
  readonly authorConditions?: boolean;
  readonly revision: number;
  /** The newest revision of a definition with `propagateWhen`, also for instances that follow an earlier revision. */
  readonly newestRevision?: number;
  readonly policies: Policies;
  readonly identity: ActingIdentity;
  /**
   * Set for a Graph, which is the instance of its own graph. As in kro, its pass uses single requests to read objects
   * that the identity may not list and watch. For an instance of a definition, such objects are a failure.
   */
  readonly origin?: 'graph';
  /**
   * The state of the Graph for which the graph and the identity were chosen; set only for a Graph. After a change of
   * the generation, or a deletion, both must be chosen again.
   */
  readonly chosenFor?: ChosenState;
  /** Set only while some instances do not follow `revision`. */
  readonly canary?: Canary;
}

/** The state of an instance or a Graph on which a decision about it depends. */
export interface ChosenState {
  readonly uid?: string | undefined;
  readonly generation?: number | undefined;
  readonly deletionTimestamp?: string | undefined;
}

/** Was this served kind chosen for the current state of the object? */
export function isChosenFor({ chosenFor }: ServedKind, object: KubeObject): boolean {
  return chosenFor === undefined || isOfState(object, chosenFor);
}

/** Does the object still have this UID, generation and deletion time? */
export function isOfState({ metadata }: KubeObject, { uid, generation, deletionTimestamp }: ChosenState): boolean {
  return metadata.uid === uid && metadata.generation === generation && metadata.deletionTimestamp === deletionTimestamp;
}

/** The served kinds. One definition serves one kind, and no kind is served by two definitions. */
export class ServedKinds {
  readonly #byKind = new Map<string, ServedKind>();
  readonly #byDefinition = new Map<string, string>();

  of(group: string, kind: string): ServedKind | undefined {
    return this.#byKind.get(`${group}/${kind}`);
  }

  ofDefinition(definition: string): ServedKind | undefined {
    const key = this.#byDefinition.get(definition);
    return key === undefined ? undefined : this.#byKind.get(key);
  }

  /** Starts serving a kind, or changes how it is served. Returns false when nothing changed. */
  serve(served: ServedKind): boolean {
    const key = `${served.type.group}/${served.type.kind}`;
    const before = this.#byKind.get(key);
    if (
      before !== undefined &&
      before.graph === served.graph &&
      before.failure === served.failure &&
      before.authorConditions === served.authorConditions &&
      before.revision === served.revision &&
      before.definitionUid === served.definitionUid &&
      before.identity === served.identity &&
      before.canary?.key === served.canary?.key &&
      samePolicies(before.policies, served.policies)
    ) {
      return false;
    }
    this.#byKind.set(key, served);
    this.#byDefinition.set(served.definition, key);
    return true;
  }

  /** Stops serving a definition. Returns the kind that it served; `undefined` when it served none. */
  withdraw(definition: string): ServedKind | undefined {
    const served = this.ofDefinition(definition);
    if (served === undefined) return undefined;
    this.#byKind.delete(`${served.type.group}/${served.type.kind}`);
    this.#byDefinition.delete(definition);
    return served;
  }

  all(): Iterable<ServedKind> {
    return this.#byKind.values();
  }
}

/**
 * The ids of the instances whose revision changes with a step of a roll-out. `undefined` when the revision of any
 * instance may change. This is so if no roll-out runs before the step, if none runs after it, or if the step changes
 * more than the members of the roll-out.
 */
export function movedInstances(
  before: ServedKind | undefined,
  after: ServedKind | undefined,
): readonly string[] | undefined {
  const [from, to] = [before?.canary?.members, after?.canary?.members];
  if (before === undefined || after === undefined || from === undefined || to === undefined) return undefined;
  const isSame =
    before.graph === after.graph &&
    before.revision === after.revision &&
    before.definitionUid === after.definitionUid &&
    before.identity === after.identity &&
    before.canary?.base.revision === after.canary?.base.revision &&
    before.canary?.base.graph === after.canary?.base.graph &&
    samePolicies(before.policies, after.policies);
  return isSame ? [...from, ...to].filter((id) => from.has(id) !== to.has(id)) : undefined;
}

/** The type of the instances of a graph. */
export function instanceTypeOf(graph: Graph): ObjectType {
  const { group, version, kind, plural, namespaced } = graph.instance;
  return { group, version, kind, plural, namespaced };
}

function samePolicies(a: Policies, b: Policies): boolean {
  const text = ({ adoption, nodeAdoption, namespaces, budget, explain }: Policies) =>
    JSON.stringify([adoption, [...nodeAdoption], namespaces, budget, explain]);
  return text(a) === text(b);
}
