import { count } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { type Command, ExitCode } from '../command.ts';
import { printLines } from '../instance/print-report.ts';
import { readChecked } from '../checks/checked.ts';
import { CRD_OPTIONS } from '../checks/known-crds.ts';

/** `typekro validate FILE…`: prints all problems of all definitions without a cluster. */
export const validate: Command = {
  name: 'validate',
  description:
    'Compiles every ResourceGraphDefinition, Graph and composition in the files, against the built-in kinds, the CRDs in the files, the CRDs that --crds and --kubeconfig name, and, without a cluster, the CRDs of the package. Checks the objects that they create and the other objects in the files by the rules of the embedded API server, and prints all problems with their place and a remedy. With --kubeconfig or --context, the templates of Graphs are tried on the cluster by dry runs, with its policies and webhooks. Writes nothing.',
  positionals: [
    { name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files', variadic: true, required: true },
  ],
  options: [{ name: 'strict', summary: 'count warnings as errors' }, ...CRD_OPTIONS],
  examples: [{ command: 'typekro validate my-application.yaml', summary: 'exit code 3 when something is wrong' }],
  async run(context, input) {
    const { failed, graphs, graphObjects } = await readChecked(context, input);
    if (failed) return ExitCode.diagnostics;
    for (const graph of [...graphs, ...graphObjects]) {
      printLines(context, [`${graph.name}: ${graph.instance.kind}, ${orderText(graph)}`]);
    }
    return ExitCode.ok;
  },
};

function orderText({ order, definedBy }: Graph): string {
  const resources = count(order.length, definedBy === 'graph' ? 'node' : 'resource');
  return order.length === 0 ? resources : `${resources} in the order ${order.join(', ')}`;
}
