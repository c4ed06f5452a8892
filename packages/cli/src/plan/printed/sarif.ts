import { stringifyJson } from '@typekro/kit/core';
import { packageVersion } from '../../package-version.ts';
import { uriOf } from '../../lint/lint-formats.ts';
import { type Finding, findingsOf } from './findings.ts';
import type { Plan } from '@typekro/controller/inspect';

const RULES: Readonly<Record<Finding['rule'], string>> = {
  'breaking-change': 'A change of the schema that can break existing instances',
  refused: 'The API server or the controller would refuse the definition or the object',
  blocked: 'An instance, or one of its nodes, would be blocked',
  replace: 'A field cannot change: the object is deleted and created again',
  'not-seen': 'The plan could not see or check something',
};

/** Returns the findings of a plan as a SARIF 2.1.0 document. */
export function sarifText(plan: Plan): string {
  const version = packageVersion();
  const rules = Object.entries(RULES).map(([id, text]) => ({ id, shortDescription: { text } }));
  const results = findingsOf(plan).map(({ rule, level, message, file, line }) => ({
    ruleId: rule,
    level,
    message: { text: message },
    locations:
      file === undefined
        ? []
        : [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(file) },
                ...(line === undefined ? {} : { region: { startLine: line } }),
              },
            },
          ],
  }));
  return stringifyJson(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [{ tool: { driver: { name: 'typekro plan', version, rules } }, results }],
    },
    2,
  );
}
