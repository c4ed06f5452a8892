/** Is the path of a field that of `outer`, or of a field inside it: a member or an item? */
export const isAtOrInside = (path: string, outer: string): boolean =>
  path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
