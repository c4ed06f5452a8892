/** Maps current labels to the deprecated labels that they replaced, which old node selectors still use. */
const REPLACED_LABELS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
]);

/** Returns the labels of a node, in which each deprecated label has the value of its replacement. */
export function withReplacedLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const result = { ...labels };
  for (const [label, replaced] of REPLACED_LABELS) {
    const value = labels[label];
    if (value !== undefined) result[replaced] = value;
  }
  return result;
}
