/**
 * Recorded cases of the graph compiler that we answer otherwise, each with its reason. A case that passes
 * may not stand here.
 */
export const GRAPH_DEVIATIONS: ReadonlyMap<string, string> = new Map([]);
