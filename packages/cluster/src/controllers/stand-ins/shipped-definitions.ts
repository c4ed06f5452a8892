import type { KubeObject } from '@typekro/kit/core';
import { parseJson, shippedDefinitionsText } from '@typekro/kit/core';

/** The CustomResourceDefinitions that the package ships for the given API groups. */
export function shippedDefinitions(...groups: readonly string[]): KubeObject[] {
  const lists = parseJson(shippedDefinitionsText()) as unknown as readonly { readonly items: readonly KubeObject[] }[];
  return lists.flatMap(({ items }) => items).filter(({ spec }) => groups.includes(String(spec?.['group'])));
}
