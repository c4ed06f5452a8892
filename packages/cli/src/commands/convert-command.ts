import { type Diagnostic, type KubeObject, hasErrors, TypeKroError } from '@typekro/kit/core';
import { GraphObject, isDefinition, Kinds, Naming } from '@typekro/engine/graph';
import {
  type DefinitionGraph,
  applicableObject,
  kindOfName,
  parseLifts,
  toComposition,
  toDefinition,
  withoutLiveFields,
} from '@typekro/app/convert';
import { type DefinitionOrigin, checkedDefinition, checkedOriginals } from '../convert/checked-definition.ts';
import { documentsLeftOut, objectsOf } from '../inputs/read-manifest.ts';
import { type OriginalObject, originals, placedInObjects, placeInFile, placeInObject } from '../convert/origins.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { OBJECT_READER, readSources } from '../generate/read-sources.ts';
import { CRD_OPTIONS } from '../checks/known-crds.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { printedYaml } from '@typekro/app/text';

/** The values of `--to`. */
const FORMS = ['definition', 'typescript'] as const;

const DEFAULT_NAME = 'app';

/**
 * `typekro convert FILE…`: makes a definition or a composition from plain objects, or a composition from a definition.
 */
export const convert: Command = {
  name: 'convert',
  description:
    'Reads Kubernetes objects from files, or from the output of helm template, kustomize build or cdk8s, and prints a ResourceGraphDefinition whose instances get these objects. Names of other objects (ConfigMaps, Secrets, Services, accounts, claims) and selectors of Services become expressions when the referenced object is certain, so that the graph has dependencies. --lift turns values into fields of the spec; the value becomes the default. Fields that a server writes are left out. When the result does not pass typekro validate, only the problems are printed. With --to typescript, prints a composition instead, also for files with definitions: an expression becomes TypeScript if that has exactly the same meaning, and Cel.expr(…) otherwise. A part that a composition cannot express is refused, with its position.',
  positionals: [
    { name: 'source', summary: 'YAML or JSON files, folders with such files, or -', variadic: true, required: true },
  ],
  options: [
    {
      name: 'to',
      summary: 'what is printed: a definition in YAML, or a composition in TypeScript',
      value: 'form',
      defaultValue: 'definition',
      choices: FORMS,
    },
    { name: 'name', summary: 'name of the definition', value: 'name', defaultValue: DEFAULT_NAME },
    { name: 'kind', summary: 'kind of its instances; by default the name in UpperCamelCase', value: 'kind' },
    {
      name: 'lift',
      summary: 'values that become fields, such as Deployment/web:spec.replicas=replicas',
      value: 'lift',
      repeatable: true,
    },
    ...CRD_OPTIONS,
  ],
  examples: [
    { command: 'helm template shop ./chart | typekro convert - --name shop', summary: 'a chart as a definition' },
    {
      command: 'typekro convert k8s/ --name shop --lift Deployment/web:spec.replicas=replicas',
      summary: 'instances choose the number of replicas',
    },
    { command: 'typekro convert app.rgd.yaml --to typescript > app.ts', summary: 'a definition as a composition' },
  ],
  async run(context, input) {
    const names = namesOf(input);
    const { documents, diagnostics, texts } = await readSources(
      input.positionals,
      context.cwd,
      () => context.readInput(),
      { ...OBJECT_READER, name: 'convert', helm: 'helm template CHART | typekro convert -' },
    );
    printDiagnostics(context, diagnostics, texts);
    if (hasErrors(diagnostics)) return ExitCode.diagnostics;
    const objects = documents.flatMap(objectsOf);
    const toTypeScript = isTypeScript(input);
    for (const line of documentsLeftOut(texts)) context.printError(`left out: ${line}`);
    refuseEmpty(objects, input.positionals);
    const definitions = objects.filter(isDefinition);
    if (definitions.length > 0) {
      refuseDefinitions(input, definitions, toTypeScript);
      const others = objects.filter((object) => !isDefinition(object));
      return printDefinitions(context, input, originals(texts), { others, texts });
    }
    const graph = objects.find((object) => GraphObject.is(object));
    if (graph !== undefined) {
      throw new TypeKroError(`${graph.metadata.name ?? ''} is a Graph, which convert does not read`, {
        code: 'cli/usage',
        remedy:
          'name files with plain objects or definitions; in TypeScript, a Graph is written with graph() of typekro',
      });
    }
    const own = withoutLive(context, objects);
    refuseLeftOut(own, input.positionals);
    const lifts = parseLifts(textOption(input, 'lift') ?? '', own);
    const definition = toDefinition(own, lifts, names);
    let read: readonly OriginalObject[] | undefined;
    const place = (problem: Diagnostic): Diagnostic => placedInObjects(problem, own, (read ??= originals(texts)));
    const origin: DefinitionOrigin = { place, texts };
    const checked = await checkedDefinition(context, input, definition, origin);
    if (checked === undefined) return ExitCode.diagnostics;
    const made: DefinitionGraph = {
      definition,
      graph: checked.graph,
      shownPlace: (path) => placeInObject(place, path),
    };
    context.print(printedYaml(toTypeScript ? toComposition([made], []) : checked.text), 'document');
    return ExitCode.ok;
  },
};

function isTypeScript(input: CommandInput): boolean {
  const form = textOption(input, 'to') ?? 'definition';
  if (FORMS.some((each) => each === form)) return form === 'typescript';
  throw new TypeKroError(`--to takes ${FORMS.join(' or ')}, not "${form}"`, { code: 'cli/usage' });
}

/** Prints TypeScript: a composition for each definition in the files, and the other objects of the files. */
async function printDefinitions(
  context: CommandContext,
  input: CommandInput,
  all: readonly OriginalObject[],
  { others, texts }: { readonly others: readonly KubeObject[]; readonly texts: ReadonlyMap<string, string> },
): Promise<number> {
  const written = all.filter(({ object }) => isDefinition(object) || Kinds.isCrd(object));
  const graphs = await checkedOriginals(context, input, written, texts);
  if (graphs === undefined) return ExitCode.diagnostics;
  const made = written.flatMap((origin): DefinitionGraph[] => {
    const { object } = origin;
    const graph = isDefinition(object) ? graphs.find(({ name }) => name === object.metadata.name) : undefined;
    if (graph === undefined) return [];
    return [{ definition: object, graph, shownPlace: (path) => placeInFile(origin, path) }];
  });
  const applicable = withoutLive(context, others).map(applicableObject);
  context.print(toComposition(made, applicable).trimEnd(), 'document');
  return ExitCode.ok;
}

/**
 * Leaves out the fields that a server assigned and the objects that controllers created, and prints what it leaves out.
 */
function withoutLive(context: CommandContext, objects: readonly KubeObject[]): readonly KubeObject[] {
  const { objects: kept, leftOut } = withoutLiveFields(objects);
  for (const line of leftOut) context.printError(`left out: ${line}`);
  return kept;
}

function namesOf(input: CommandInput): { readonly name: string; readonly kind: string } {
  const name = textOption(input, 'name') ?? DEFAULT_NAME;
  const kind = textOption(input, 'kind') ?? kindOfName(name);
  if (!Naming.isUpperCamelCase(kind)) {
    throw usageError(
      `${kind} is not a valid kind name`,
      'write a capital letter, then letters and digits: --kind WebShop',
    );
  }
  return { name, kind };
}

function refuseEmpty(objects: readonly KubeObject[], files: readonly string[]): void {
  if (objects.length > 0) return;
  throw new TypeKroError(`there is no Kubernetes object in ${files.join(', ')}`, {
    code: 'input/empty',
    remedy: 'name files with objects, or - for what helm template prints',
  });
}

function refuseLeftOut(objects: readonly KubeObject[], files: readonly string[]): void {
  if (objects.length > 0) return;
  throw new TypeKroError(`all objects in ${files.join(', ')} are left out, because controllers create them`, {
    code: 'input/empty',
    remedy: 'name files with the objects that a user applies, such as Deployments',
  });
}

/**
 * Throws for options that do not apply to definitions. A definition already has a name, a kind and fields, and can only
 * be converted to a composition.
 */
function refuseDefinitions(input: CommandInput, [first]: readonly KubeObject[], toTypeScript: boolean): void {
  const name = first?.metadata.name ?? '';
  if (!toTypeScript) {
    throw usageError(
      `${name} is a definition already`,
      'name files with plain objects, or write --to typescript for a composition',
    );
  }
  const given = ['name', 'kind', 'lift'].find(
    (option) => ![undefined, option === 'name' ? DEFAULT_NAME : undefined].includes(textOption(input, option)),
  );
  if (given === undefined) return;
  throw usageError(
    `--${given} is for plain objects, and ${name} is a definition`,
    `leave --${given} out, or name files without definitions`,
  );
}
