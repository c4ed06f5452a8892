import type { KubeObject } from '../../core/index.ts';
import { hasErrors, TypeKroError } from '../../core/index.ts';
import { isDefinition, isUpperCamelCase } from '../../graph/index.ts';
import { checkedDefinition } from '../convert/checked-definition.ts';
import { parseLifts } from '../convert/lift.ts';
import { objectsIn } from '../convert/objects-in.ts';
import { kindOfName, toDefinition } from '../convert/to-definition.ts';
import type { Command, CommandInput } from '../command.ts';
import { ExitCode, textOption } from '../command.ts';
import { readSources } from '../generate/read-sources.ts';
import { CRD_OPTIONS } from '../up/known-crds.ts';
import { printDiagnostics } from '../up/print-diagnostics.ts';

/** `typekro convert FILE…`: makes a definition from plain objects. */
export const convert: Command = {
  name: 'convert',
  description:
    'Reads Kubernetes objects, as files hold them or as helm template, kustomize build and cdk8s print them, and prints a ResourceGraphDefinition whose instances get these objects. Names of other objects (of ConfigMaps, Secrets, Services, accounts, claims) and the selectors of Services become expressions where it is certain which object is meant, so that the graph knows the order. --lift makes fields of the spec, with the value as default. What a server writes is left out. The result passes typekro validate, else the problems are printed and nothing else.',
  positionals: [
    { name: 'source', summary: 'YAML or JSON files, folders of such, or -', variadic: true, required: true },
  ],
  options: [
    { name: 'name', summary: 'name of the definition', value: 'name', defaultValue: 'app' },
    { name: 'kind', summary: 'kind of its instances; by default the name in camel case', value: 'kind' },
    {
      name: 'lift',
      summary: 'values that become fields, as Deployment/web:spec.replicas=replicas',
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
  ],
  async run(context, input) {
    const names = namesOf(input);
    const { documents, diagnostics, texts } = await readSources(input.positionals, context.cwd, () =>
      context.readInput(),
    );
    printDiagnostics(context, diagnostics, texts);
    if (hasErrors(diagnostics)) return ExitCode.diagnostics;
    const objects = objectsIn(documents);
    refuse(objects, input.positionals);
    const lifts = parseLifts(textOption(input, 'lift') ?? '', objects);
    const definition = toDefinition(objects, lifts, names);
    const checked = await checkedDefinition(context, input, definition);
    if (checked === undefined) return ExitCode.diagnostics;
    context.print(checked.text.trimEnd());
    return ExitCode.ok;
  },
};

function namesOf(input: CommandInput): { readonly name: string; readonly kind: string } {
  const name = textOption(input, 'name') ?? 'app';
  const kind = textOption(input, 'kind') ?? kindOfName(name);
  if (!isUpperCamelCase(kind)) {
    throw new TypeKroError(`${kind} is no name of a kind`, {
      code: 'cli/usage',
      remedy: 'write it with a capital and letters and digits: --kind WebShop',
    });
  }
  return { name, kind };
}

function refuse(objects: readonly KubeObject[], files: readonly string[]): void {
  if (objects.length === 0) {
    throw new TypeKroError(`there is no Kubernetes object in ${files.join(', ')}`, {
      code: 'input/empty',
      remedy: 'name files with objects, or - for what helm template prints',
    });
  }
  const definition = objects.find(isDefinition);
  if (definition !== undefined) {
    throw new TypeKroError(`${definition.metadata.name ?? ''} is a definition already`, {
      code: 'cli/usage',
      remedy: 'name files with the objects that it is to make',
    });
  }
}
