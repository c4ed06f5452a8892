import { type KubeObject, TypeKroError } from '@typekro/kit/core';
import { type AnnotatedRules, type PodRules, annotatedRules, ruleProblem } from './pod-rules.ts';

/** Selects the pods to which rules apply: the pods that meet all conditions. */
export interface PodMatch {
  /** Default: all namespaces. */
  readonly namespace?: string;
  /** Default: all names. */
  readonly name?: string;
  /** Labels that the pod must have. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The handle for rules that `simulate` has set. */
export interface SimulatedPods {
  /** Removes the rules. The pods then follow their annotations and the other rules. A second call does nothing. */
  remove(): void;
}

/** Sets rules for the simulated lifecycle of pods. */
export interface PodSimulation {
  /**
   * Sets rules for existing and future pods. Each member of the rules takes precedence over the same member of earlier
   * rules and annotations. For a pod that has already started, times count from this call. Completed pods do not
   * change.
   *
   * @throws TypeKroError `cluster/invalid-pod-rule` for an unknown rule or an invalid value, and `cluster/no-pods` when
   *   the cluster has no controllers.
   */
  simulate(match: PodMatch, rules: PodRules): SimulatedPods;
}

interface Entry {
  readonly match: PodMatch;
  readonly rules: PodRules;
  readonly since: number;
}

/** The rules that apply to one pod. */
export interface EffectiveRules extends AnnotatedRules {
  /**
   * The time from which the times in the rules count, in milliseconds since the epoch. `undefined` means the start of
   * the pod.
   */
  readonly since: number | undefined;
}

/** The rules for pods of a cluster. */
export class PodRuleSet implements PodSimulation {
  readonly #now: () => number;
  readonly #defaults: PodRules;
  readonly #entries = new Set<Entry>();
  readonly #listeners: ((match: PodMatch) => void)[] = [];

  /**
   * `defaults` are the rules of pods without annotations.
   *
   * @throws TypeKroError `cluster/invalid-pod-rule` for an unknown rule or an invalid value in `defaults`.
   */
  constructor(now: () => number, defaults: PodRules = {}) {
    checkRules(defaults);
    this.#now = now;
    this.#defaults = definedRules(defaults);
  }

  simulate(match: PodMatch, rules: PodRules): SimulatedPods {
    checkRules(rules);
    const entry = { match: { ...match }, rules: definedRules(rules), since: this.#now() };
    this.#entries.add(entry);
    this.#changed(match);
    return {
      remove: () => {
        if (this.#entries.delete(entry)) this.#changed(match);
      },
    };
  }

  /** Calls the listener with the `PodMatch` of each rule that is added or removed. */
  onChange(listener: (match: PodMatch) => void): void {
    this.#listeners.push(listener);
  }

  /** The rules of a pod. */
  of(pod: KubeObject): EffectiveRules {
    const annotated = annotatedRules(pod);
    let rules = { ...this.#defaults, ...annotated.rules };
    let since: number | undefined;
    for (const entry of this.#entries) {
      if (!matchesPod(entry.match, pod)) continue;
      rules = { ...rules, ...entry.rules };
      since = entry.since;
    }
    return { rules, problems: annotated.problems, since };
  }

  #changed(match: PodMatch): void {
    for (const listener of this.#listeners) listener(match);
  }
}

/** Removes members with the value `undefined`, so that they do not override earlier rules and annotations. */
const definedRules = (rules: PodRules): PodRules =>
  Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));

function checkRules(rules: PodRules): void {
  const problem = ruleProblem(rules as Readonly<Record<string, unknown>>);
  if (problem === undefined) return;
  throw new TypeKroError(problem, {
    code: 'cluster/invalid-pod-rule',
    remedy: 'docs/testing.md has the rules of pods and their values',
  });
}

/** Does the pod meet the conditions? */
export function matchesPod({ namespace, name, labels = {} }: PodMatch, { metadata }: KubeObject): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  if (name !== undefined && metadata.name !== name) return false;
  const own = metadata.labels ?? {};
  return Object.entries(labels).every(([key, value]) => Object.hasOwn(own, key) && own[key] === value);
}
