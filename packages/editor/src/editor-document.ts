import type { TextDocumentContentChangeEvent } from 'vscode-languageserver';
import type { Diagnostic, JsonValue, SourcePosition } from '@typekro/kit/core';
import { type DefinitionDocument, parseDefinitions } from '@typekro/engine/graph';
import { type Chunk, chunksOf } from './chunks.ts';
import { type WrittenExpression, expressionsIn } from './expressions-of-text.ts';
import { type Span, EditorText } from './editor-text.ts';
import { type YamlNode, looseValue, parseTree } from './yaml-tree.ts';

/**
 * The maximum length of a file that is checked while it is edited, in UTF-16 units. A longer file gets one diagnostic,
 * because its check would block the editor.
 */
export const MAX_EDITED_LENGTH = 4 * 1024 * 1024;

type Parsed = ReturnType<typeof parseDefinitions>;

/**
 * One YAML document of an open file. Its parsed forms are computed at their first use, and kept until its text changes.
 */
export class DocumentPart {
  readonly text: string;
  readonly #file: string;
  #parsed: Parsed | undefined;
  #tree: { readonly root: YamlNode | undefined } | undefined;
  #expressions: readonly WrittenExpression[] | undefined;

  constructor(text: string, file: string) {
    this.text = text;
    this.#file = file;
  }

  /** The part as the compiler reads it. Positions are relative to the part. */
  get parsed(): Parsed {
    return (this.#parsed ??= parseDefinitions(this.text, this.#file));
  }

  /** The syntax tree; `undefined` for a document that is empty, too long or too deeply nested. */
  get tree(): YamlNode | undefined {
    return (this.#tree ??= { root: parseTree(this.text) }).root;
  }

  /**
   * The value as the compiler reads it. For a document with errors, only the parts that can be parsed, with each scalar
   * as a string.
   */
  get value(): JsonValue {
    const [document] = this.parsed.documents;
    return document === undefined ? looseValue(this.tree) : document.value;
  }

  get expressions(): readonly WrittenExpression[] {
    return (this.#expressions ??= expressionsIn(this.text, this.tree));
  }
}

/** A part with its place in the file. */
export interface PlacedPart {
  readonly part: DocumentPart;
  readonly from: number;
  /** The number of the part's first line, from 0. */
  readonly line: number;
}

/**
 * One version of an open file. Immutable: a change returns a new version, which shares all unchanged parts with the old
 * version.
 */
export class EditorDocument {
  readonly uri: string;
  /** The name of the file in positions. */
  readonly file: string;
  readonly version: number;
  readonly text: EditorText;
  readonly parts: readonly PlacedPart[];

  constructor(uri: string, file: string, version: number, text: EditorText, before?: EditorDocument) {
    this.uri = uri;
    this.file = file;
    this.version = version;
    this.text = text;
    const known = new Map((before?.parts ?? []).map(({ part }) => [part.text, part]));
    const chunks: readonly Chunk[] = this.isTooLong ? [] : chunksOf(text.text);
    this.parts = chunks.map(({ text: own, from, line }) => ({
      part: known.get(own) ?? new DocumentPart(own, file),
      from,
      line,
    }));
  }

  /** Is the file too long to be checked while it is edited? */
  get isTooLong(): boolean {
    return this.text.text.length > MAX_EDITED_LENGTH;
  }

  changed(version: number, changes: readonly TextDocumentContentChangeEvent[]): EditorDocument {
    return new EditorDocument(this.uri, this.file, version, this.text.changed(changes), this);
  }

  /** The same version without its parsed forms, which take much more memory than the text. */
  withoutForms(): EditorDocument {
    return new EditorDocument(this.uri, this.file, this.version, this.text);
  }

  /** The part that contains an offset of the file. */
  partAt(offset: number): PlacedPart | undefined {
    return this.parts.findLast(({ from }) => from <= offset);
  }

  /** All documents and problems of the file, equal to the result of `parseDefinitions` for the whole text. */
  parsed(): Parsed {
    const documents: DefinitionDocument[] = [];
    const diagnostics: Diagnostic[] = [];
    for (const [index, { part, line }] of this.parts.entries()) {
      for (const document of part.parsed.documents) documents.push(placed(document, line, index));
      for (const { source, ...rest } of part.parsed.diagnostics) {
        diagnostics.push(source === undefined ? rest : { ...rest, source: moved(source, line) });
      }
    }
    return { documents, diagnostics };
  }

  /** A span of a part as a span of the file. */
  static inFile({ from }: PlacedPart, span: Span): Span {
    return { from: span.from + from, to: span.to + from };
  }
}

const moved = (source: SourcePosition, lines: number): SourcePosition => ({ ...source, line: source.line + lines });

/** A document of a part with its positions in the file. */
function placed(document: DefinitionDocument, line: number, index: number): DefinitionDocument {
  return {
    value: document.value,
    index: document.index + index,
    ...(document.file === undefined ? {} : { file: document.file }),
    position: (path) => moved(document.position(path), line),
    keyPosition: (path) => moved(document.keyPosition(path), line),
    positionInside: (path, offset) => moved(document.positionInside(path, offset), line),
    written: (path) => document.written?.(path),
    writtenKey: (path) => document.writtenKey?.(path),
  };
}

/** Opens a text as its first version. */
export function openDocument(uri: string, file: string, version: number, text: string): EditorDocument {
  return new EditorDocument(uri, file, version, new EditorText(text));
}
