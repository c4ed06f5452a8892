/** `web` → `Web`. */
export function upperFirst(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** `web-app` and `my kind` → `WebApp` and `MyKind`: letters and digits of every word, capitalised. */
export function pascalCase(text: string): string {
  return text
    .split(/[^A-Za-z0-9]+/)
    .map(upperFirst)
    .join('');
}
