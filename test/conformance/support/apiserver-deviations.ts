/**
 * The cases in which the embedded API server does not give the recorded response, each with the reason. A listed case
 * that passes fails the run.
 */
export const APISERVER_DEVIATIONS: ReadonlyMap<string, string> = new Map();
