import { resolve } from 'node:path';
import { type InputObject } from '@typekro/app/plan';
import { type JsonObject, type JsonValue, type KubeObject, gvkOf, isJsonObject } from '@typekro/kit/core';
import { type DefinitionDocument, type PathStep, isDefinition, parseDefinitions } from '@typekro/engine/graph';
import { ObjectKey } from '@typekro/engine/runtime';
import { valueAtSteps } from '@typekro/engine/schema';
import { chooseDefinitions, onlyDefinition } from '../choose-definitions.ts';
import { type CommandContext, type CommandInput, STANDARD_INPUT, textOption } from '../command.ts';
import { refuseOtherNamespace, withNamespace } from '@typekro/app/instance';
import type { LoadedInputs } from '../inputs/load-inputs.ts';
import { asKubeObject, readTextFile } from '../inputs/read-manifest.ts';
import { type Setting, parseSettings, renderSettings, settingFinder, withSettings } from './render-settings.ts';

/** The API of a definition, read from its schema without compiling it. */
interface Api {
  readonly name: string;
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * Replaces the instances in the files with the instances to render. `--values` takes precedence over the instances in
 * the files. If there are neither, each chosen definition gets an instance with an empty spec. `--set` changes every
 * instance.
 *
 * @throws TypeKroError for an unreadable file, for an instance whose namespace differs from `--namespace`, for a
 *   setting whose path does not fit the spec, and for a spec in `--values` when several definitions are chosen.
 */
export async function withInstances(
  context: CommandContext,
  input: CommandInput,
  inputs: LoadedInputs,
): Promise<LoadedInputs> {
  const definitions = inputs.objects.flatMap(({ object }) => apiOf(object));
  // Without a readable schema there is no instance to render. A later check reports such a definition.
  if (definitions.length === 0) return inputs;
  const chosen = chooseDefinitions(definitions, input);
  const types = new Set(chosen.map(kindOf));
  const isInstance = ({ object }: InputObject): boolean => types.has(kindOf(object));
  const given = inputs.objects.filter(isInstance);
  const only = textOption(input, 'namespace');
  const values = textOption(input, 'values');
  const sets = (textOption(input, 'set') ?? '') === '' ? [] : parseSettings(textOption(input, 'set') ?? '');
  const read = values === undefined ? undefined : await readValues(context, input, values, chosen);
  const made = (read?.objects ?? (given.length > 0 ? given : chosen.map((api) => emptyInstance(input, api)))).map(
    (each) => (isInstance(each) ? { ...each, object: withNamespace(each.object, only) } : each),
  );
  if (only !== undefined) refuseOtherNamespace(made.filter(isInstance), only);
  const instances = sets.length === 0 ? made : made.map((each) => (isInstance(each) ? withSets(each, sets) : each));
  return {
    objects: [...inputs.objects.filter((each) => !isInstance(each)), ...instances],
    diagnostics: [...inputs.diagnostics, ...(read?.diagnostics ?? [])],
    texts: new Map([...inputs.texts, ...(read?.texts ?? [])]),
  };
}

function apiOf(object: KubeObject): Api[] {
  if (!isDefinition(object)) return [];
  const schema = object.spec?.['schema'];
  if (!isJsonObject(schema)) return [];
  const { kind, apiVersion, group = 'kro.run' } = schema;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string' || typeof group !== 'string') return [];
  return [{ name: object.metadata.name ?? '', kind, apiVersion: `${group}/${apiVersion}` }];
}

/** An instance can have another version of its API. */
const kindOf = (object: KubeObject | Api): string => ObjectKey.groupKind(gvkOf(object));

/** Reads `--values`: instances, or the spec of one instance. */
async function readValues(
  context: CommandContext,
  input: CommandInput,
  name: string,
  apis: readonly Api[],
): Promise<LoadedInputs> {
  const file = name === '-' ? STANDARD_INPUT : name;
  const text = name === '-' ? await context.readInput() : await readTextFile(resolve(context.cwd, name), name);
  const { documents, diagnostics } = parseDefinitions(text, file);
  const objects = documents.flatMap((document): InputObject[] => {
    const object = asKubeObject(document.value);
    if (object !== undefined) return [{ object, file, document }];
    if (document.value === null) return [];
    return [{ object: instanceOf(input, onlyApi(apis, file), document.value), file, document: specDocument(document) }];
  });
  if (objects.length === 0 && diagnostics.length === 0) {
    objects.push({ object: instanceOf(input, onlyApi(apis, file), {}), file });
  }
  return { objects, diagnostics, texts: new Map([[file, text]]) };
}

const onlyApi = (apis: readonly Api[], file: string): Api =>
  onlyDefinition(
    apis,
    `${file} holds a spec, and there are ${apis.length} definitions that it could belong to`,
    '; or write a whole instance with apiVersion and kind',
  );

function emptyInstance(input: CommandInput, api: Api): InputObject {
  return { object: instanceOf(input, api, {}), file: `an empty ${api.kind}` };
}

function instanceOf(input: CommandInput, { apiVersion, kind }: Api, spec: JsonValue): KubeObject {
  const name = textOption(input, 'name') ?? kind.toLowerCase();
  const namespace = textOption(input, 'namespace') ?? 'default';
  return { apiVersion, kind, metadata: { name, namespace }, spec: spec as JsonObject };
}

/** Adapts the document of a spec, so that paths of the whole instance resolve to positions in the spec. */
function specDocument(document: DefinitionDocument): DefinitionDocument {
  const inner = ([first, ...rest]: readonly PathStep[]): readonly PathStep[] => (first === 'spec' ? rest : []);
  return {
    value: document.value,
    index: document.index,
    ...(document.file === undefined ? {} : { file: document.file }),
    position: (path) => document.position(inner(path)),
    keyPosition: (path) => document.keyPosition(inner(path)),
    positionInside: (path, offset) => document.positionInside(inner(path), offset),
    written: (path) => document.written?.(inner(path)),
  };
}

/**
 * Returns an instance with the settings of `--set`. A problem with a field that `--set` changed is reported at the
 * setting.
 */
function withSets(input: InputObject, all: readonly Setting[]): InputObject {
  const { object, document } = input;
  const before = (object.spec ?? {}) as JsonValue;
  const settings = renderSettings(before, all);
  const spec = withSettings(before, settings) as JsonObject;
  const isInFile = (steps: readonly PathStep[]): boolean =>
    document !== undefined && valueAtSteps(object, steps) !== undefined;
  const find = settingFinder(settings);
  const givenBy = (steps: readonly PathStep[]): string | undefined => {
    const [first, ...path] = steps;
    const setting = first === 'spec' && path.length > 0 ? find(path, isInFile(steps)) : undefined;
    return setting === undefined ? undefined : `--set ${setting.text}`;
  };
  return { ...input, object: { ...object, spec }, givenBy };
}
