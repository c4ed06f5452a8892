const SPACE = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING = new RegExp(`^[${SPACE}]+`);
const ONE_SPACE = new RegExp(`[${SPACE}]`);

/** Is this character white space according to Go's `unicode.IsSpace`? */
export function isGoSpace(character: string): boolean {
  return ONE_SPACE.test(character);
}

/** Removes Go's white space at both ends. */
export function goTrim(text: string): string {
  let end = text.length;
  while (end > 0 && isGoSpace(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end).replace(LEADING, '');
}

/**
 * Matches the first action of a Go template, as in a Helm chart: `{{- if .Values.crds }}`. An action begins with
 * a field, a variable, a literal, a parenthesis, a comment, a keyword of Go, or a function. The recognized functions are
 * those of Go, and those of Helm that charts often call first. Actions with the same form in other templates also match,
 * such as `{{ $labels.instance }}` in an alert.
 */
export const TEMPLATE_ACTION =
  /\{\{-?\s*(?:[.$/("`]|(?:if|else|end|range|with|break|continue|define|template|block|and|or|not|eq|ne|lt|le|gt|ge|len|index|slice|call|html|js|urlquery|print|printf|println|include|tpl|required|default|coalesce|ternary|lookup|fail|quote|squote|toYaml|toJson|fromYaml|fromJson|indent|nindent|trim|lower|upper|list|dict|randAlphaNum|genCA|now)\b)/;
