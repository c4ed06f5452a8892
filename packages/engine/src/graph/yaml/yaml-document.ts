import type { Alias, Pair, ParsedNode, Scalar, YAMLMap } from 'yaml';
import { type JsonValue, type LineIndex, type SourcePosition, oncePerObject, yamlLibrary } from '@typekro/kit/core';
import type { DefinitionDocument, WrittenScalar } from '../document.ts';
import type { PathStep } from '../model.ts';
import { type Converted, isMergePair } from './yaml-convert.ts';
import { scalarOffsets } from './yaml-offset.ts';
import { resolvePlain } from './yaml-scalar.ts';

/**
 * The location of a document: the text without its byte order mark, the lines of the text, the index of the document,
 * and the file.
 */
export interface DocumentPlace {
  readonly source: string;
  readonly lines: LineIndex;
  readonly index: number;
  readonly file?: string;
}

type Found = { readonly key: ParsedNode | undefined; readonly node: ParsedNode | undefined };

/** A document that finds its positions in the parser's node tree. */
export class YamlDocument implements DefinitionDocument {
  readonly value: JsonValue;
  readonly index: number;
  readonly file?: string;
  readonly #root: ParsedNode;
  readonly #targets: ReadonlyMap<Alias, ParsedNode>;
  readonly #place: DocumentPlace;
  readonly #pairs = new Map<YAMLMap.Parsed, ReadonlyMap<string, ParsedPair>>();
  readonly #offsets = oncePerObject(({ range: [from, to], source }: Scalar.Parsed) =>
    scalarOffsets(this.#place.source.slice(from, to), source),
  );

  constructor(root: ParsedNode, converted: Converted, place: DocumentPlace) {
    this.value = converted.value;
    this.index = place.index;
    if (place.file !== undefined) this.file = place.file;
    this.#root = root;
    this.#targets = converted.targets;
    this.#place = place;
  }

  position(path: readonly PathStep[]): SourcePosition {
    const { key, node } = this.#find(path);
    return this.#at(offsetOf(node) ?? offsetOf(key) ?? 0);
  }

  keyPosition(path: readonly PathStep[]): SourcePosition {
    const { key, node } = this.#find(path);
    return this.#at(offsetOf(key) ?? offsetOf(node) ?? 0);
  }

  positionInside(path: readonly PathStep[], offset: number): SourcePosition {
    const target = this.#resolve(this.#find(path).node);
    if (!yamlLibrary().isScalar(target)) return this.position(path);
    return this.#at(target.range[0] + this.#offsets(target)(offset));
  }

  written(path: readonly PathStep[]): WrittenScalar | undefined {
    const { node, exists } = this.#find(path);
    if (!exists || !yamlLibrary().isScalar(node)) return undefined;
    const [from, to] = node.range;
    const { source } = this.#place;
    const [, comment] = /^[ \t]+#(.*)/.exec(source.slice(to, source.indexOf('\n', to) + 1 || undefined)) ?? [];
    return { text: source.slice(from, to), ...(comment === undefined ? {} : { comment }) };
  }

  writtenKey(path: readonly PathStep[]): string | undefined {
    const { key, exists } = this.#find(path);
    return !exists || key === undefined ? undefined : this.#place.source.slice(key.range[0], key.range[1]);
  }

  #at(offset: number): SourcePosition {
    return this.#place.lines.position(offset);
  }

  #resolve(node: ParsedNode | undefined): ParsedNode | undefined {
    return yamlLibrary().isAlias(node) ? this.#targets.get(node) : node;
  }

  /** The node at a path, or at the longest existing prefix of the path. `exists` says whether the whole path exists. */
  #find(path: readonly PathStep[]): Found & { readonly exists: boolean } {
    let found: Found = { key: undefined, node: this.#root };
    for (const step of path) {
      const next = this.#child(found.node, step);
      if (next === undefined) return { ...found, exists: false };
      found = next;
    }
    return { ...found, exists: true };
  }

  #child(parent: ParsedNode | undefined, step: PathStep): Found | undefined {
    const node = this.#resolve(parent);
    if (yamlLibrary().isSeq(node)) {
      const item = typeof step === 'number' ? node.items[step] : undefined;
      return item === undefined ? undefined : { key: undefined, node: item };
    }
    return yamlLibrary().isMap(node) ? this.#member(node, String(step)) : undefined;
  }

  #member(map: YAMLMap.Parsed, name: string): Found | undefined {
    const own = this.#pairsOf(map).get(name);
    if (own !== undefined) return { key: own.key, node: own.value ?? undefined };
    for (const pair of map.items) {
      if (!isMergePair(pair)) continue;
      const source = this.#resolve(pair.value ?? undefined);
      const merged = yamlLibrary().isSeq(source) ? source.items : [source];
      for (const each of merged) {
        const found = this.#child(each, name);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** The members of an object by name. They are cached, because callers request many positions in the same object. */
  #pairsOf(map: YAMLMap.Parsed): ReadonlyMap<string, ParsedPair> {
    const known = this.#pairs.get(map);
    if (known !== undefined) return known;
    const pairs = new Map<string, ParsedPair>();
    for (const pair of map.items) {
      const name = isMergePair(pair) ? undefined : this.#keyText(pair.key);
      if (name !== undefined) pairs.set(name, pair);
    }
    this.#pairs.set(map, pairs);
    return pairs;
  }

  #keyText(key: ParsedNode): string | undefined {
    const node = this.#resolve(key);
    if (!yamlLibrary().isScalar(node)) return undefined;
    const source = node.source ?? '';
    return node.type === 'PLAIN' && node.tag === undefined ? `${resolvePlain(source)}` : source;
  }
}

type ParsedPair = Pair<ParsedNode, ParsedNode | null>;

function offsetOf(node: ParsedNode | undefined): number | undefined {
  return node?.range[0];
}
