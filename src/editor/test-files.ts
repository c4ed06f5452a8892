import type { Location } from 'vscode-languageserver';
import { isJsonObject } from '../core/index.ts';
import type { EditorDocument } from './document.ts';
import { EditorDocument as Documents } from './document.ts';
import { contentOf } from './symbols.ts';
import type { Workspace } from './workspace.ts';
import { placesIn } from './yaml-tree.ts';

/** The members of a test that have ids of nodes as keys, and the members that have them as items. */
const BY_KEY: ReadonlySet<string> = new Set(['children', 'nodes', 'patch']);
const BY_ITEM: ReadonlySet<string> = new Set(['created', 'deleted', 'written', 'only', 'delete']);

/** The places in files of tests (kind GraphTest) that name a node of a definition. */
export function testSpans(workspace: Workspace, definition: EditorDocument, id: string): readonly Location[] {
  return workspace.documents().flatMap((document) => {
    if (!document.text.text.includes('GraphTest')) return [];
    return document.parts.flatMap((placed): Location[] => {
      const { value, tree, text } = placed.part;
      if (!isJsonObject(value) || value['kind'] !== 'GraphTest' || typeof value['definition'] !== 'string') return [];
      if (!isSameFile(document.uri, value['definition'], definition.uri)) return [];
      return [...placesIn(tree)].flatMap(({ path, part, scalar }) => {
        const parent = path.at(-2);
        const isId =
          part === 'key' ? BY_KEY.has(String(parent)) : BY_ITEM.has(String(parent)) && typeof path.at(-1) === 'number';
        if (!isId || scalar.value !== id) return [];
        const range = document.text.rangeOf(Documents.inFile(placed, contentOf(text, scalar)));
        return [{ uri: document.uri, range }];
      });
    });
  });
}

/** Does the name in a file of tests denote the definition's file? It is relative to the file of tests. */
function isSameFile(testUri: string, name: string, definitionUri: string): boolean {
  const resolved = URL.canParse(name, testUri) ? new URL(name, testUri).href : undefined;
  return resolved === definitionUri;
}
