import { hasErrors } from '../../core/index.ts';
import type { Command } from '../command.ts';
import { ExitCode } from '../command.ts';
import { checkInputs } from '../up/check-inputs.ts';
import { loadInputs } from '../up/load-inputs.ts';
import { count, printDiagnostics } from '../up/print-diagnostics.ts';

/** `typekro validate FILE…`: every problem of every definition, without a cluster. */
export const validate: Command = {
  name: 'validate',
  summary: 'check definitions without a cluster',
  description:
    'Compiles every ResourceGraphDefinition and composition in the files, against the built-in kinds and the CRDs in the same files, and prints all problems with their place and a remedy. Nothing is sent anywhere.',
  positionals: [
    { name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files', variadic: true, required: true },
  ],
  options: [],
  examples: [{ command: 'typekro validate my-application.yaml', summary: 'exit code 3 when something is wrong' }],
  async run(context, input) {
    const inputs = await loadInputs(input.positionals, context.cwd);
    const { diagnostics, graphs } = checkInputs(inputs);
    printDiagnostics(context, diagnostics, inputs.texts);
    for (const graph of graphs) {
      context.print(
        `${graph.name}: ${graph.instance.kind}, ${count(graph.order.length, 'resource')} in the order ${graph.order.join(', ')}`,
      );
    }
    return hasErrors(diagnostics) ? ExitCode.diagnostics : ExitCode.ok;
  },
};
