import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { refOf } from '@typekro/kit/core';
import { GraphOutline } from '@typekro/engine/graph';
import { type Command, type CommandContext, type CommandInput, ExitCode } from '../command.ts';
import { chooseDefinitions, DEFINITION_OPTION, onlyDefinition } from '../choose-definitions.ts';
import {
  PICTURE_FORMATS,
  graphOf,
  instanceStatus,
  picturesOf,
  recordedState,
  treeNodes,
  withFindings,
} from '@typekro/app/instance';
import { reportOnInstance } from '../instance/report-on-instance.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { readChecked } from '../checks/checked.ts';
import { CRD_OPTIONS } from '../checks/known-crds.ts';
import { outputOption, LEVEL_OPTION } from '../command-options.ts';
import { outlineLines } from '@typekro/app/drawing';

/**
 * `typekro graph FILE…`: shows nodes, dependencies and conditions without a cluster. `typekro graph INSTANCE` shows the
 * graph of an instance in a cluster.
 */
export const graph: Command = {
  name: 'graph',
  description:
    'Compiles the definitions, Graphs and compositions in the files and shows each graph: its nodes by level, the conditions under which they exist and are ready, the lists that collections run over, external objects, and the expressions that read other nodes. The level of a node is the length of its longest chain of dependencies. A node is created when its own dependencies are ready; it does not wait for the rest of their level. For an instance in a cluster, shows the graph that the instance follows, with the state of each node.',
  positionals: [
    {
      name: 'file',
      summary: 'YAML, JSON, TypeScript or JavaScript files, or -; or one instance of a cluster, as NAMESPACE/NAME',
      variadic: true,
      required: true,
    },
  ],
  options: [
    outputOption('text, mermaid, dot, svg, json or yaml', ['text', ...PICTURE_FORMATS, 'json', 'yaml']),
    DEFINITION_OPTION,
    { name: 'namespace', short: 'n', summary: 'namespace of an instance whose name has none', value: 'name' },
    LEVEL_OPTION,
    ...CRD_OPTIONS,
  ],
  examples: [
    { command: 'typekro graph my-application.yaml', summary: 'in lines' },
    { command: 'typekro graph my-application.yaml -o svg > graph.svg', summary: 'as a picture' },
    { command: 'typekro graph webapp.ts -o mermaid', summary: 'for a page of Markdown' },
    { command: 'typekro graph team-a/shop -o svg > shop.svg', summary: 'of an instance, with the states of its nodes' },
    { command: 'kubectl get rgd webapp -o yaml | typekro graph -', summary: 'a definition of the cluster' },
  ],
  async run(context, input) {
    if (isInstance(context, input.positionals)) return graphOfInstance(context, input);
    const print = reportPrinter(context, input, PICTURE_FORMATS);
    const { failed, graphs, graphObjects } = await readChecked(context, input);
    if (failed) return ExitCode.diagnostics;
    const chosen = chooseDefinitions([...graphs, ...graphObjects], input);
    print({
      data: { schemaVersion: 1, graphs: chosen.map(GraphOutline.of) },
      lines: () =>
        chosen.flatMap((each, index) => [...(index > 0 ? [''] : []), ...outlineLines(GraphOutline.of(each))]),
      forms: picturesOf((form) =>
        onlyDefinition(chosen, `${form} shows one graph, and the files hold ${chosen.length}`),
      ),
    });
    return ExitCode.ok;
  },
};

/**
 * Is the only argument the name of an instance? True if no file has this name, and the name does not end with the
 * extension of an input file.
 */
function isInstance({ cwd }: CommandContext, [name = '', ...others]: readonly string[]): boolean {
  if (others.length > 0 || name === '-' || /\.(?:ya?ml|json|[cm]?[jt]sx?)$/i.test(name)) return false;
  return !existsSync(resolve(cwd, name));
}

/** Prints the graph of an instance, with the states of its nodes. */
function graphOfInstance(context: CommandContext, input: CommandInput): Promise<number> {
  return reportOnInstance(
    context,
    input,
    async (observed, api) => {
      const observation = await withFindings(api, observed, context.signal);
      const { instance, revision, graph: of } = observation;
      const states = instanceStatus(observation);
      const outline = of === undefined ? undefined : GraphOutline.of(of);
      return {
        data: {
          schemaVersion: 1,
          instance: refOf(instance),
          state: recordedState(instance).state,
          revision,
          graphs: outline === undefined ? [] : [outline],
          nodes: treeNodes(observation),
        },
        lines: () => outlineLines(GraphOutline.of(graphOf(observation)), states),
        forms: picturesOf(() => graphOf(observation), states),
      };
    },
    undefined,
    PICTURE_FORMATS,
  );
}
