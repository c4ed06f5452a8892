import { asObject, objectAt, objectsAt } from '@typekro/kit/kubernetes';
import { type JsonObject, type KubeObject, pascalCase, stringifyJson } from '@typekro/kit/core';
import { type Graph, controllerCrds } from '@typekro/engine/graph';
import { type Schema, crdSource, CrdSchema } from '@typekro/engine/schema';
import { toTypeScript } from '@typekro/sdk/notations';
import { chooseDefinitions, DEFINITION_OPTION, onlyDefinition } from '../choose-definitions.ts';
import { type Command, ExitCode, textOption, usageError } from '../command.ts';
import { unknownForm, outputOption } from '../command-options.ts';
import { exampleInstance } from '../types/example-instance.ts';
import { toJsonSchema } from '../types/to-json-schema.ts';
import { pullTypes } from '../types/pull-types.ts';
import { readChecked } from '../checks/checked.ts';
import { CRD_OPTIONS } from '../checks/known-crds.ts';
import { printedYaml, yamlOf } from '@typekro/app/text';

/** The part of a definition that all output forms need: the API that it declares. */
type Api = Pick<Graph, 'instance'>;

const FORMS: Readonly<Record<string, (graph: Api) => string>> = {
  typescript: typeScriptOf,
  jsonschema: (graph) => stringifyJson(jsonSchemaOf(graph), 2),
  crd: ({ instance }) => yamlOf(instance.crd),
  instance: ({ instance }) => exampleInstance(instance, specSchema(instance)),
};
const OWN_KINDS = ['ResourceGraphDefinition', 'Graph'];
const FORM_NAMES = Object.keys(FORMS);

/** `typekro types FILE…`: prints the types of a definition's kind for editors and programs. */
export const types: Command = {
  name: 'types',
  description:
    'Prints the types of the spec and the status of the kind that a definition makes: TypeScript interfaces, or a JSON Schema (2020-12) for a whole instance, with which editors complete and check YAML. For an API of several versions, both have every served version. With -o crd, prints the CustomResourceDefinition that the controller applies; with -o instance, prints an example of an instance. With --kind, prints the types of definitions or of Graphs themselves. `typekro types pull` writes the CustomResourceDefinitions of a cluster to a folder, so that editors and checks know its kinds without the cluster.',
  positionals: [
    { name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files, or -; or the word pull', variadic: true },
  ],
  options: [
    outputOption(FORM_NAMES.join(', '), FORM_NAMES),
    { name: 'kind', summary: `instead of files: ${OWN_KINDS.join(' or ')}`, value: 'kind', choices: OWN_KINDS },
    DEFINITION_OPTION,
    ...CRD_OPTIONS,
    { name: 'out', summary: 'pull: folder to write to', value: 'folder', defaultValue: 'crds' },
    { name: 'group', summary: 'pull: only kinds of this API group', value: 'name' },
    { name: 'check', summary: 'pull: write nothing; exit with 4 when a file is missing or differs' },
  ],
  examples: [
    { command: 'typekro types app.rgd.yaml > app-types.ts', summary: 'interfaces for a program' },
    {
      command: 'typekro types app.rgd.yaml -o jsonschema > app.schema.json',
      summary: 'then "# yaml-language-server: $schema=app.schema.json" at the top of an instance',
    },
    {
      command: 'typekro types --kind ResourceGraphDefinition -o jsonschema > rgd.schema.json',
      summary: 'the schema of definitions, for editors without typekro lsp',
    },
    {
      command: 'typekro types pull --out crds --group cert-manager.io',
      summary: 'crds/certificates.cert-manager.io.yaml and so on, for typekro lsp and --crds',
    },
  ],
  async run(context, input) {
    if (input.positionals[0] === 'pull') return pullTypes(context, input);
    const ofPull = ['group', 'check'].find((name) => input.options[name] !== undefined);
    if (ofPull !== undefined) {
      throw usageError(
        `--${ofPull} is for typekro types pull`,
        `leave --${ofPull} out, or write typekro types pull, without files`,
      );
    }
    const form = textOption(input, 'output') ?? 'typescript';
    const print = Object.hasOwn(FORMS, form) ? FORMS[form] : undefined;
    if (print === undefined) throw unknownForm(form, FORM_NAMES);
    const kind = textOption(input, 'kind');
    if (kind !== undefined || input.positionals.length === 0) {
      context.print(printedYaml(print(ownApi(kind, input.positionals))), 'document');
      return ExitCode.ok;
    }
    const { failed, graphs, graphObjects } = await readChecked(context, input);
    if (failed) return ExitCode.diagnostics;
    const chosen = chooseDefinitions(graphs, input, graphObjects);
    if (form === 'jsonschema' && chosen.length > 1)
      onlyDefinition(chosen, `jsonschema describes one kind, and the files hold ${chosen.length}`);
    const separator = form === 'typescript' ? '\n\n' : '\n---\n';
    context.print(chosen.map((graph) => printedYaml(print(graph))).join(separator), 'document');
    return ExitCode.ok;
  },
};

/**
 * The API of one of kro's own kinds.
 *
 * @throws TypeKroError `cli/usage` when the kind is not one of kro's own, or when files are named, too
 */
function ownApi(kind: string | undefined, files: readonly string[]): Api {
  const crd = controllerCrds().find((each) => isOwnKind(kind) && objectAt(each, 'spec', 'names')['kind'] === kind);
  if (kind === undefined || crd === undefined || files.length > 0) {
    const problem =
      kind === undefined ? 'no file is named' : crd === undefined ? `--kind takes no ${kind}` : '--kind takes no file';
    throw usageError(
      problem,
      `name the files of definitions, or one of ${OWN_KINDS.map((each) => `--kind ${each}`).join(', ')}`,
    );
  }
  const [version] = objectsAt(crd, 'spec', 'versions');
  const { group, names, scope } = asObject(crd.spec);
  const plural = String(asObject(names)['plural']);
  const type = { group: String(group), version: String(version?.['name']), kind };
  return { instance: { ...type, plural, namespaced: scope === 'Namespaced', crd } };
}

const isOwnKind = (kind: string | undefined): boolean => OWN_KINDS.some((each) => each === kind);

const specSchema = (instance: Graph['instance']): Schema =>
  crdSource([instance.crd]).schemaOf(instance)?.properties?.['spec'] ?? { type: 'object' };

/** The interfaces of each served version. Those of a version that is not the API's own have the version in their names. */
function typeScriptOf({ instance }: Api): string {
  const { kind, group, namespaced } = instance;
  const source = crdSource([instance.crd]);
  const place = namespaced ? '; readonly namespace?: string' : '';
  const parts = servedVersions(instance).flatMap((version) => {
    const schema = source.schemaOf({ group, version, kind });
    const { spec = { type: 'object' }, status } = schema?.properties ?? {};
    const name = version === instance.version ? kind : kind + pascalCase(version);
    return [
      toTypeScript(spec, { name: `${name}Spec` }),
      ...(status === undefined ? [] : [toTypeScript(status, { name: `${name}Status` })]),
      `/** An instance of ${kind}, as it is applied. */
export interface ${name} {
  readonly apiVersion: '${group}/${version}';
  readonly kind: '${kind}';
  readonly metadata: { readonly name: string${place}; readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: ${name}Spec;
${status === undefined ? '' : `  /** Written by the controller. */\n  readonly status?: ${name}Status;\n`}}
`,
    ];
  });
  return parts.join('\n');
}

/** The names of the versions that an API server serves. */
const servedVersions = ({ crd }: Graph['instance']): string[] =>
  CrdSchema.facts(crd).flatMap(({ name, served }) => (served ? [name] : []));

function jsonSchemaOf({ instance }: Api): JsonObject {
  const { kind, group, crd } = instance;
  const schemas = servedVersions(instance).map((version): JsonObject => {
    const schema = toJsonSchema(rootSchema(crd, version));
    return {
      ...schema,
      required: ['apiVersion', 'kind', 'metadata'],
      properties: {
        ...asObject(schema['properties']),
        apiVersion: { const: `${group}/${version}` },
        kind: { const: kind },
        metadata: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      },
    };
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: kind,
    ...(schemas.length === 1 ? schemas[0] : { anyOf: schemas }),
  };
}

const rootSchema = (crd: KubeObject, version: string): JsonObject =>
  CrdSchema.ofVersion(CrdSchema.versions(crd).find(({ name }) => name === version)) ?? {};
