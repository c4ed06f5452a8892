/** Mutations that no test catches, by their names, with the reason: equivalent, or the cost of a test that would see it. */
export const SURVIVORS: Readonly<Record<string, string>> = {};
