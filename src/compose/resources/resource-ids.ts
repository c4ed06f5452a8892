import { upperFirst } from '../../core/index.ts';
/** Matches the resource ids that kro accepts. */
export const ID = /^[a-z][A-Za-z0-9]*$/;

/** Reserved words of kro and CEL, which cannot be ids. */
const RESERVED = new Set(
  (
    'apiVersion context dependency dependencies each externalRef externalReference externalRefs externalReferences graph instance ' +
    'kind metadata namespace object resource resourcegraphdefinition resources root runtime schema self serviceAccountName spec ' +
    'status variables vars version item items true false null in as break const continue else for function if import let loop ' +
    'package return var void while'
  ).split(' '),
);

export function isReservedId(id: string): boolean {
  return RESERVED.has(id);
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
