/**
 * Matches the first action of a Go template, as in a Helm chart: `{{- if .Values.crds }}`. The recognized keywords and
 * functions are those of Go and of Helm. Actions with the same form in other templates also match, such as
 * `{{ $labels.instance }}` in an alert.
 */
export const TEMPLATE_ACTION =
  /\{\{-?\s*(?:[.$/]|(?:if|else|end|range|with|include|define|template|block|toYaml|quote|printf|tpl|required|default|lookup)\b)/;
