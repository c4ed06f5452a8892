/** Objects that were not found: `maps: there is no ConfigMap with the labels app=shop in namespace team-a`. */
export const emptySelectionText = (node: string, kind: string, labels: string, where: string): string =>
  `${node}: there is no ${kind}${labels} ${where}`;

/** Does a text that was found say that no object matches an external collection? */
export const isEmptySelection = (text: string): boolean => /^\w+: there is no /.test(text);

/** The map in a text such as `ConfigMap team-a/settings: data has a, and no b`; undefined in any other text. */
export const mapWithoutKey = (text: string): string | undefined =>
  /^((?:ConfigMap|Secret) \S+): data has /.exec(text)?.[1];
