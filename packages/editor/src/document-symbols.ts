import type { DocumentSymbol, FoldingRange, SymbolInformation, SymbolKind } from 'vscode-languageserver';
import { definedMembers } from '@typekro/kit/core';
import { type EditorDocument, type PlacedPart, EditorDocument as Documents } from './editor-document.ts';
import { typeOfObject } from './object-places.ts';
import type { Span } from './editor-text.ts';
import type { Workspace } from './workspace.ts';
import { type YamlMember, type YamlNode, type YamlScalar, yamlNodeAt } from './yaml-tree.ts';

const SYMBOL = { module: 2, object: 19, array: 18, field: 8, class: 5, property: 7 } as const satisfies Record<
  string,
  SymbolKind
>;

/**
 * The symbols of the objects of a file. The symbol of a definition contains its API and its nodes. The symbol of a
 * Graph contains its nodes. The symbol of any other object contains the fields of its spec.
 */
export function symbolsOf(document: EditorDocument): readonly DocumentSymbol[] {
  return document.parts.flatMap((placed): DocumentSymbol[] => {
    const { part } = placed;
    const type = typeOfObject(part.value);
    const root = part.tree;
    if (type === undefined || root === undefined) return [];
    const name = textAt(root, ['metadata', 'name']) ?? '';
    const children =
      type.kind === 'ResourceGraphDefinition'
        ? [...apiSymbols(document, placed), ...nodeSymbols(document, placed, yamlNodeAt(root, ['spec', 'resources']))]
        : type.kind === 'Graph'
          ? nodeSymbols(document, placed, yamlNodeAt(root, ['spec', 'nodes']))
          : fieldSymbols(document, placed, yamlNodeAt(root, ['spec']));
    const kind = textNode(root, ['kind']) ?? root;
    return [
      symbol(document, placed, {
        name: `${type.kind} ${name}`.trim(),
        kind: SYMBOL.module,
        node: root,
        label: kind,
        children,
      }),
    ];
  });
}

/** The maximum number of symbols in one response. */
const MAX_SYMBOLS = 500;

/** The objects, APIs and nodes of all files whose names contain each word of the query. */
export function workspaceSymbols(workspace: Workspace, query: string): readonly SymbolInformation[] {
  const words = query.toLowerCase().split(/\s+/);
  const fits = (text: string): boolean => words.every((word) => text.toLowerCase().includes(word));
  const found: SymbolInformation[] = [];
  for (const document of workspace.documents()) {
    // Most files do not contain the words, and need not be parsed. The forms of a closed file are not kept.
    if (found.length >= MAX_SYMBOLS || !fits(document.text.text)) continue;
    const { uri } = document;
    const add = (symbols: readonly DocumentSymbol[], container?: string): void => {
      for (const { name, kind, selectionRange, children = [] } of symbols) {
        if (kind !== SYMBOL.module && kind !== SYMBOL.class && kind !== SYMBOL.object) continue;
        const location = { uri, range: selectionRange };
        if (fits(name)) found.push({ name, kind, location, ...definedMembers({ containerName: container }) });
        add(children, name);
      }
    };
    add(symbolsOf(workspace.isOpen(uri) ? document : document.withoutForms()));
  }
  return found.slice(0, MAX_SYMBOLS);
}

interface SymbolInput {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly node: Span;
  readonly label: Span;
  readonly detail?: string;
  readonly children?: readonly DocumentSymbol[];
}

function symbol(document: EditorDocument, placed: PlacedPart, input: SymbolInput): DocumentSymbol {
  const { name, kind, node, label, detail, children } = input;
  // The range of a symbol contains the range of its name.
  const whole = { from: Math.min(node.from, label.from), to: Math.max(node.to, label.to) };
  return {
    name: name === '' ? '-' : name,
    kind,
    range: document.text.rangeOf(Documents.inFile(placed, whole)),
    selectionRange: document.text.rangeOf(Documents.inFile(placed, label)),
    ...(detail === undefined ? {} : { detail }),
    ...(children === undefined ? {} : { children: [...children] }),
  };
}

const textNode = (root: YamlNode | undefined, path: readonly (string | number)[]): YamlScalar | undefined => {
  const node = yamlNodeAt(root, path);
  return node?.kind === 'scalar' ? node : undefined;
};

const textAt = (root: YamlNode | undefined, path: readonly (string | number)[]): string | undefined =>
  textNode(root, path)?.value;

function apiSymbols(document: EditorDocument, placed: PlacedPart): DocumentSymbol[] {
  const schema = yamlNodeAt(placed.part.tree, ['spec', 'schema']);
  const kind = textNode(schema, ['kind']);
  if (schema === undefined || kind === undefined) return [];
  const children = ['spec', 'status', 'types'].flatMap((name) => {
    const member = schema.kind === 'map' ? schema.members.find(({ key }) => key.value === name) : undefined;
    return member === undefined ? [] : [memberSymbol(document, placed, member, 0)];
  });
  return [
    symbol(document, placed, {
      name: kind.value,
      kind: SYMBOL.class,
      node: schema,
      label: kind,
      detail: 'API',
      children,
    }),
  ];
}

function nodeSymbols(document: EditorDocument, placed: PlacedPart, list: YamlNode | undefined): DocumentSymbol[] {
  if (list?.kind !== 'list') return [];
  return list.items.flatMap((item): DocumentSymbol[] => {
    const id = textNode(item, ['id']);
    if (item?.kind !== 'map' || id === undefined) return [];
    const body = ['template', 'externalRef', 'ref', 'patch', 'def', 'variable', 'graph'].find(
      (name) => yamlNodeAt(item, [name]) !== undefined,
    );
    const detail = body === undefined ? undefined : (textAt(item, [body, 'kind']) ?? body);
    const children = body === 'graph' ? nodeSymbols(document, placed, yamlNodeAt(item, ['graph', 'nodes'])) : undefined;
    const more = { ...(detail === undefined ? {} : { detail }), ...(children === undefined ? {} : { children }) };
    return [symbol(document, placed, { name: id.value, kind: SYMBOL.object, node: item, label: id, ...more })];
  });
}

const MAX_SYMBOL_DEPTH = 8;

function memberSymbol(
  document: EditorDocument,
  placed: PlacedPart,
  { key, value }: YamlMember,
  depth: number,
): DocumentSymbol {
  const children = depth < MAX_SYMBOL_DEPTH ? fieldSymbols(document, placed, value, depth + 1) : [];
  const kind = value?.kind === 'list' ? SYMBOL.array : value?.kind === 'map' ? SYMBOL.property : SYMBOL.field;
  const node = { from: key.from, to: value?.to ?? key.to };
  return symbol(document, placed, { name: key.value, kind, node, label: key, children });
}

function fieldSymbols(
  document: EditorDocument,
  placed: PlacedPart,
  node: YamlNode | undefined,
  depth = 0,
): DocumentSymbol[] {
  return node?.kind === 'map' ? node.members.map((member) => memberSymbol(document, placed, member, depth)) : [];
}

/**
 * The ranges that can be folded: maps, lists and block scalars of several lines, and the documents of a file with
 * several documents.
 */
export function foldingRangesOf(document: EditorDocument): readonly FoldingRange[] {
  const ranges: FoldingRange[] = [];
  for (const placed of document.parts) {
    const add = (from: number, to: number): void => {
      const startLine = document.text.positionAt(from + placed.from).line;
      const text = placed.part.text.slice(0, to).trimEnd();
      const endLine = document.text.positionAt(text.length + placed.from).line;
      if (endLine > startLine) ranges.push({ startLine, endLine });
    };
    const walk = (node: YamlNode | undefined, from: number): void => {
      if (node === undefined) return;
      if (from >= 0) add(from, node.to);
      if (node.kind === 'map') for (const { key, value } of node.members) walk(value, key.from);
      if (node.kind === 'list') for (const item of node.items) walk(item, item?.from ?? -1);
    };
    const { tree } = placed.part;
    if (document.parts.length > 1 && tree !== undefined) add(tree.from, tree.to);
    walk(tree, -1);
  }
  return ranges;
}
