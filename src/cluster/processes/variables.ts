/**
 * Expands `$(NAME)` in the text of a command, an argument or a variable, as Kubernetes does: `$$` is a dollar sign, and
 * a reference to an unknown variable stays as it is.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(REFERENCE, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return variables.get(name) ?? whole;
  });
}

/** The names of the references in a text to variables that are unknown or empty; sorted. */
export function missingVariables(text: string, variables: ReadonlyMap<string, string>): readonly string[] {
  const names = [...text.matchAll(REFERENCE)].flatMap(([, name]) => name ?? []);
  return [...new Set(names.filter((name) => (variables.get(name) ?? '') === ''))].sort();
}

const REFERENCE = /\$(?:\$|\(([^)]*)\))/g;
