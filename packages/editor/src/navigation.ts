import type { Location, Position, Range, TextEdit, WorkspaceEdit } from 'vscode-languageserver';
import { TypeKroError } from '@typekro/kit/core';
import { Naming } from '@typekro/engine/graph';
import { captureOf } from './captures.ts';
import { type EditorDocument, type PlacedPart, EditorDocument as Documents } from './editor-document.ts';
import { typeOfObject } from './object-places.ts';
import { type NamedSymbol, contentOf, spansOf, namedSymbolAt, symbolSpans } from './symbols.ts';
import { testSpans } from './test-files.ts';
import type { Span } from './editor-text.ts';
import type { Workspace } from './workspace.ts';
import { memberAt, yamlNodeAt, placeAt } from './yaml-tree.ts';

interface At {
  readonly document: EditorDocument;
  readonly placed: PlacedPart;
  readonly offset: number;
}

function placeOf(workspace: Workspace, uri: string, position: Position): At | undefined {
  const document = workspace.document(uri);
  const offset = document?.text.offsetAt(position) ?? 0;
  const placed = document?.partAt(offset);
  return document === undefined || placed === undefined
    ? undefined
    : { document, placed, offset: offset - placed.from };
}

const locationOf = (document: EditorDocument, placed: PlacedPart, span: Span): Location => ({
  uri: document.uri,
  range: document.text.rangeOf(Documents.inFile(placed, span)),
});

/**
 * The declaration of the name at a position. In a definition, this is the id of a node, or a field or a type of the
 * API. For the kind and the fields of an instance, this is the corresponding part of a definition in the workspace.
 */
export function definitionAt(workspace: Workspace, uri: string, position: Position): readonly Location[] {
  const at = placeOf(workspace, uri, position);
  if (at === undefined) return [];
  const { document, placed, offset } = at;
  const found = namedSymbolAt(placed.part, offset, workspace.source);
  if (found !== undefined) {
    const { declaration } = symbolSpans(placed.part, found.symbol, workspace.source);
    return declaration === undefined ? [] : [locationOf(document, placed, declaration)];
  }
  return declarationOfInstance(workspace, placed, offset);
}

/**
 * For a position in an instance or in a template, finds the declaration of the object's kind, or of the field at the
 * position.
 */
function declarationOfInstance(workspace: Workspace, { part }: PlacedPart, offset: number): readonly Location[] {
  const place = placeAt(part.tree, offset);
  if (place === undefined) return [];
  const { path } = place;
  const index = path.lastIndexOf('template');
  const root = index < 0 ? [] : path.slice(0, index + 1);
  const kind = yamlNodeAt(part.tree, [...root, 'kind']);
  const apiVersion = yamlNodeAt(part.tree, [...root, 'apiVersion']);
  if (kind?.kind !== 'scalar' || apiVersion?.kind !== 'scalar') return [];
  const fields = path.slice(root.length);
  const target = definitionOfKind(workspace, kind.value, apiVersion.value);
  if (target === undefined) return [];
  const names = fields.filter((step) => typeof step === 'string');
  const declared =
    fields[0] === 'spec' && names.length > 1
      ? memberAt(target.placed.part.tree, ['spec', 'schema', 'spec', ...names.slice(1)])?.key
      : yamlNodeAt(target.placed.part.tree, ['spec', 'schema', 'kind']);
  const isNamed = fields[0] === 'spec' || path.at(-1) === 'kind' || path.at(-1) === 'apiVersion';
  if (!isNamed || declared?.kind !== 'scalar') return [];
  return [locationOf(target.document, target.placed, contentOf(target.placed.part.text, declared))];
}

/** The definition in the workspace that defines a kind. */
export function definitionOfKind(
  workspace: Workspace,
  kind: string,
  apiVersion: string,
): { readonly document: EditorDocument; readonly placed: PlacedPart } | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  for (const document of workspace.documents()) {
    if (!document.text.text.includes(kind)) continue;
    const placed = document.parts.find(({ part }) => {
      const own = yamlNodeAt(part.tree, ['spec', 'schema', 'kind']);
      const named = yamlNodeAt(part.tree, ['spec', 'schema', 'group']);
      const ownGroup = named?.kind === 'scalar' ? named.value : 'kro.run';
      return own?.kind === 'scalar' && own.value === kind && ownGroup === group;
    });
    if (placed !== undefined) return { document, placed };
  }
  return undefined;
}

/** All places that name the symbol at a position, in all files of the workspace. */
export function referencesAt(
  workspace: Workspace,
  uri: string,
  position: Position,
  includeDeclaration: boolean,
): readonly Location[] {
  const at = placeOf(workspace, uri, position);
  const found = at === undefined ? undefined : namedSymbolAt(at.placed.part, at.offset, workspace.source);
  if (at === undefined || found === undefined) return [];
  const all = allLocations(workspace, at, found.symbol);
  const { declaration } = symbolSpans(at.placed.part, found.symbol, workspace.source);
  return includeDeclaration || declaration === undefined ? all : all.slice(1);
}

/** The places of a symbol. The declaration, when there is one, comes first. */
function allLocations(workspace: Workspace, at: At, symbol: NamedSymbol): readonly Location[] {
  const { document, placed } = at;
  const own = spansOf(placed.part, symbol, workspace.source).map((span) => locationOf(document, placed, span));
  const elsewhere =
    symbol.kind === 'node'
      ? testSpans(workspace, at, symbol.name)
      : symbol.kind === 'field'
        ? instanceSpans(workspace, placed, symbol.path)
        : [];
  return [...own, ...elsewhere];
}

/** The keys that set a field of the spec in the instances of a definition. */
function instanceSpans(workspace: Workspace, definition: PlacedPart, path: readonly string[]): readonly Location[] {
  const kind = yamlNodeAt(definition.part.tree, ['spec', 'schema', 'kind']);
  const group = yamlNodeAt(definition.part.tree, ['spec', 'schema', 'group']);
  if (kind?.kind !== 'scalar') return [];
  const ownGroup = group?.kind === 'scalar' ? group.value : 'kro.run';
  return workspace.documents().flatMap((document) =>
    document.text.text.includes(kind.value)
      ? document.parts.flatMap((placed): Location[] => {
          const type = typeOfObject(placed.part.value);
          if (type?.kind !== kind.value || type.group !== ownGroup) return [];
          const key = memberAt(placed.part.tree, ['spec', ...path])?.key;
          return key === undefined ? [] : [locationOf(document, placed, contentOf(placed.part.text, key))];
        })
      : [],
  );
}

/** The name at a position and its range, when the name can be renamed. */
export function renameableAt(
  workspace: Workspace,
  uri: string,
  position: Position,
): { readonly range: Range; readonly placeholder: string } | undefined {
  const at = placeOf(workspace, uri, position);
  const found = at === undefined ? undefined : namedSymbolAt(at.placed.part, at.offset, workspace.source);
  if (at === undefined || found === undefined) return undefined;
  const { range } = locationOf(at.document, at.placed, found.span);
  return { range, placeholder: found.symbol.name };
}

/**
 * The edits that rename the symbol at a position in all files.
 *
 * @throws TypeKroError `editor/bad-name` for an invalid name, for the name of another node, field or type, and for the
 *   name of a variable in an expression that reads the node
 */
export function renameAt(
  workspace: Workspace,
  uri: string,
  position: Position,
  name: string,
): WorkspaceEdit | undefined {
  const at = placeOf(workspace, uri, position);
  const found = at === undefined ? undefined : namedSymbolAt(at.placed.part, at.offset, workspace.source);
  if (at === undefined || found === undefined) return undefined;
  checkName(found.symbol, name, at.placed, workspace);
  const changes: Record<string, TextEdit[]> = {};
  for (const { uri: file, range } of allLocations(workspace, at, found.symbol)) {
    (changes[file] ??= []).push({ range, newText: name });
  }
  return { changes };
}

function checkName(symbol: NamedSymbol, name: string, { part }: PlacedPart, workspace: Workspace): void {
  const refuse = (message: string, remedy: string): never => {
    throw new TypeKroError(message, { code: 'editor/bad-name', remedy });
  };
  if (symbol.kind === 'type') {
    if (!Naming.isUpperCamelCase(name))
      refuse(`${name} is not a valid type name`, 'begin with a capital letter, and use letters and digits');
    if (memberAt(part.tree, ['spec', 'schema', 'types', name]) !== undefined)
      refuse(`there is already a type ${name}`, 'choose another name');
    return;
  }
  if (symbol.kind === 'field') {
    if (!/^[A-Za-z_]\w*$/.test(name))
      refuse(
        `expressions cannot read a field named ${name}`,
        'begin with a letter or _, and use letters, digits and _',
      );
    const siblings = ['spec', 'schema', 'spec', ...symbol.path.slice(0, -1), name];
    if (memberAt(part.tree, siblings) !== undefined) refuse(`there is already a field ${name}`, 'choose another name');
    return;
  }
  if (!Naming.isLowerCamelCase(name))
    refuse(`${name} is not an id`, 'begin with a small letter, and use letters and digits');
  if (Naming.isReservedWord(name)) refuse(`${name} has another meaning in expressions`, 'choose another id');
  const parent = symbol.path.slice(0, -1);
  const siblings = yamlNodeAt(part.tree, parent);
  const ids =
    siblings?.kind === 'list' ? siblings.items.map((_, index) => yamlNodeAt(part.tree, [...parent, index, 'id'])) : [];
  const isTaken = ids.some((id) => id?.kind === 'scalar' && id.value === name);
  const capture = isTaken ? 'node' : captureOf(part, symbol, name, workspace.source);
  if (capture === 'node') refuse(`there is already a node ${name}`, 'choose another id');
  if (capture === 'variable')
    refuse(`an expression that reads ${symbol.name} has a variable ${name}`, 'choose another id');
}
