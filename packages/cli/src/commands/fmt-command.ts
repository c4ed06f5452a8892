import { extname, resolve } from 'node:path';
import { type Diagnostic, count, hasErrors, TypeKroError } from '@typekro/kit/core';
import { parseDefinitions } from '@typekro/engine/graph';
import { type Command, type CommandContext, ExitCode, STANDARD_INPUT, usageError } from '../command.ts';
import { formatDefinitions } from '../fmt/format-definition.ts';
import { checkFile } from '../inputs/check-file.ts';
import { readOneOf } from '../inputs/file-problem.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { readTextFile } from '../inputs/read-manifest.ts';
import { replaceFile } from '../write-file.ts';

/** `typekro fmt FILE…`: formats definitions. */
export const fmt: Command = {
  name: 'fmt',
  description:
    'Formats the ResourceGraphDefinitions and Graphs of YAML files: keys in the usual order (id, forEach, includeWhen, readyWhen, template; apiVersion, kind, metadata, spec), and expressions in the form of the CEL printer, if their meaning does not change. Comments, quotes, indentation and other documents do not change. Formatting a second time changes nothing. Prints the text of one file; --write changes the files, and --check only lists the files that differ, or says that none does.',
  positionals: [{ name: 'file', summary: 'YAML files, or -', variadic: true, required: true }],
  options: [
    { name: 'write', summary: 'write the files that differ' },
    { name: 'check', summary: 'write nothing; exit with 4 when a file differs' },
  ],
  examples: [
    { command: 'typekro fmt --write graphs/*.yaml', summary: 'all definitions of a folder' },
    { command: 'typekro fmt --check graphs/*.yaml', summary: 'as a check in CI' },
  ],
  async run(context, input) {
    const [write, check] = [input.options['write'] === true, input.options['check'] === true];
    const files = input.positionals;
    if (write && check) throw usageError('--write and --check exclude each other', 'give one of them');
    if (files.length > 1 && !write && !check) {
      throw usageError(`${files.length} files cannot be printed as one`, 'add --write or --check, or name one file');
    }
    if (write && files.includes('-')) throw usageError('--write has no file to write for -', 'leave --write out');
    // All files are read before any file is written, so that an error in one file prevents all writes.
    const read = [];
    for (const file of files) {
      const problems: Diagnostic[] = [];
      const shown = file === '-' ? STANDARD_INPUT : file;
      read.push(await readOneOf(shown, files.length === 1, problems, () => readFormatted(context, file)));
      if (problems.length > 0) printDiagnostics(context, problems, new Map());
    }
    if (read.some((each) => each === undefined)) return ExitCode.diagnostics;
    const texts = read.flatMap((each) => (each === undefined ? [] : [each]));
    if (!write && !check) {
      for (const { after } of texts) context.print(after.replace(/\n$/, ''), 'source');
      return ExitCode.ok;
    }
    const differing = texts.filter(({ before, after }) => before !== after);
    for (const { path, file, after } of differing) {
      if (write)
        await replaceFile(path, after, { code: 'fmt/not-written', remedy: 'make the file writable, or use --check' });
      context.print(`${write ? 'formatted' : 'differs'} ${file}`);
    }
    if (differing.length === 0) context.print(`no difference in ${count(texts.length, 'file')}`);
    if (differing.length === 0 || write) return ExitCode.ok;
    const remedy =
      files.length === 1 && files[0] === '-'
        ? 'without --check'
        : `with --write instead of --check${files.includes('-') ? ', and without the file -' : ''}`;
    context.printError(`${count(differing.length, 'file')} would be formatted: run the same command ${remedy}.`);
    return ExitCode.drift;
  },
};

const YAML = new Set(['.yaml', '.yml']);

async function readFormatted(
  context: CommandContext,
  name: string,
): Promise<
  { readonly path: string; readonly file: string; readonly before: string; readonly after: string } | undefined
> {
  const path = resolve(context.cwd, name);
  const file = name === '-' ? STANDARD_INPUT : name;
  if (name !== '-') {
    checkFile(path, name, new Set([...YAML, '.json', '.ts', '.js']));
    if (!YAML.has(extname(path).toLowerCase())) {
      throw new TypeKroError(`${name} is not a YAML file, and fmt formats YAML`, {
        code: 'input/unknown-type',
        remedy: 'name .yaml or .yml files; other languages have their own formatters',
      });
    }
  }
  const before = name === '-' ? await context.readInput() : await readTextFile(path, name);
  const { diagnostics } = parseDefinitions(before, file);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  printDiagnostics(context, errors, new Map([[file, before]]));
  return hasErrors(errors) ? undefined : { path, file, before, after: formatDefinitions(before) };
}
