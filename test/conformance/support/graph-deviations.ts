const BOTH_OR_NEITHER =
  'an externalRef needs exactly one of name and selector: in kro 0.9.3 a rule of the CRD checks this; in 0.9.4 the compiler checks it, and the CRD has no rule';

/**
 * The recorded cases in which the result of this compiler differs from kro's, each with the reason. A case that passes
 * must not be in this list.
 */
export const GRAPH_DEVIATIONS: ReadonlyMap<string, string> = new Map(
  ['externalRef-007', 'externalRef-009', 'externalRef-010', 'externalRef-029'].map((name) => [name, BOTH_OR_NEITHER]),
);
