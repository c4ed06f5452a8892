import type { JsonObject } from '@typekro/kit/core';
import { asTexts } from '@typekro/kit/kubernetes';
import { type Attributes, covers } from './authorizer.ts';

/** The maximum number of entries of the index for one rule. A rule with more rights is compared with each right. */
const MAX_INDEXED_RIGHTS = 32;

/** The steps of a look-up in the index. A comparison with a rule outside of the index is one step. */
const LOOKUP_STEPS = 50;

/** The maximum number of steps. A step takes less than a microsecond, and no other request is served meanwhile. */
const MAX_STEPS = 5_000_000;

/** The key of an entry. Without a name, the entry is for all names. */
const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);

/** The rights of many rules, with an index. The comparison of all rules with all rights would take minutes. */
export class HeldRights {
  readonly #keys = new Set<string>();
  readonly #others: { readonly rule: JsonObject; readonly verbs: ReadonlySet<string> }[] = [];
  #steps = 0;

  constructor(rules: Iterable<JsonObject>) {
    for (const rule of rules) this.#add(rule);
  }

  /** Were there more look-ups than the server can do in a short time? All later rights then count as not held. */
  get isExhausted(): boolean {
    return this.#steps > MAX_STEPS;
  }

  /** Does one of the rules allow the action? */
  covers(attributes: Attributes): boolean {
    this.#steps += LOOKUP_STEPS;
    const { verb, group, resource, subresource, name, path } = attributes;
    const full = subresource === '' ? resource : `${resource}/${subresource}`;
    const verbs = ['*', verb];
    const isIndexed =
      path === undefined
        ? verbs.some((one) =>
            ['*', full, ...(subresource === '' ? [] : [`*/${subresource}`])].some((of) =>
              ['*', group].some((at) =>
                [keyOf(one, at, of), keyOf(one, at, of, name)].some((key) => this.#keys.has(key)),
              ),
            ),
          )
        : verbs.some((one) => ['*', path].some((url) => this.#keys.has(keyOf(one, url))));
    return isIndexed || this.#others.some(({ rule, verbs: own }) => this.#coversAlone(rule, own, attributes));
  }

  #coversAlone(rule: JsonObject, verbs: ReadonlySet<string>, attributes: Attributes): boolean {
    this.#steps += 1;
    if (this.isExhausted || !(verbs.has('*') || verbs.has(attributes.verb))) return false;
    this.#steps += ['apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'].reduce(
      (sum, key) => sum + asTexts(rule[key]).length,
      0,
    );
    return covers(rule, attributes);
  }

  #add(rule: JsonObject): void {
    const [verbs, groups, resources, urls] = ['verbs', 'apiGroups', 'resources', 'nonResourceURLs'].map((key) =>
      asTexts(rule[key]),
    ) as [string[], string[], string[], string[]];
    const names = asTexts(rule['resourceNames']);
    const isWide =
      verbs.length * (groups.length * resources.length * Math.max(1, names.length) + urls.length) > MAX_INDEXED_RIGHTS;
    // A URL with a star at its end stands for many paths.
    if (isWide || urls.some((url) => url.length > 1 && url.endsWith('*'))) {
      this.#others.push({ rule, verbs: new Set(verbs) });
      return;
    }
    for (const verb of verbs) {
      for (const url of urls) this.#keys.add(keyOf(verb, url));
      for (const group of groups)
        for (const resource of resources)
          if (names.length === 0) this.#keys.add(keyOf(verb, group, resource));
          else for (const name of names) this.#keys.add(keyOf(verb, group, resource, name));
    }
  }
}
