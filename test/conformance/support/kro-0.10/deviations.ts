/**
 * Cases whose expectation this project does not meet, and cases that a test cannot observe. Maps the id of a case to
 * the reason. A listed case that passes is a failure.
 */
export const KRO_0_10_DEVIATIONS: ReadonlyMap<string, string> = new Map([
  [
    'patch-c-10',
    'a running kro names the unknown field first, since a ConfigMap has no status: "parse patch payload: error getting field schema for path .status"',
  ],
  ['apply-15', "a running kro writes the object of the first node and refuses that of the second, as this project does"],
  [
    'backoff-02',
    'no instance waits for a timer: watches bring the next pass, and refused writes have pauses of their own; --instance-requeue-interval has no effect (docs/controller-differences.md, W3 and W9)',
  ],
  ['inst-03', 'no revision is pending: the controller compiles a revision before it issues it'],
]);
