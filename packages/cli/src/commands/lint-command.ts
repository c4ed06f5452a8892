import { tableLines } from '@typekro/app/text';
import { printLines } from '../instance/print-report.ts';
import { type Diagnostic, count, hasErrors, stringifyJson } from '@typekro/kit/core';
import { type Command, ExitCode, textOption, usageError } from '../command.ts';
import { packageVersion } from '../package-version.ts';
import { documentedCodes } from '../lint/file-codes.ts';
import { toGitHubLines, toSarif } from '../lint/lint-formats.ts';
import { CONFIG_FILE, parseLevels, readLevels, ruleNames, withLevels } from '../lint/lint-rules.ts';
import { outputForm, outputOption } from '../command-options.ts';
import { checkNamedFiles } from '../checks/checked.ts';
import { CRD_OPTIONS } from '../checks/known-crds.ts';
import { inFileOrder, printDiagnostics } from '../checks/print-diagnostics.ts';

const FORMS = ['text', 'json', 'sarif', 'github'] as const;
type Form = (typeof FORMS)[number];

/** `typekro lint FILE…`: the check of `validate`, with a configurable level for each warning. */
export const lint: Command = {
  name: 'lint',
  description: `Checks files as validate does. Each warning is a rule, named by its code; a rule can be off, warn (the default) or error, in the file ${CONFIG_FILE} (rules: with a level for each name) and with --rule, which has precedence. A name such as trace/* means all rules of an area. Errors cannot be turned off, because the compiler or the API server refuses them.`,
  positionals: [{ name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files, or -', variadic: true }],
  options: [
    { name: 'rule', summary: 'levels of rules, such as graph/unused-type=off', value: 'name=level', repeatable: true },
    { name: 'config', summary: `file with levels; by default ${CONFIG_FILE}, where it exists`, value: 'file' },
    outputOption(FORMS.join(', '), FORMS),
    { name: 'rules', summary: 'print the names of all rules with what they mean' },
    ...CRD_OPTIONS,
  ],
  examples: [
    { command: 'typekro lint graphs/*.yaml', summary: 'exit code 3 when a rule at the level error finds something' },
    { command: 'typekro lint app.yaml --rule trace/*=error -o github', summary: 'annotations in a pull request' },
    { command: 'typekro lint app.yaml -o sarif > lint.sarif', summary: 'for the code scanning of GitHub' },
  ],
  async run(context, input) {
    if (input.options['rules'] === true) {
      printLines(context, ruleLines());
      return ExitCode.ok;
    }
    const form = outputForm(input, FORMS);
    if (input.positionals.length === 0) {
      throw usageError('no file is named', 'name the files to check, or --rules');
    }
    const levels = [
      ...(await readLevels(context.cwd, textOption(input, 'config'))),
      ...parseLevels(textOption(input, 'rule') ?? ''),
    ];
    const checked = await checkNamedFiles(context, input, input.positionals);
    const diagnostics = inFileOrder(withLevels(checked.diagnostics, levels));
    if (form === 'text') {
      printDiagnostics(context, diagnostics, checked.texts);
      const found = rulesFound(diagnostics);
      if (found.length > 0) context.printError(switchOff(found));
      if (diagnostics.length === 0) context.print(`no problem in ${count(checked.inputs.objects.length, 'object')}`);
    } else
      for (const line of linesOf(form, diagnostics)) context.print(line, form === 'github' ? undefined : 'document');
    return hasErrors(diagnostics) ? ExitCode.diagnostics : ExitCode.ok;
  },
};

/** The rules of the findings, without duplicates. Errors of the compiler are not rules. */
function rulesFound(diagnostics: readonly Diagnostic[]): readonly string[] {
  const rules = new Set(ruleNames());
  return [...new Set(diagnostics.map(({ code }) => code))].filter((code) => rules.has(code)).sort();
}

/** The hint that says how to switch off the rules of the findings. */
function switchOff(rules: readonly string[]): string {
  const flags = rules.map((rule) => `${rule}=off`).join(',');
  return `to switch off: --rule ${flags}, or one line for each rule below "rules:" in ${CONFIG_FILE} (${rules[0]}: off)\ntypekro explain ${rules[0]} says what a rule means and how to correct the file; typekro lint --rules lists all rules`;
}

function linesOf(form: Exclude<Form, 'text'>, diagnostics: readonly Diagnostic[]): readonly string[] {
  if (form === 'github') return toGitHubLines(diagnostics);
  if (form === 'sarif') return [stringifyJson(toSarif(diagnostics, documentedCodes(), packageVersion()), 2)];
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const data = { schemaVersion: 1, errors, warnings: diagnostics.length - errors, diagnostics };
  return [stringifyJson(JSON.parse(JSON.stringify(data)), 2)];
}

function ruleLines(): string[] {
  const codes = documentedCodes();
  return tableLines(ruleNames().map((name) => [name, codes.find(({ code }) => code === name)?.summary ?? '']));
}
