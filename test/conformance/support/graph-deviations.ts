const BOTH_OR_NEITHER =
  'kro 0.9.3 leaves it to the API server to refuse an externalRef without exactly one of name and selector; 0.9.4 has the compiler refuse it, and its CRD no rule';

/**
 * Recorded cases for which this compiler's result differs from kro's, each with the reason. A case that passes must not
 * be in this list.
 */
export const GRAPH_DEVIATIONS: ReadonlyMap<string, string> = new Map(
  ['externalRef-007', 'externalRef-009', 'externalRef-010', 'externalRef-029'].map((name) => [name, BOTH_OR_NEITHER]),
);
