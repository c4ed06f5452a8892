import { upperFirst } from '@typekro/kit/core';
import { isReservedWord } from '@typekro/engine/graph';

/** Matches the resource ids that kro accepts. */
export const ID = /^[a-z][A-Za-z0-9]*$/;

/** Does at least one level of kro reserve the word, so that it cannot be an id or an iterator? */
export function isReservedId(id: string): boolean {
  return isReservedWord(id, '0.10');
}

/** `my-app_name` → `myAppName`. */
export function camelCase(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const joined = words.map((word, position) => (position === 0 ? lowerFirst(word) : upperFirst(word))).join('');
  return /^[a-z]/.test(joined) ? joined : `r${upperFirst(joined)}`;
}

/** `myApp` → `my-app`: the name of a definition. */
export function kebabCase(text: string): string {
  return text.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
}

const lowerFirst = (word: string): string => word.charAt(0).toLowerCase() + word.slice(1);
