/**
 * Recorded responses that differ from those of the embedded API server, by case, each with the reason. A case in this
 * list that passes fails the run.
 */
export const APISERVER_DEVIATIONS: ReadonlyMap<string, string> = new Map();
