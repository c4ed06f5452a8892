import type { ObjectRef } from '@typekro/kit/core';

const WORD = /[A-Za-z0-9]/;

/**
 * Replaces a name with a placeholder wherever the name is a whole word. `shop` is a word in `team/shop` and in
 * `shop-db`, but not in `workshop`. An empty name is never replaced.
 */
export function replaceName(text: string, name: string, standIn: string): string {
  if (name === '') return text;
  let result = '';
  let from = 0;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + name.length)) {
    const end = at + name.length;
    if (WORD.test(text.charAt(at - 1)) || WORD.test(text.charAt(end))) continue;
    result += text.slice(from, at) + standIn;
    from = end;
  }
  return result + text.slice(from);
}

/**
 * The placeholders for the name and the namespace of an instance. They make messages about two instances comparable.
 */
export interface StandIns {
  readonly name: string;
  readonly namespace: string;
}

/** Replaces the name and the namespace of the instance with placeholders. */
export function withoutNames(text: string, { name, namespace }: ObjectRef, standIns: StandIns): string {
  return replaceName(replaceName(text, name, standIns.name), namespace ?? '', standIns.namespace);
}
