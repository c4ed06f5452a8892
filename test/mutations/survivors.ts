/**
 * Maps the name of a mutation that no test catches to the reason: the mutated code is equivalent, or a test for it
 * costs too much.
 */
export const SURVIVORS: Readonly<Record<string, string>> = {
  'a string that is long enough is padded': 'Equivalent: a string that already has the width gets an empty padding.',
  'a namespace in a loop is applied before the instance':
    'Equivalent for graphs that compile: the name of such a namespace reads the loop variable, so the namespace is not known before the instance.',
  'a change of the status increases the generation':
    'Equivalent: a write to the status changes only the status, and such a change never increases the generation.',
};
