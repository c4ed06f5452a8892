import { type JsonObject, oncePerObject } from '@typekro/kit/core';
import { asTexts } from '@typekro/kit/kubernetes';

/** An action on a resource, or on a path that is not a resource, in any namespace. */
export interface RightAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Set for a path that is not a resource. */
  readonly path?: string;
}

/** A member of rules, and the texts of which a rule must have one. `undefined` stands for a list without texts. */
type Wanted = readonly [member: string, texts: readonly (string | undefined)[]];

/** The conditions of rules that allow an action. */
export function wantedOf({ verb, group, resource, subresource, name, path }: RightAttributes): readonly Wanted[] {
  const verbs = ['verbs', ['*', verb]] as const;
  if (path !== undefined) return [[URLS, [path]], verbs];
  const resources = subresource === '' ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`];
  return [['resources', ['*', ...resources]], ['apiGroups', ['*', group]], verbs, ['resourceNames', [undefined, name]]];
}

const URLS = 'nonResourceURLs';

/** The rights in the rules of a role. Tens of thousands of rules are read once instead of for each request. */
export const rightsIn = oncePerObject((rules: readonly JsonObject[]) => new HeldRights(rules));

const textsOf = (rule: JsonObject, member: string): Wanted[1] => {
  const texts = asTexts(rule[member]);
  return texts.length === 0 ? [undefined] : texts;
};

/** Rules with an index. A member of the rules is read when an action has all the members before it. */
class HeldRights {
  readonly #rules: readonly JsonObject[];
  readonly #positions = new Map<string, Map<string | undefined, number[]>>();
  /** The lengths of the URLs that end with a star, without the star. */
  readonly #prefixLengths = new Set<number>();

  constructor(rules: readonly JsonObject[]) {
    this.#rules = rules;
  }

  /** Does one of the rules meet all conditions? Adds the number of look-ups and comparisons to `work`. */
  covers(wanted: readonly Wanted[], work = { steps: 0 }): boolean {
    const members = [];
    for (const [member, own] of wanted) {
      const positions = this.#positions.get(member) ?? this.#read(member);
      const texts = member === URLS ? [...own, ...this.#prefixesOf(own[0]!)] : own;
      work.steps += texts.length;
      const lists = texts.map((text) => positions.get(text)).filter((list) => list !== undefined);
      if (lists.length === 0) return false;
      members.push({ member, texts, lists, size: lists.reduce((sum, { length }) => sum + length, 0) });
    }
    const [least, ...others] = members.toSorted((a, b) => a.size - b.size);
    let found = least!.lists.flat();
    for (const { member, texts, lists, size } of others) {
      if (found.length * 16 < size) {
        found = found.filter((at) => {
          const own = textsOf(this.#rules[at]!, member);
          work.steps += own.length;
          return own.some((text) => texts.includes(text));
        });
        continue;
      }
      work.steps += size;
      const marks = new Uint8Array(this.#rules.length);
      for (const list of lists) for (const at of list) marks[at] = 1;
      found = found.filter((at) => marks[at] === 1);
    }
    return found.length > 0;
  }

  #prefixesOf(path: string): string[] {
    const lengths = [...this.#prefixLengths].filter((length) => length <= path.length);
    return lengths.map((length) => `${path.slice(0, length)}*`);
  }

  #read(member: string): ReadonlyMap<string | undefined, number[]> {
    const read = new Map<string | undefined, number[]>();
    this.#positions.set(member, read);
    for (const [position, rule] of this.#rules.entries()) {
      for (const text of textsOf(rule, member)) {
        const known = read.get(text);
        if (known === undefined) read.set(text, [position]);
        else if (known.at(-1) !== position) known.push(position);
        if (member === URLS && text?.endsWith('*') === true) this.#prefixLengths.add(text.length - 1);
      }
    }
    return read;
  }
}
