/** The labels that Kubernetes has replaced, by their replacements. Old node selectors have the replaced labels. */
const REPLACED_LABELS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
]);

/** The labels of a node, in which each replaced label has the value of its replacement. */
export function withReplacedLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const result = { ...labels };
  for (const [label, replaced] of REPLACED_LABELS) {
    const value = labels[label];
    if (value !== undefined) result[replaced] = value;
  }
  return result;
}
