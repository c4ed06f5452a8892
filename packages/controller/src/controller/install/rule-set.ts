import type { JsonObject } from '@typekro/kit/core';

/** A rule of a Role or ClusterRole. */
export interface RoleRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** The verbs in the order of the output. */
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'impersonate'] as const;

/** A verb that the rules of a `RuleSet` may grant. */
export type Verb = (typeof VERBS)[number];

/** Collects verbs on resources. Each resource is in one rule. */
export class RuleSet {
  readonly #byResource = new Map<string, { group: string; resource: string; verbs: Set<Verb> }>();

  /** Adds verbs on a resource of an API group. `resource` may have a subresource, such as `/status`. */
  add(group: string, resource: string, verbs: readonly Verb[]): void {
    const key = `${group}/${resource}`;
    const known = this.#byResource.get(key) ?? { group, resource, verbs: new Set<Verb>() };
    this.#byResource.set(key, known);
    for (const verb of verbs) known.verbs.add(verb);
  }

  /** The sorted rules. Resources of one group with equal verbs share a rule. */
  rules(): RoleRule[] {
    const together = new Map<string, { group: string; verbs: string[]; resources: string[] }>();
    for (const { group, resource, verbs } of this.#byResource.values()) {
      const inOrder = VERBS.filter((verb) => verbs.has(verb));
      const key = JSON.stringify([group, inOrder]);
      const rule = together.get(key) ?? { group, verbs: inOrder, resources: [] };
      together.set(key, rule);
      rule.resources.push(resource);
    }
    return [...together.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { group, verbs, resources }]) => ({ apiGroups: [group], resources: resources.sort(), verbs }));
  }
}

/** The rules in the JSON form of a role. */
export function ruleObjects(rules: readonly RoleRule[]): JsonObject[] {
  return rules.map(({ apiGroups, resources, verbs, resourceNames }) => ({
    apiGroups: [...apiGroups],
    resources: [...resources],
    ...(resourceNames === undefined ? {} : { resourceNames: [...resourceNames] }),
    verbs: [...verbs],
  }));
}
