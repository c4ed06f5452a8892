/**
 * Expands `$(NAME)` in the text of a command, an argument or a variable, as Kubernetes does: `$$` is a dollar sign, and
 * a reference to an unknown variable stays as it is.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return variables.get(name) ?? whole;
  });
}
