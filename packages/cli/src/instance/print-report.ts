import { type JsonValue, parseJson, stringifyJson } from '@typekro/kit/core';
import { type CommandContext, type CommandInput, textOption } from '../command.ts';
import { printLines } from '../text/text-layout.ts';
import { unknownForm } from '../command-options.ts';
import { printedYaml, yamlOf } from '../text/yaml-text.ts';

/** The result of a command, as data and as lines of text. */
export interface Report {
  readonly data: object;
  lines(): readonly string[];
  /** The renderers of other output formats, keyed by format name. */
  readonly forms?: Readonly<Record<string, () => readonly string[]>>;
}

/**
 * Returns a function that prints reports in the format of `--output`: `text` prints the lines, `json` and `yaml` print
 * the data. If the context has a result sink, the function passes reports to the sink instead of printing them.
 *
 * @param more names of other formats that each report has
 * @throws TypeKroError `cli/usage` when `--output` names a format that the report does not have.
 */
export function reportPrinter(
  context: CommandContext,
  input: CommandInput,
  more: readonly string[] = [],
): (report: Report) => void {
  const form = textOption(input, 'output') ?? 'text';
  const printOther = more.includes(form) ? (report: Report) => report.forms?.[form]?.() ?? [] : undefined;
  const print = Object.hasOwn(FORMS, form) ? FORMS[form] : printOther;
  if (print === undefined) throw unknownForm(form, [...Object.keys(FORMS), ...more]);
  const { results } = context;
  if (results !== undefined) return (report) => results.report(report.data, report.lines());
  if (form === 'text') return (report) => printLines(context, print(report));
  return (report) => {
    for (const text of print(report)) context.print(text, 'document');
  };
}

const FORMS: Readonly<Record<string, (report: Report) => readonly string[]>> = {
  text: (report) => report.lines(),
  json: ({ data }) => [jsonText(data)],
  yaml: ({ data }) => [printedYaml(yamlOf(parseJson(jsonText(data))))],
};

const jsonText = (data: object): string => stringifyJson(data as JsonValue, 2);
