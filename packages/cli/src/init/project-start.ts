import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DEFINITION_KIND } from '@typekro/controller/controller';
import type { Diagnostic, JsonObject, KubeObject } from '@typekro/kit/core';
import { hasErrors, TypeKroError, nearestName, formatApiVersion } from '@typekro/kit/core';
import { type Graph, isDefinition } from '@typekro/engine/graph';
import { LAST_APPLIED_ANNOTATION, withoutServerFields } from '@typekro/kit/kubernetes';
import { connectToCluster } from '../cluster-client.ts';
import { type CommandContext, type CommandInput, STANDARD_INPUT, textOption, usageError } from '../command.ts';
import { type CheckedDefinition, checkedDefinition } from '../convert/checked-definition.ts';
import { kindOfName, toDefinition, withoutLiveFields } from '@typekro/app/convert';
import { originals, placedInObjects } from '../convert/origins.ts';
import { OBJECT_READER, readSources } from '../generate/read-sources.ts';
import { readChecked } from '../checks/checked.ts';
import { parseManifest, documentsLeftOut, objectsOf } from '../inputs/read-manifest.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import type { ProjectPlan } from './project-files.ts';
import { yamlOf } from '@typekro/app/text';
import { crdSource } from '@typekro/engine/schema';
import { sampleValue } from '../sample-value.ts';

/** The name of a definition in the cluster, in kubectl's form. */
const IN_CLUSTER = /^(?:rgd|resourcegraphdefinitions?)\/(.+)$/i;

/**
 * Chooses the first contents of a project. Without `--from`, the project gets a composition, in an npm package with
 * `--package`. With `--from`, it gets
 * definitions from a file or the cluster, or a definition made from plain manifests. Returns `undefined` when the
 * definition has errors, after printing them.
 *
 * @param name the name of the project
 * @throws TypeKroError for a source that cannot be read or has no usable object
 */
export async function projectStart(
  context: CommandContext,
  input: CommandInput,
  name: string,
): Promise<ProjectPlan['start'] | undefined> {
  const from = textOption(input, 'from');
  const isPackage = input.options['package'] === true;
  if (from === undefined) return { kind: isPackage ? 'package' : 'composition' };
  if (isPackage)
    throw usageError(
      '--package makes a package of a composition, and --from a project of a definition',
      'leave one of them out; typekro push makes a package of any definition',
    );
  const path = resolve(context.cwd, from);
  const inCluster = existsSync(path) ? undefined : IN_CLUSTER.exec(from)?.[1];
  if (inCluster !== undefined) return startOf(await ofCluster(context, input, inCluster));
  const text = from === '-' ? await context.readInput() : '';
  // Standard input can be read only once, so later reads return the same text.
  const withText: CommandContext = { ...context, readInput: () => Promise.resolve(text) };
  // `ofFile` refuses a file that is not YAML, and reports the reason.
  if (from !== '-' && !/\.ya?ml$/i.test(from) && statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return ofFile(withText, input, from);
  }
  if (from !== '-' && !existsSync(path)) return ofFile(withText, input, from);
  const { documents, diagnostics, texts } = await readSources([from], context.cwd, () => withText.readInput(), {
    ...OBJECT_READER,
    name: 'init',
    helm: 'helm template CHART | typekro init NAME --from -',
  });
  if (hasErrors(diagnostics)) {
    printDiagnostics(context, diagnostics, texts);
    return undefined;
  }
  const found = documents.flatMap(objectsOf);
  if (found.length === 0 || found.some(isDefinition))
    return ofFile(withText, input, definitionFile(context, texts, from));
  const { objects, leftOut } = withoutLiveFields(found);
  for (const line of [...documentsLeftOut(texts), ...leftOut]) context.printError(`left out: ${line}`);
  if (objects.length === 0) {
    throw new TypeKroError(`all objects in ${from} are left out, because controllers create them`, {
      code: 'input/empty',
      remedy: 'name files with the objects that a user applies, such as Deployments',
    });
  }
  const own = definitionName(name);
  const definition = toDefinition(objects, [], { name: own, kind: kindOfName(own) });
  const place = (problem: Diagnostic): Diagnostic => placedInObjects(problem, objects, originals(texts));
  return startOf(await checkedDefinition(context, input, definition, { place, texts }));
}

/**
 * The file that has the definition, if `from` is a folder; otherwise `from`. Prints the names of the folder's other
 * files.
 *
 * @throws TypeKroError `init/several-definitions` when several files of the folder have definitions.
 */
function definitionFile(context: CommandContext, texts: ReadonlyMap<string, string>, from: string): string {
  const names = [...texts.keys()];
  if (names.includes(from) || from === '-') return from;
  const [file = from, ...more] = names.filter((name) =>
    parseManifest(texts.get(name) ?? '', name).objects.some(({ object }) => isDefinition(object)),
  );
  if (more.length > 0) {
    throw new TypeKroError(`${from} has definitions in ${[file, ...more].join(', ')}; a project has one definition`, {
      code: 'init/several-definitions',
      remedy: 'name one of the files with --from',
    });
  }
  for (const name of names) {
    if (name !== file) context.printError(`left out: ${name}, because the definition is in ${file}`);
  }
  return file;
}

/** Reads and checks a definition of the cluster. */
async function ofCluster(
  context: CommandContext,
  input: CommandInput,
  name: string,
): Promise<CheckedDefinition | undefined> {
  await using connection = await connectToCluster(context, input);
  const { client, name: cluster } = connection;
  const { signal } = context;
  const found = await client.find({ ...DEFINITION_KIND, name }, { signal });
  if (found === undefined) {
    const { items } = await client.list(DEFINITION_KIND, { signal, metadataOnly: true });
    const names = items.map(({ metadata }) => metadata.name ?? '');
    const near = nearestName(name, names);
    throw new TypeKroError(`the cluster ${cluster} has no definition ${name}`, {
      code: 'init/no-definition',
      remedy:
        near !== undefined
          ? `did you mean rgd/${near}?`
          : names.length === 0
            ? 'name another cluster with --context'
            : `known definitions: ${names.join(', ')}`,
    });
  }
  // The check reads the CRDs of the same cluster.
  const options = { ...input.options, context: textOption(input, 'context') ?? cluster };
  const place = ({ source: _printed, message, ...problem }: Diagnostic): Diagnostic => ({
    ...problem,
    message: `the definition ${name} of the cluster: ${message}`,
  });
  return await checkedDefinition(context, { ...input, options }, ownFields(found), { place, texts: new Map() });
}

async function ofFile(
  context: CommandContext,
  input: CommandInput,
  from: string,
): Promise<ProjectPlan['start'] | undefined> {
  const { failed, graphs, inputs } = await readChecked(context, input, [from]);
  if (failed) return undefined;
  const [graph] = graphs;
  const text = inputs.texts.get(from === '-' ? STANDARD_INPUT : from);
  if (graph === undefined || text === undefined || !/\.ya?ml$|^-$/i.test(from)) {
    throw new TypeKroError(`${from} is not a YAML file with a ResourceGraphDefinition or other objects`, {
      code: 'init/no-definition',
      remedy:
        'name a YAML file or a folder with manifests, or a definition of the cluster (rgd/NAME); leave --from out for a composition',
    });
  }
  const objects = inputs.objects.map(({ object }) => object);
  return startOf({ text: ownText(text, objects), graph });
}

function startOf(
  found: { readonly text: string; readonly graph: Graph } | undefined,
): ProjectPlan['start'] | undefined {
  if (found === undefined) return undefined;
  const { text, graph } = found;
  return { kind: 'definition', text, instance: sampleInstance(graph), present: firstNodes(graph) };
}

/** The nodes that every instance has from the start: resources without conditions and without dependencies. */
function firstNodes({ nodes }: Graph): string[] {
  return [...nodes.values()]
    .filter(
      ({ nodeType, dependsOn, includeWhen }) =>
        nodeType === 'resource' && dependsOn.length === 0 && includeWhen.length === 0,
    )
    .map(({ id }) => id);
}

/**
 * Returns the text unchanged when its objects do not come from a cluster. Otherwise returns the objects as YAML,
 * without the fields that the API server and controllers write.
 */
function ownText(text: string, objects: readonly KubeObject[]): string {
  if (objects.every(({ metadata }) => metadata.uid === undefined)) return text;
  return objects.map((object) => yamlOf(ownFields(object))).join('---\n');
}

function ownFields(object: KubeObject): JsonObject {
  const { finalizers: _finalizers, annotations = {}, ...metadata } = object.metadata;
  const own = Object.entries(annotations).filter(([key]) => key !== LAST_APPLIED_ANNOTATION);
  const kept = own.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(own) };
  return withoutServerFields({ ...object, metadata: kept });
}

/**
 * The maximum length of a definition's name. The name becomes the kind, and the API server allows 63 characters for the
 * kind followed by "List".
 */
const MAX_NAME_LENGTH = 59;

/** Makes the name of a definition from the name of a project. The name begins with a letter and ends without a dash. */
function definitionName(project: string): string {
  const name = project
    .replace(/^@[^/]*\//, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+/, '')
    .slice(0, MAX_NAME_LENGTH)
    .replace(/-+$/, '');
  return name === '' ? 'app' : name;
}

/**
 * Makes an example instance of a definition. Sets the fields without a default, except optional maps and optional
 * fields that accept any type. A value can violate a rule of its field that `sampleValue` does not follow, such as
 * `pattern`. The author must replace such a value.
 */
export function sampleInstance({ instance }: Graph): JsonObject {
  const schema = crdSource([instance.crd]).schemaOf(instance);
  const spec = sampleValue(schema?.properties?.['spec'] ?? {}, 'example', 'withoutDefaults');
  return {
    apiVersion: formatApiVersion(instance),
    kind: instance.kind,
    metadata: { name: 'example', ...(instance.namespaced ? { namespace: 'default' } : {}) },
    spec: spec ?? {},
  };
}
