import { count } from '@typekro/kit/core';

/**
 * The message for a selector that matches no object:
 * `maps: there is no ConfigMap with the labels app=shop in namespace team-a`.
 */
export const emptySelectionText = (node: string, kind: string, labels: string, where: string): string =>
  `${node}: there is no ${kind}${labels} ${where}`;

/** Is the message one that `emptySelectionText` returns? */
export const isEmptySelection = (text: string): boolean => /^\w+: there is no /.test(text);

/**
 * Returns the ConfigMap or Secret of a message such as `ConfigMap team-a/settings: data has a, and no b`. Returns
 * undefined for any other message.
 */
export const mapWithoutKey = (text: string): string | undefined =>
  /^((?:ConfigMap|Secret) \S+): data has /.exec(text)?.[1];

/** The first `max` names of fields, by default 5, and the number of the others: `a, b and 3 more fields`. */
export function fieldList(names: readonly string[], max = 5): string {
  const more = names.length > max ? ` and ${count(names.length - max, 'more field')}` : '';
  return names.slice(0, max).join(', ') + more;
}
