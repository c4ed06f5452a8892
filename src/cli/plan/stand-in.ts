import type { ObjectRef } from '../../core/index.ts';

const WORD = /[A-Za-z0-9]/;

/**
 * The text with a stand-in for each occurrence of a name as a whole word: `shop` is a word in `team/shop` and in
 * `shop-db`, and none in `workshop`. An empty name occurs nowhere.
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

/** Texts with stand-ins for the name and the namespace of an instance, so that texts about two instances compare. */
export interface StandIns {
  readonly name: string;
  readonly namespace: string;
}

/** The text without the name and the namespace of the instance. */
export function withoutNames(text: string, { name, namespace }: ObjectRef, standIns: StandIns): string {
  return replaceName(replaceName(text, name, standIns.name), namespace ?? '', standIns.namespace);
}
