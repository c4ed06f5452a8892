import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Diagnostic, JsonValue, SourcePosition } from '@typekro/kit/core';
import { isJsonObject, TypeKroError, nearestName } from '@typekro/kit/core';
import { parseDefinitions } from '@typekro/engine/graph';
import { readTextFile } from '../inputs/read-manifest.ts';
import { documentedCodes } from './file-codes.ts';

/** The effect of a rule's findings: `off` drops them, `warn` and `error` set their severity. */
export type Level = 'off' | 'warn' | 'error';

/**
 * Each pair has the name of a rule, or a pattern for all rules with a prefix (`trace/*`), and the level. The last pair
 * that matches a rule decides.
 */
export type Levels = readonly (readonly [rule: string, level: Level])[];

/** Returns the names of all rules, which are the codes of warnings. */
export function ruleNames(): string[] {
  const warnings = documentedCodes().filter(({ severity }) => severity === 'warning');
  return [...new Set(warnings.map(({ code }) => code))].sort();
}

/** The default configuration file. */
export const CONFIG_FILE = 'typekro.lint.yaml';

/**
 * Reads the levels from the object `rules` of a configuration file. This object maps rule names and patterns to levels.
 *
 * @param name the file that the user named. By default, `typekro.lint.yaml` in `cwd`, if it exists
 * @throws TypeKroError `lint/bad-config` for a file that does not parse, has several documents or fields other than
 *   `rules`, or has `rules` that are neither an object nor null; `cli/usage` for an unknown rule or level; and the
 *   errors of `readTextFile`.
 */
export async function readLevels(cwd: string, name: string | undefined): Promise<Levels> {
  const file = name ?? CONFIG_FILE;
  const path = resolve(cwd, file);
  if (name === undefined && !existsSync(path)) return [];
  const { documents, diagnostics } = parseDefinitions(await readTextFile(path, file), file);
  const problem = diagnostics.find(({ severity }) => severity === 'error');
  if (problem !== undefined) throw badConfig(file, problem.source, problem.message);
  const [document, another] = documents;
  if (another !== undefined) throw badConfig(file, another.position([]), 'the file may have only one document');
  const value = document?.value ?? {};
  const rules: JsonValue | undefined = isJsonObject(value) ? (value['rules'] ?? {}) : undefined;
  if (!isJsonObject(value) || !isJsonObject(rules)) throw badConfig(file, undefined, 'holds no rules');
  const other = Object.keys(value).find((key) => key !== 'rules');
  if (other !== undefined) {
    throw badConfig(
      file,
      document?.keyPosition([other]),
      `"${other}" is not known; the only key of the file is "rules"`,
    );
  }
  return Object.entries(rules).map(([rule, level]) => {
    const { line, column } = document?.keyPosition(['rules', rule]) ?? { line: 1, column: 1 };
    return levelOf(rule, level ?? null, `${file}:${line}:${column}`);
  });
}

function badConfig(file: string, at: SourcePosition | undefined, message: string): TypeKroError {
  const { line = 1, column = 1 } = at ?? {};
  return new TypeKroError(`${file}:${line}:${column} ${message}`, {
    code: 'lint/bad-config',
    remedy: 'write rules: with a level for each name, as in {rules: {graph/unused-type: off}}',
  });
}

/**
 * Parses the levels of the command line: `rule=level`, separated by commas.
 *
 * @throws TypeKroError `cli/usage` for an unknown rule or level.
 */
export function parseLevels(text: string): Levels {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [rule = '', ...level] = part.split('=');
      return levelOf(rule.trim(), level.join('=').trim(), '--rule');
    });
}

function levelOf(rule: string, level: JsonValue, where: string): readonly [string, Level] {
  // In YAML, an unquoted `off` can mean false.
  const text = level === false ? 'off' : level;
  if (!isKnown(rule)) {
    const near = nearestName(rule, ruleNames());
    throw new TypeKroError(`${where}: there is no rule ${rule}`, {
      code: 'cli/usage',
      remedy: near === undefined ? 'typekro lint --rules lists all rules' : `did you mean ${near}?`,
    });
  }
  if (text === 'off' || text === 'warn' || text === 'error') return [rule, text];
  throw new TypeKroError(`${where}: the level of ${rule} is not one of off, warn, error`, {
    code: 'cli/usage',
    remedy: `write ${rule}=warn, or ${rule}: warn in the file`,
  });
}

function isKnown(rule: string): boolean {
  const names = ruleNames();
  return rule.endsWith('/*') ? names.some((name) => name.startsWith(rule.slice(0, -1))) : names.includes(rule);
}

/**
 * Sets each warning to the level of its rule, and drops it at level `off`. Errors are not affected, even if their code
 * is the name of a rule.
 */
export function withLevels(diagnostics: readonly Diagnostic[], levels: Levels): Diagnostic[] {
  return diagnostics.flatMap((each) => {
    if (each.severity === 'error') return [each];
    const level = levels.findLast(([rule]) => fits(rule, each.code))?.[1] ?? 'warn';
    return level === 'off' ? [] : [level === 'error' ? { ...each, severity: 'error' } : each];
  });
}

const fits = (rule: string, code: string): boolean =>
  rule.endsWith('/*') ? code.startsWith(rule.slice(0, -1)) : rule === code;
