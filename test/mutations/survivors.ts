/**
 * Mutations that no test catches, by name, with the reason: the mutated code is equivalent, or a test for it costs too
 * much.
 */
export const SURVIVORS: Readonly<Record<string, string>> = {
  'a text that is long enough is padded': 'Equivalent: a text that already has the width gets an empty padding.',
  'a namespace in a loop is applied before the instance':
    'Equivalent for graphs that compile: the name of such a namespace reads the variable of the loop, which is known later.',
  'a change of the status increases the generation':
    'Equivalent: a write to the status changes only the status, and such a change never increases the generation.',
};
