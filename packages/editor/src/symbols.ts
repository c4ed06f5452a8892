import { renameVariables, kroEnvironment, walkAst } from '@typekro/cel';
import type { PathStep } from '@typekro/engine/graph';
import type { SchemaSource } from '@typekro/engine/schema';
import type { DocumentPart } from './editor-document.ts';
import type { WrittenExpression } from './expressions-of-text.ts';
import { isDefinitionValue, simpleSchemaDepth } from './object-places.ts';
import { scopesOf } from './scopes.ts';
import type { Span } from './editor-text.ts';
import { memberAt, yamlNodeAt, placeAt, placesIn } from './yaml-tree.ts';

/**
 * A name that a document can declare and reference: the id of a node, a field of the API's spec, or a custom type of
 * SimpleSchema.
 */
export type NamedSymbol =
  | { readonly kind: 'node'; readonly name: string; readonly path: readonly PathStep[] }
  /** `path` is the path of the field below `spec`. */
  | { readonly kind: 'field'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'type'; readonly name: string };

/** A mark that cannot be the name of a variable. */
const MARK = '\u0000marked';

/**
 * The spans in an expression where a variable is read. A variable of a macro hides a variable of the same name. The
 * offsets are positions in `text`, not in the document.
 */
export function readsOf(text: string, name: string): readonly Span[] {
  if (!text.includes(name)) return [];
  const parsed = kroEnvironment({}).parse(text);
  if (!parsed.ok) {
    // An incomplete expression has no tree. Each occurrence of the name that is not a field then counts as a read.
    const word = new RegExp(`(?<![\\w.])${name.replaceAll(/[^\w]/g, String.raw`\$&`)}(?!\\w)`, 'g');
    return [...text.matchAll(word)].map(({ index }) => ({ from: index, to: index + name.length }));
  }
  const marked = renameVariables(parsed.ast, (each) => (each === name ? MARK : each));
  const found: Span[] = [];
  walkAst(marked, (node) => {
    if (node.kind === 'ident' && node.name === MARK) found.push({ from: node.start, to: node.start + name.length });
  });
  return found;
}

/** The spans of the field names in reads of `schema.spec.PATH`: one for each field of the path. */
export function specReads(text: string): readonly (Span & { readonly path: readonly string[] })[] {
  if (!text.includes('spec')) return [];
  const parsed = kroEnvironment({}).parse(text);
  if (!parsed.ok) return [];
  const found: (Span & { readonly path: readonly string[] })[] = [];
  walkAst(parsed.ast, (node) => {
    if (node.kind !== 'select') return;
    const path: string[] = [];
    let at: typeof node.operand = node;
    while (at.kind === 'select') {
      path.unshift(at.field);
      at = at.operand;
    }
    if (at.kind !== 'ident' || at.name !== 'schema' || path[0] !== 'spec' || path.length < 2 || node.quoted) return;
    const dot = /^\.\??\s*/.exec(text.slice(node.at))?.[0].length ?? 1;
    found.push({ path: path.slice(1), from: node.at + dot, to: node.at + dot + node.field.length });
  });
  return found;
}

/** The named symbol at an offset of a part, with the span of the name. */
export function namedSymbolAt(
  part: DocumentPart,
  offset: number,
  source: SchemaSource,
): { readonly symbol: NamedSymbol; readonly span: Span } | undefined {
  const expression = part.expressions.find(({ from, to }) => from <= offset && offset <= to);
  if (expression !== undefined) return inExpression(part, expression, offset, source);
  const place = placeAt(part.tree, offset);
  if (place === undefined) return undefined;
  const { path, scalar } = place;
  const span = contentOf(part.text, scalar);
  if (place.part === 'value' && path.at(-1) === 'id') {
    const node = scopesOf(part, source)?.nodes.find((each) => isSamePath(each.path, path.slice(0, -1)));
    return node === undefined ? undefined : { symbol: { kind: 'node', name: node.name, path: node.path }, span };
  }
  if (!isDefinitionValue(part.value) || simpleSchemaDepth(path) !== 3) return undefined;
  const names = path.slice(3).map(String);
  if (place.part === 'key' && names.length > 0) {
    const name = String(path.at(-1));
    if (path[2] === 'types' && names.length === 1) return { symbol: { kind: 'type', name }, span };
    return path[2] === 'spec' ? { symbol: { kind: 'field', name, path: names }, span } : undefined;
  }
  const used = typeUses(part).find((each) => each.from <= offset && offset <= each.to);
  return used === undefined ? undefined : { symbol: { kind: 'type', name: used.name }, span: used };
}

function inExpression(
  part: DocumentPart,
  expression: WrittenExpression,
  offset: number,
  source: SchemaSource,
): { readonly symbol: NamedSymbol; readonly span: Span } | undefined {
  const within = expression.fromChunk(offset);
  const inPart = ({ from, to }: Span): Span => ({ from: expression.toChunk(from), to: expression.toChunk(to) });
  const isAt = ({ from, to }: Span): boolean => from <= within && within <= to;
  const field = specReads(expression.text).find(isAt);
  if (field !== undefined) {
    const name = field.path.at(-1) ?? '';
    return { symbol: { kind: 'field', name, path: field.path }, span: inPart(field) };
  }
  const scopes = scopesOf(part, source);
  for (const node of scopes?.nodes ?? []) {
    const read = readsOf(expression.text, node.name).find(isAt);
    if (read === undefined) continue;
    const meant = scopes?.nodeNamed(node.name, expression.path);
    return meant === undefined
      ? undefined
      : { symbol: { kind: 'node', name: meant.name, path: meant.path }, span: inPart(read) };
  }
  return undefined;
}

/** The spans of a part that name a symbol. */
export interface SymbolSpans {
  /** `undefined` when the part reads the name but does not declare it. */
  readonly declaration: Span | undefined;
  readonly reads: readonly Span[];
}

/** The spans of a part that name a symbol: the declaration, when there is one, and then the reads. */
export function spansOf(part: DocumentPart, symbol: NamedSymbol, source: SchemaSource): readonly Span[] {
  const { declaration, reads } = symbolSpans(part, symbol, source);
  return declaration === undefined ? reads : [declaration, ...reads];
}

/** The declaration and the reads of a symbol in a part. */
export function symbolSpans(part: DocumentPart, symbol: NamedSymbol, source: SchemaSource): SymbolSpans {
  if (symbol.kind === 'node') return nodeSpans(part, symbol, source);
  const spanOf = (key: Span | undefined): Span | undefined =>
    key === undefined ? undefined : contentOf(part.text, key);
  if (symbol.kind === 'type') {
    const declared = memberAt(part.tree, ['spec', 'schema', 'types', symbol.name])?.key;
    return { declaration: spanOf(declared), reads: typeUses(part).filter(({ name }) => name === symbol.name) };
  }
  const declared = memberAt(part.tree, ['spec', 'schema', 'spec', ...symbol.path])?.key;
  const reads = part.expressions.flatMap((expression) =>
    specReads(expression.text)
      .filter(({ path }) => path.join('.') === symbol.path.join('.'))
      .map(({ from, to }) => ({ from: expression.toChunk(from), to: expression.toChunk(to) })),
  );
  return { declaration: spanOf(declared), reads };
}

function nodeSpans(
  part: DocumentPart,
  { name, path }: NamedSymbol & { kind: 'node' },
  source: SchemaSource,
): SymbolSpans {
  const scopes = scopesOf(part, source);
  const id = yamlNodeAt(part.tree, [...path, 'id']);
  const reads = part.expressions.flatMap((expression) => {
    const spans = readsOf(expression.text, name);
    const meant = spans.length === 0 ? undefined : scopes?.nodeNamed(name, expression.path);
    if (meant === undefined || !isSamePath(meant.path, path)) return [];
    return spans.map(({ from, to }) => ({ from: expression.toChunk(from), to: expression.toChunk(to) }));
  });
  return { declaration: id?.kind === 'scalar' ? contentOf(part.text, id) : undefined, reads };
}

/** The uses of custom types in the fields of SimpleSchema. */
function typeUses(part: DocumentPart): readonly (Span & { readonly name: string })[] {
  if (!isDefinitionValue(part.value)) return [];
  const types = yamlNodeAt(part.tree, ['spec', 'schema', 'types']);
  const names = new Set(types?.kind === 'map' ? types.members.map(({ key }) => key.value) : []);
  if (names.size === 0) return [];
  return [...placesIn(part.tree)].flatMap(({ path, part: what, scalar }) => {
    if (what !== 'value' || simpleSchemaDepth(path) !== 3) return [];
    const [type = ''] = part.text.slice(scalar.from, scalar.to).split('|');
    return [...type.matchAll(/\w+/g)].flatMap(({ 0: name, index }) => {
      const from = scalar.from + index;
      return names.has(name) ? [{ name, from, to: from + name.length }] : [];
    });
  });
}

/** The span of a scalar without its quotes. */
export function contentOf(text: string, { from, to }: Span): Span {
  const isQuoted = /^["']/.test(text.charAt(from)) && to - from > 1;
  return isQuoted ? { from: from + 1, to: to - 1 } : { from, to };
}

export function isSamePath(one: readonly PathStep[], other: readonly PathStep[]): boolean {
  return one.length === other.length && one.every((step, index) => step === other[index]);
}
