import { stringifyJson, TypeKroError, yamlLibrary } from '../../core/index.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { textOption } from '../command.ts';

/**
 * Prints a report in the form that `--output` names: its lines, or the report itself.
 *
 * @throws TypeKroError `cli/usage` for another form.
 */
export function printReport(
  context: CommandContext,
  input: CommandInput,
  report: object,
  lines: () => readonly string[],
): void {
  const form = textOption(input, 'output') ?? 'text';
  const json = () => stringifyJson(JSON.parse(JSON.stringify(report)), 2);
  switch (form) {
    case 'text':
      for (const line of lines()) context.print(line);
      return;
    case 'json':
      context.print(json());
      return;
    case 'yaml':
      context.print(
        yamlLibrary().stringify(JSON.parse(json()), { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd(),
      );
      return;
    default:
      throw new TypeKroError(`--output ${form} is none of text, json, yaml`, {
        code: 'cli/usage',
        remedy: 'write --output json',
      });
  }
}
