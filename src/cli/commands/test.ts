import { hasErrors, stringifyJson, TypeKroError } from '../../core/index.ts';
import { usesColour } from '../colour.ts';
import type { Command, CommandContext, CommandInput } from '../command.ts';
import { ExitCode, textOption } from '../command.ts';
import { findTestFiles } from '../graph-test/find-test-files.ts';
import type { TestFileResult } from '../graph-test/run-test-file.ts';
import { resultData, runTestFile } from '../graph-test/run-test-file.ts';
import type { Paint } from '../graph-test/text-report.ts';
import { resultLines, sumLine } from '../graph-test/text-report.ts';
import { printDiagnostics } from '../up/print-diagnostics.ts';

const FORMS = ['text', 'json'] as const;
type Form = (typeof FORMS)[number];

/** `typekro test DIR…`: declarative tests of definitions, on the embedded cluster in virtual time. */
export const test: Command = {
  name: 'test',
  description: `Runs the tests in *.test.yaml files, each beside the definition or composition that it is about. Every test has an embedded cluster of its own with the controller of this package, on a clock that only the test moves: hours pass in milliseconds. A file begins like this:

  schemaVersion: 1
  kind: GraphTest
  definition: app.yaml          # by default the file of the same name
  tests:
    - name: the ingress waits for the service
      given:
        name: shop
        spec: { replicas: 2 }
      expect:
        children: { deployment: { spec.replicas: 2 }, ingress: absent }
      steps:
        - patch: { deployment: { status.availableReplicas: 2 } }
          expect: { created: [deployment, ingress], state: ACTIVE }

docs/testing.md explains all fields.`,
  positionals: [{ name: 'path', summary: 'test files, or folders with *.test.yaml', variadic: true, required: true }],
  options: [
    { name: 'filter', short: 't', summary: 'run only tests whose name contains this text', value: 'text' },
    { name: 'update', summary: 'write the snapshots of tests with snapshot: true, instead of comparing them' },
    { name: 'output', short: 'o', summary: FORMS.join(', '), value: 'form', defaultValue: 'text', choices: FORMS },
  ],
  examples: [
    { command: 'typekro test graphs/', summary: 'all tests below a folder; exit code 1 when one fails' },
    { command: 'typekro test app.test.yaml -t ingress', summary: 'tests with "ingress" in their names' },
  ],
  async run(context, input) {
    const form = formOf(input);
    const filter = textOption(input, 'filter');
    const files = findTestFiles(input.positionals, context.cwd);
    const started = performance.now();
    const paint = paintOf(context);
    const results: TestFileResult[] = [];
    for (const found of files) {
      if (context.signal.aborted) return ExitCode.interrupted;
      const result = await runTestFile(context, found, {
        ...(filter === undefined ? {} : { filter }),
        update: input.options['update'] === true,
        onResult: (each) => {
          if (form === 'text') for (const line of resultLines(each, found.file, paint)) context.print(line);
        },
      });
      results.push(result);
      if (result.foreign === true) context.printError(`note: ${found.file} is left out: its kind is not GraphTest`);
      printDiagnostics(context, result.diagnostics, result.texts);
    }
    const all = results.flatMap((file) => file.results);
    const failed = all.filter(({ failure }) => failure !== undefined).length;
    const skipped = results.reduce((sum, file) => sum + file.skipped, 0);
    if (form === 'text') context.print(sumLine(all.length - failed, failed, skipped, performance.now() - started));
    else
      context.print(
        stringifyJson(
          { schemaVersion: 1, passed: all.length - failed, failed, skipped, files: results.map(resultData) },
          2,
        ),
      );
    if (results.some(({ diagnostics }) => hasErrors(diagnostics))) return ExitCode.diagnostics;
    if (failed > 0) return ExitCode.failed;
    if (all.length === 0) throw noTest(filter);
    return ExitCode.ok;
  },
};

function noTest(filter: string | undefined): TypeKroError {
  const what = filter === undefined ? 'the files hold no test' : `no test has "${filter}" in its name`;
  return new TypeKroError(what, { code: 'cli/usage', remedy: 'leave out --filter to run all tests' });
}

function formOf(input: CommandInput): Form {
  const text = textOption(input, 'output') ?? 'text';
  const form = FORMS.find((each) => each === text);
  if (form !== undefined) return form;
  throw new TypeKroError(`--output ${text} is none of ${FORMS.join(', ')}`, {
    code: 'cli/usage',
    remedy: 'write --output json',
  });
}

function paintOf(context: CommandContext): Paint {
  const colour = usesColour(context);
  const paint = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { good: paint(32), bad: paint(31), faint: paint(2) };
}
