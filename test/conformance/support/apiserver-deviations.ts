/**
 * The cases in which the response of the embedded API server differs from the recorded one, each with the reason. If a
 * listed case passes, the run fails.
 */
export const APISERVER_DEVIATIONS: ReadonlyMap<string, string> = new Map();
