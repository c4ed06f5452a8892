/**
 * Recorded answers of an API server that ours differs from, by case, each with the reason. A case that
 * stands here must differ: when it passes, the run fails until it is taken out.
 */
export const APISERVER_DEVIATIONS: ReadonlyMap<string, string> = new Map();
