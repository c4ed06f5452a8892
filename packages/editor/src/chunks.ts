/** The text of one YAML document of a file. */
export interface Chunk {
  readonly text: string;
  /** The offset of the text in the file. */
  readonly from: number;
  /** The number of the first line, from 0. */
  readonly line: number;
}

/** A line that changes where documents begin or end: a directive, or the end mark of a document. */
const STREAM_MARK = /^(?:%|\.\.\.(?:\s|$))/m;

/**
 * Divides a file into its YAML documents without parsing them: a line that begins with `---` always begins a document.
 * An edit within a document therefore changes only one chunk, and the parsed forms of all other chunks stay valid. A
 * file with directives or document end marks is one chunk.
 */
export function chunksOf(file: string): readonly Chunk[] {
  const start = file.startsWith('\uFEFF') ? 1 : 0;
  const text = file.slice(start);
  if (STREAM_MARK.test(text)) return [{ text, from: start, line: 0 }];
  const chunks: Chunk[] = [];
  let from = 0;
  let line = 0;
  const add = (to: number): void => {
    const part = text.slice(from, to);
    chunks.push({ text: part, from: from + start, line });
    line += (part.match(/\r\n|\r|\n/g) ?? []).length;
    from = to;
  };
  for (const mark of text.matchAll(/^---(?=\s|$)/gm)) if (mark.index > 0) add(mark.index);
  add(text.length);
  return chunks;
}
