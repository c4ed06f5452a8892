import { parseJson, stringifyJson } from '@typekro/kit/core';
import { type CommandContext, type CommandInput, textOption } from '../command.ts';
import type { Report } from '@typekro/app/instance';
import { printedYaml, wrappedLines, yamlOf } from '@typekro/app/text';
import { unknownForm } from '../command-options.ts';

/**
 * Returns a function that prints reports in the format of `--output`: `text` prints the lines, `json` and `yaml` print
 * the data. If the context has a result sink, the function passes reports to the sink instead of printing them.
 * The second argument of the function prints instead of `context`.
 *
 * @param more names of other formats that each report has
 * @throws TypeKroError `cli/usage` when `--output` names a format that the report does not have.
 */
export function reportPrinter(
  context: CommandContext,
  input: CommandInput,
  more: readonly string[] = [],
): (report: Report, to?: CommandContext['print']) => void {
  const form = textOption(input, 'output') ?? 'text';
  const printOther = more.includes(form) ? (report: Report) => report.forms?.[form]?.() ?? [] : undefined;
  const print = Object.hasOwn(FORMS, form) ? FORMS[form] : printOther;
  if (print === undefined) throw unknownForm(form, [...Object.keys(FORMS), ...more]);
  const { results } = context;
  if (results !== undefined) return (report) => results.report(report.data, report.lines());
  const { terminal } = context;
  const toOutput: CommandContext['print'] = (text, as) => context.print(text, as);
  if (form === 'text') return (report, to = toOutput) => printLines({ print: to, terminal }, print(report));
  return (report, to = toOutput) => {
    for (const text of print(report)) to(text, 'document');
  };
}

const FORMS: Readonly<Record<string, (report: Report) => readonly string[]>> = {
  text: (report) => report.lines(),
  json: ({ data }) => [jsonText(data)],
  yaml: ({ data }) => [printedYaml(yamlOf(parseJson(jsonText(data))))],
};

const jsonText = (data: object): string => stringifyJson(data, 2);

/** Prints lines as text. On a terminal, each line is broken to fit it. */
export function printLines(
  { print, terminal }: { print: CommandContext['print']; terminal?: CommandContext['terminal'] | undefined },
  lines: readonly string[],
): void {
  for (const line of wrappedLines(lines, terminal?.columns)) print(line);
}
