import { withSpec } from './codes-example.ts';
import type { CodeInfo } from './code-info.ts';

const warning = (code: string, summary: string, example: string, remedy: string): CodeInfo => ({
  code,
  severity: 'warning',
  summary,
  example,
  remedy,
});

/** What kro takes and a person should know. */
export const warningCodes: readonly CodeInfo[] = [
  warning(
    'graph/refused-by-api-server',
    'kro compiles the definition, but its own CustomResourceDefinition does not let it into the cluster.',
    withSpec('schema: {apiVersion: "1.0", kind: App, group: example.com}'),
    'Correct the value that is named.',
  ),
];
