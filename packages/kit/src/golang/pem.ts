/** A block of a text in PEM format. */
export interface PemBlock {
  /** The type in the BEGIN line, e.g. `CERTIFICATE`. */
  readonly type: string;
  /** Does the block have headers, such as `Proc-Type: 4,ENCRYPTED`? */
  readonly hasHeaders: boolean;
  readonly bytes: Buffer;
}

const BEGIN = '-----BEGIN ';
const END = '\n-----END ';
const END_OF_LINE = '-----';

/**
 * Returns the blocks that Go's `pem.Decode` finds one after another, and the rest of the text after the last block. The
 * text has one character for each byte (`latin1`). A block begins and ends with a line of its own.
 */
export function goPemBlocks(text: string): { readonly blocks: readonly PemBlock[]; readonly rest: string } {
  const blocks: PemBlock[] = [];
  let rest = text;
  for (let next = decode(rest); next !== undefined; next = decode(rest)) {
    blocks.push(next.block);
    rest = next.rest;
  }
  return { blocks, rest };
}

/** The first block of the text, and the text after it; `undefined` when the text has no block. */
function decode(text: string): { readonly block: PemBlock; readonly rest: string } | undefined {
  for (let from = 0; ;) {
    const end = text.indexOf(END, from);
    if (end < 0) return undefined;
    // A BEGIN line without an END line is skipped, so the last BEGIN line before the END line counts.
    const begin = text.slice(from, end).lastIndexOf(BEGIN);
    const start = from + begin;
    from = end + END.length;
    if (begin < 0 || (begin > 0 && text.charAt(start - 1) !== '\n')) continue;
    const first = lineAt(text, start + BEGIN.length);
    if (!first.line.endsWith(END_OF_LINE)) continue;
    const type = first.line.slice(0, -END_OF_LINE.length);
    let content = first.next;
    // `Decode` ends its search when the END line itself looks like a header.
    for (let next = first; content <= end + 1 && (next = lineAt(text, content)).line.includes(':');)
      content = next.next;
    const hasHeaders = content > first.next;
    if (hasHeaders && content > from) return undefined;
    if (hasHeaders && content > end) continue;
    const trailer = `${type}${END_OF_LINE}`;
    if (!text.startsWith(trailer, from)) continue;
    const last = lineAt(text, from + trailer.length);
    if (last.line !== '') continue;
    const bytes = decodeBase64(text.slice(content, Math.max(content, end)));
    if (bytes !== undefined) return { block: { type, hasHeaders, bytes }, rest: text.slice(last.next) };
  }
}

/** The rest of the line from a position on, without the white space at its end; and the position of the next line. */
function lineAt(text: string, position: number): { readonly line: string; readonly next: number } {
  const found = text.indexOf('\n', position);
  const next = found < 0 ? text.length : found + 1;
  let end = found < 0 ? text.length : found;
  if (found > position && text.charAt(end - 1) === '\r') end -= 1;
  // A regular expression would need quadratic time for many spaces.
  while (end > position && ' \t'.includes(text.charAt(end - 1))) end -= 1;
  return { line: text.slice(position, end), next };
}

/** Decodes padded base64 in lines, as Go's `base64.StdEncoding`; `undefined` for any other text. */
function decodeBase64(text: string): Buffer | undefined {
  const joined = text.replace(/[ \t\r\n]/g, '');
  return joined.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(joined) ? Buffer.from(joined, 'base64') : undefined;
}
