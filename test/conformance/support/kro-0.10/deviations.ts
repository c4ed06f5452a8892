/** Cases whose expectation this project does not meet, each with its reason. A listed case that passes is a failure. */
export const KRO_0_10_DEVIATIONS: ReadonlyMap<string, string> = new Map([
  [
    'patch-c-10',
    'a running kro names the unknown field first, since a ConfigMap has no status: "parse patch payload: error getting field schema for path .status"',
  ],
]);
