/**
 * Expands `$(NAME)` in a command, an argument or a variable, as Kubernetes does: `$$` becomes a dollar sign, and a
 * reference to an unknown variable is not replaced.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(REFERENCE, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return variables.get(name) ?? whole;
  });
}

/** The sorted names of the unknown or empty variables to which a string refers. */
export function missingVariables(text: string, variables: ReadonlyMap<string, string>): readonly string[] {
  const names = [...text.matchAll(REFERENCE)].flatMap(([, name]) => name ?? []);
  return [...new Set(names.filter((name) => (variables.get(name) ?? '') === ''))].sort();
}

const REFERENCE = /\$(?:\$|\(([^)]*)\))/g;
