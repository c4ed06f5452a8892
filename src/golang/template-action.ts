/**
 * The first action of a Go template, as in a Helm chart: `{{- if .Values.crds }}`. The names are those of Go and of
 * Helm. Other texts in double braces, e.g. in the template of an alert, do not match.
 */
export const TEMPLATE_ACTION =
  /\{\{-?\s*(?:[.$/]|(?:if|else|end|range|with|include|define|template|block|toYaml|quote|printf|tpl|required|default|lookup)\b)/;
