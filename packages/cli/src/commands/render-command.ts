import { type KubeObject, grouped, gvkOf, hasErrors, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { type Graph, Path } from '@typekro/engine/graph';
import { systemClock } from '@typekro/kube';
import { type NodeReport, Explanation, ObjectKey, RenderedInstance } from '@typekro/engine/runtime';
import { crdSource, StructuralSchema } from '@typekro/engine/schema';
import { chooseDefinitions, DEFINITION_OPTION } from '../choose-definitions.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { documentsLeftOut, objectsOf } from '../inputs/read-manifest.ts';
import { OBJECT_READER, readSources } from '../generate/read-sources.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { unknownForm, outputOption } from '../command-options.ts';
import { printableLine } from '@typekro/app/text';
import { type Rendering, renderedYaml, serverField } from '../render/render-yaml.ts';
import { withInstances } from '../render/with-instances.ts';
import { readChecked } from '../checks/checked.ts';
import { CRD_OPTIONS } from '../checks/known-crds.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { withNamespace } from '@typekro/app/instance';

/** `typekro render FILE…`: prints the objects of an instance without a cluster. */
export const render: Command = {
  name: 'render',
  description:
    "Prints the objects of an instance in the order of their dependencies, by the controller's own step. The instance comes from the file, from --values or --set, or has an empty spec. A value that only a server knows, such as an address, is printed as its expression, with a comment that names the nodes that it waits for. Skipped nodes are comments with the reason. With --observed, the step reads objects from files as if they existed, so that more values are known. The labels and annotations that the controller adds for itself are left out.",
  positionals: [
    { name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files, or -', variadic: true, required: true },
  ],
  options: [
    { name: 'values', short: 'f', summary: 'an instance, or its spec alone, in YAML or JSON', value: 'file' },
    {
      name: 'set',
      summary: 'fields of the spec, such as replicas=3,image.tag=v2; values are read as YAML',
      value: 'path=value',
      repeatable: true,
      allowsEmpty: true,
    },
    {
      name: 'observed',
      summary: 'objects that exist: files or folders, separated by commas',
      value: 'paths',
      repeatable: true,
    },
    { name: 'name', summary: 'name of the instance; by default its kind in lower case', value: 'name' },
    { name: 'namespace', short: 'n', summary: 'namespace of the instance; by default "default"', value: 'name' },
    outputOption('yaml or json', ['yaml', 'json']),
    DEFINITION_OPTION,
    ...CRD_OPTIONS,
  ],
  examples: [
    { command: 'typekro render my-application.yaml', summary: 'the instance in the file' },
    {
      command: 'typekro render app.rgd.yaml --values prod.yaml --set replicas=5',
      summary: 'an instance with these values',
    },
    {
      command: 'typekro render app.rgd.yaml -f prod.yaml --observed live/',
      summary: 'with the state of objects, as kubectl get -o yaml prints them',
    },
  ],
  async run(context, input) {
    refuseTwoInputs(input);
    const print = printer(context, input);
    const observed = await readObserved(context, input);
    const { failed, graphs, graphObjects, inputs } = await readChecked(context, input, input.positionals, (read) =>
      withInstances(context, input, read),
    );
    if (failed || observed === undefined) return ExitCode.diagnostics;
    const now = systemClock.now();
    const chosen = chooseDefinitions([...graphs, ...graphObjects], input);
    refuseValues(chosen, input);
    const byKind = grouped(inputs.objects, ({ object }) => object.kind);
    const renderings = chosen.flatMap((graph) => {
      const isGraph = graph.definedBy === 'graph';
      const { kind } = isGraph ? (graph.definition as KubeObject) : graph.instance;
      return (byKind.get(kind) ?? [])
        .filter(({ object }) => (isGraph ? isSource(object, graph) : isInstanceOf(object, graph)))
        .map(({ object: given }): Rendering => {
          const object = isGraph ? withNamespace(given, textOption(input, 'namespace')) : given;
          const instance = asStored(object, graph, observed);
          return { graph, instance, rendered: RenderedInstance.of(graph, instance, observed, { now, revision: 1 }) };
        });
    });
    if (renderings.length === 0) {
      throw new TypeKroError('there is no instance to render in these files', {
        code: 'input/empty',
        remedy: 'pass its spec with --values or --set',
      });
    }
    print(renderings);
    return printFailures(context, renderings) ? ExitCode.diagnostics : ExitCode.ok;
  },
};

/** Refuses two arguments that both mean the standard input, because the second one would read nothing. */
function refuseTwoInputs(input: CommandInput): void {
  const lists = [input.positionals, (textOption(input, 'observed') ?? '').split(',')];
  const readers = [
    ...lists.flatMap((names, index) => (names.includes('-') ? [index === 0 ? 'the file -' : '--observed -'] : [])),
    ...(textOption(input, 'values') === '-' ? ['--values -'] : []),
  ];
  if (readers.length < 2) return;
  throw usageError(
    `${readers.join(' and ')} both mean the standard input, which can be read once`,
    'write one of them into a file, and pass that file',
  );
}

/** Is the object the Graph object from which this graph was compiled? */
function isSource(object: KubeObject, { definition }: Graph): boolean {
  const { kind, metadata } = definition as KubeObject;
  const { name, namespace } = object.metadata;
  return object.kind === kind && name === metadata.name && namespace === metadata.namespace;
}

/** Throws if values are given but every chosen graph comes from a Graph object, which takes no values. */
function refuseValues(chosen: readonly Graph[], input: CommandInput): void {
  if (chosen.some(({ definedBy }) => definedBy !== 'graph')) return;
  const given = ['values', 'set'].find((option) => (textOption(input, option) ?? '') !== '');
  if (given === undefined) return;
  throw usageError(
    `--${given} is for instances of definitions, and a Graph has no values`,
    'change the Graph, or pass the objects that it reads with --observed',
  );
}

/** Prints the nodes and fields that fail with these values. Returns true when there is one. */
function printFailures(context: CommandContext, renderings: readonly Rendering[]): boolean {
  const failures = renderings.flatMap(({ instance, rendered }) =>
    rendered.nodes.flatMap((node) =>
      failuresOf(node).map((failure) => `error: ${objectName(refOf(instance))}: ${failure}`),
    ),
  );
  for (const failure of failures) context.printError(failure);
  return failures.length > 0;
}

/**
 * Describes why a node fails. A node that waits for another node can have fields that fail for any content of the other
 * node. The controller finds such failures only when the other node is ready.
 */
function failuresOf({ report, objects, listFailures }: RenderedInstance['nodes'][number]): string[] {
  if (needsChangedInput(report)) {
    const { node, reason, remedy } = Explanation.of(report);
    const { because } = report;
    const isOfSpec = because?.kind === 'missing-data' && /\bschema\.spec\b/.test(because.expression);
    const setting = isOfSpec && because.path !== undefined ? `; for this output: --set ${because.path}=VALUE` : '';
    return [`${node} ${reason}${remedy === undefined ? '' : `\n  hint: ${remedy}${setting}`}`];
  }
  const fields = objects
    .flatMap(({ unknown }) => unknown)
    .flatMap(({ path, expression, failure, isFinal }) =>
      isFinal === true && serverField(expression, failure) === undefined
        ? [`${Path.format(path)} has no value, ${failure ?? ''}: ${inMarks(expression)}`]
        : [],
    );
  const lists = listFailures.map(
    ({ name, expression, failure }) => `the list of ${name} has no value, ${failure}: ${inMarks(expression)}`,
  );
  const hint = `\n  hint: correct the values of the instance, or the expression; the failure stays when the nodes that ${report.id} waits for are ready`;
  return [...new Set([...lists, ...fields])].map((text) => `${report.id}: ${printableLine(text)}${hint}`);
}

/** Returns an expression with the marks `${…}`. The text of a string template already has them. */
const inMarks = (expression: string): string => (expression.includes('${') ? expression : `\${${expression}}`);

/**
 * Does the node stay as it is until the spec or the definition changes? True for a failed node, and for a node that
 * waits for data that the instance itself lacks, except those that a server sets.
 */
function needsChangedInput({ state, because }: NodeReport): boolean {
  if (state === 'failed' || because.kind !== 'missing-data') return state === 'failed';
  return because.nodes.length === 0 && serverField(because.expression, because.path) === undefined;
}

function printer(context: CommandContext, input: CommandInput): (renderings: readonly Rendering[]) => void {
  const form = textOption(input, 'output');
  if (form === 'yaml' && context.results === undefined) {
    return (renderings) => context.print(renderedYaml(renderings), 'document');
  }
  if (form === 'json' || form === 'yaml') {
    const print = reportPrinter(context, input);
    return (renderings) =>
      print({ data: { schemaVersion: 1, instances: renderings.map(dataOf) }, lines: () => [renderedYaml(renderings)] });
  }
  throw unknownForm(form ?? '', ['yaml', 'json']);
}

/** Reads the objects of `--observed`. When a file has errors, prints them and returns `undefined`. */
async function readObserved(context: CommandContext, input: CommandInput): Promise<KubeObject[] | undefined> {
  const names = (textOption(input, 'observed') ?? '').split(',').filter((name) => name !== '');
  if (names.length === 0) return [];
  const { documents, diagnostics, texts } = await readSources(names, context.cwd, () => context.readInput(), {
    ...OBJECT_READER,
    name: '--observed',
  });
  printDiagnostics(context, diagnostics, texts);
  if (hasErrors(diagnostics)) return undefined;
  for (const line of documentsLeftOut(texts)) context.printError(`left out: ${line}`);
  return documents.flatMap(objectsOf);
}

const isInstanceOf = (object: KubeObject, { instance }: Graph): boolean =>
  ObjectKey.groupKind(gvkOf(object)) === ObjectKey.groupKind(instance);

/**
 * Returns the instance as a server would store it, in the version that the graph reads and with the defaults of its
 * schema. Adds the metadata and status of the observed object, if there is one.
 */
function asStored(object: KubeObject, graph: Graph, observed: readonly KubeObject[]): KubeObject {
  const schema = crdSource([graph.instance.crd]).schemaOf(graph.instance);
  const inHub = convertedToHub(object, graph);
  const { namespace: given, ...metadata } = inHub.metadata;
  const namespace = graph.instance.namespaced ? { namespace: given ?? 'default' } : {};
  const live = observed.find(
    (each) =>
      isInstanceOf(each, graph) &&
      each.metadata.name === metadata.name &&
      (each.metadata.namespace === undefined || each.metadata.namespace === namespace.namespace),
  );
  const { deletionTimestamp: _deletion, ...written } = live?.metadata ?? {};
  const whole = { ...inHub, metadata: { ...written, ...metadata, ...namespace } };
  const stored = schema === undefined ? whole : StructuralSchema.applyDefaults(schema, whole);
  const status = live?.status === undefined ? {} : { status: live.status };
  return { ...(stored as KubeObject), ...status };
}

function convertedToHub(object: KubeObject, { instance }: Graph): KubeObject {
  try {
    return Conversion.inHub(instance.crd, object);
  } catch (thrown) {
    if (!(thrown instanceof Conversion.Error)) throw thrown;
    throw new TypeKroError(`${objectName(refOf(object))} cannot be converted: ${thrown.message}`, {
      code: 'input/unconvertible',
      remedy: 'correct the rules of the conversion, or the instance',
      cause: thrown,
    });
  }
}

/** A rendering as data. A later release with the same `schemaVersion` only adds fields. */
function dataOf({ graph, instance, rendered: { nodes, decision } }: Rendering): object {
  return {
    definition: graph.name,
    instance: refOf(instance),
    state: decision.state,
    status: decision.status,
    nodes: nodes.map(({ report, objects, countKnown, undecided, external }) => {
      const { reason, waitsFor } = Explanation.of(report);
      return {
        id: report.id,
        state: report.state,
        reason,
        waitsFor,
        external,
        countKnown,
        undecided,
        objects: objects.map(({ object, unknown }) => ({
          object,
          unknown: unknown.map((field) => ({ ...field, path: Path.format(field.path) })),
        })),
      };
    }),
  };
}
