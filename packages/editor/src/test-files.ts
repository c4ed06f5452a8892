import type { Location } from 'vscode-languageserver';
import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type EditorDocument, type PlacedPart, EditorDocument as Documents } from './editor-document.ts';
import { contentOf } from './symbols.ts';
import type { Workspace } from './workspace.ts';
import { type YamlPlace, placesIn } from './yaml-tree.ts';

/** The paths in an expectation at which node ids occur. `#` matches an index, and `*` matches any key. */
const EXPECTED = [
  'children/*',
  'nodes/*',
  'nodes/*/waitsFor/#',
  'only/#',
  'written/#',
  ...['created', 'deleted'].flatMap((order) => [`${order}/#`, `${order}/#/#`]),
].map((place) => `expect/${place}`);

/**
 * `IDS` has the paths in a test file at which node ids occur. `TARGETS` has the paths of the objects that a step
 * patches or deletes: a node id, or an item of a collection such as `zone[1]`.
 */
const IDS = EXPECTED.flatMap((place) => [`tests/#/${place}`, `tests/#/steps/#/${place}`]).map((place) =>
  place.split('/'),
);
const TARGETS = ['tests/#/steps/#/patch/*', 'tests/#/steps/#/delete/#'].map((place) => place.split('/'));

/** The extensions of definition files, in the order in which `typekro test` looks for them. */
const DEFINITION_ENDINGS = ['.yaml', '.yml', '.rgd.yaml', '.rgd.yml', '.json'];

/** The locations in test files (kind GraphTest) that name a node of a definition. */
export function testSpans(
  workspace: Workspace,
  definition: { readonly document: EditorDocument; readonly placed: PlacedPart },
  id: string,
): readonly Location[] {
  return workspace.documents().flatMap((document) => {
    if (!document.text.text.includes('GraphTest')) return [];
    return document.parts.flatMap((placed): Location[] => {
      const { value, tree, text } = placed.part;
      if (!isJsonObject(value) || value['kind'] !== 'GraphTest') return [];
      if (definitionUri(workspace, document.uri, value['definition']) !== definition.document.uri) return [];
      if (typeof value['name'] === 'string' && value['name'] !== nameOf(definition.placed.part.value)) return [];
      return [...placesIn(tree)].flatMap((place) => {
        const rest = afterId(place, id);
        if (rest === undefined) return [];
        const { from, to } = contentOf(text, place.scalar);
        const range = document.text.rangeOf(Documents.inFile(placed, { from, to: to - rest.length }));
        return [{ uri: document.uri, range }];
      });
    });
  });
}

/**
 * The text after the node id in a scalar: empty, or the index of an item. `undefined` when the scalar does not name the
 * node.
 */
function afterId(place: YamlPlace, id: string): string | undefined {
  const { value } = place.scalar;
  if (value === id) return isOneOf(IDS, place) || isOneOf(TARGETS, place) ? '' : undefined;
  if (!value.startsWith(id)) return undefined;
  const rest = value.slice(id.length);
  return /^\[\d+\]$/.test(rest) && isOneOf(TARGETS, place) ? rest : undefined;
}

function isOneOf(patterns: readonly (readonly string[])[], { path, part }: YamlPlace): boolean {
  const fits = (wanted: string | undefined, step: string | number): boolean =>
    wanted === '#' ? typeof step === 'number' : typeof step === 'string' && (wanted === '*' || wanted === step);
  return patterns.some(
    (pattern) =>
      pattern.length === path.length &&
      (pattern.at(-1) === '*') === (part === 'key') &&
      path.every((step, index) => fits(pattern[index], step)),
  );
}

/**
 * The URI of the definition file. When the test file names one, the name is resolved relative to the test file. When it
 * does not, the URI is that of the file with the same name in the same folder.
 */
function definitionUri(workspace: Workspace, testUri: string, named: JsonValue | undefined): string | undefined {
  if (typeof named === 'string') return URL.canParse(named, testUri) ? new URL(named, testUri).href : undefined;
  const stem = testUri.replace(/(?:\.test)?\.ya?ml$/, '');
  return DEFINITION_ENDINGS.map((ending) => `${stem}${ending}`).find(
    (uri) => uri !== testUri && workspace.document(uri) !== undefined,
  );
}

function nameOf(definition: JsonValue): JsonValue | undefined {
  const metadata = isJsonObject(definition) ? definition['metadata'] : undefined;
  return isJsonObject(metadata) ? metadata['name'] : undefined;
}
