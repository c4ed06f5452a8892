import type { FaultRule, Faults } from '@typekro/cluster';
import { type JsonObject, TypeKroError, nearestName } from '@typekro/kit/core';
import { type RequestedRule, MAX_RULES } from './read-fault-rules.ts';

/** A rule of faults as the control interface lists it. */
export interface ShownRule {
  readonly name: string;
  /** The rule as its client wrote it. */
  readonly rule: JsonObject;
  /** The number of requests that the rule has hit. */
  readonly hits: number;
  /** Can the rule still hit requests? For a removed rule, the value from before its removal. */
  readonly active: boolean;
}

interface HeldRule {
  readonly requested: RequestedRule;
  readonly rule: FaultRule;
}

/**
 * The fault rules that clients of the control interface added, keyed by name. A rule that is used up stays in the list.
 */
export class HeldFaults {
  readonly #faults: Faults;
  readonly #held = new Map<string, HeldRule>();
  #added = 0;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /**
   * Adds all rules, or none if one of them is refused. A rule without a name gets the next free name of the form
   * `rule-1`, `rule-2`, ….
   *
   * @throws TypeKroError `cluster/faults` for a name that another rule has, and for too many rules.
   */
  add(rules: readonly RequestedRule[]): readonly ShownRule[] {
    if (this.#held.size + rules.length > MAX_RULES) {
      throw refused(
        `the cluster has ${this.#held.size} rules, and can have at most ${MAX_RULES}`,
        'remove rules first',
      );
    }
    const names = new Set<string>();
    for (const { name } of rules) {
      if (name === undefined) continue;
      if (this.#held.has(name)) {
        throw refused(`there is already a rule "${name}"`, `remove it first, or choose another name`);
      }
      if (names.has(name)) throw refused(`two of the new rules are named "${name}"`, 'give each rule its own name');
      names.add(name);
    }
    return rules.map((requested) => {
      const name = requested.name ?? this.#freeName(names);
      const rule = this.#faults.add(requested.match, requested.fault, requested.options);
      this.#held.set(name, { requested, rule });
      return shownRule(name, { requested, rule });
    });
  }

  list(): readonly ShownRule[] {
    return [...this.#held].map(([name, held]) => shownRule(name, held));
  }

  /**
   * Removes a rule, and returns its last state.
   *
   * @throws TypeKroError `cluster/faults` for a name without a rule.
   */
  remove(name: string): ShownRule {
    const held = this.#held.get(name);
    if (held === undefined) throw missingRule(name, [...this.#held.keys()]);
    held.rule.remove();
    this.#held.delete(name);
    return shownRule(name, held);
  }

  clear(): void {
    for (const { rule } of this.#held.values()) rule.remove();
    this.#held.clear();
  }

  #freeName(taken: ReadonlySet<string>): string {
    let name: string;
    do {
      this.#added += 1;
      name = `rule-${this.#added}`;
    } while (this.#held.has(name) || taken.has(name));
    return name;
  }
}

function shownRule(name: string, { requested, rule }: HeldRule): ShownRule {
  return { name, rule: requested.source, hits: rule.hits, active: rule.hits < requested.options.times };
}

/** The error for a name that no rule has. */
export function missingRule(name: string, names: readonly string[]): TypeKroError {
  const near = nearestName(name, names);
  return refused(`there is no rule "${name}"`, near === undefined ? 'list the rules first' : `did you mean ${near}?`);
}

const refused = (message: string, remedy: string): TypeKroError =>
  new TypeKroError(message, { code: 'cluster/faults', remedy });
