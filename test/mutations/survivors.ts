/** Mutations that no test catches, by their names, with the reason: equivalent, or the cost of a test that would see it. */
export const SURVIVORS: Readonly<Record<string, string>> = {
  'a text that is long enough is padded':
    'Equivalent: a text of just the width is padded by an empty text, which gives the text itself.',
};
