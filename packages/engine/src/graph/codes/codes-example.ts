import type { CodeInfo } from '@typekro/kit/core';
const entryOf =
  (severity: CodeInfo['severity']) =>
  (code: string, summary: string, example: string, remedy: string): CodeInfo => ({
    code,
    severity,
    summary,
    example,
    remedy,
  });

/** The table entry for an error. */
export const error = entryOf('error');

/** The table entry for a warning. */
export const warning = entryOf('warning');

/** Lines of a block, indented. */
function indent(text: string, by: number): string {
  const pad = ' '.repeat(by);
  return text
    .replace(/\s+$/, '')
    .split('\n')
    .map((line) => (line === '' ? line : pad + line))
    .join('\n');
}

const HEAD = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: example
spec:
`;

const SCHEMA = `  schema:
    apiVersion: v1alpha1
    kind: App
    group: example.com
    spec:
      name: string
      count: integer | default=1
      tags: "[]string"
`;

/** A definition with these entries of `spec.resources`. */
export function withResources(resources: string): string {
  return `${HEAD}${SCHEMA}  resources:\n${indent(resources, 4)}\n`;
}

/** A definition with one ConfigMap `config` that contains these lines. */
export function withConfigMap(lines: string): string {
  const map = `- id: config
  template:
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: \${schema.spec.name}`;
  return withResources(`${map}\n${indent(lines, 2)}`);
}

/** A definition whose ConfigMap `config` has this line as its data. */
export function withData(line: string): string {
  return withConfigMap(`  data:\n    ${line}`);
}

/** A definition with a Deployment `app` and these lines in `spec.schema`. */
export function withSchema(lines: string): string {
  const deployment = `- id: app
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: \${schema.spec.name}
    spec:
      selector:
        matchLabels: {app: x}
      template:
        metadata:
          labels: {app: x}
        spec:
          containers:
            - {name: x, image: nginx}`;
  return `${HEAD}${SCHEMA}${indent(lines, 4)}\n  resources:\n${indent(deployment, 4)}\n`;
}

/** A definition in which the spec field `name` has this validation rule. */
export function withRule(rule: string): string {
  return withConfigMap('').replace('name: string', `name: 'string | validation="${rule}"'`);
}

/** A definition with exactly this `spec`. */
export function withSpec(lines: string): string {
  return `${HEAD}${indent(lines, 2)}\n`;
}
