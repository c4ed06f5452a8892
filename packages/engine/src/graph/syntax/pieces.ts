import { tokenize } from '@typekro/cel';

/** The explanation of a syntax error in an expression, with its remedy. */
export interface SyntaxExplanation {
  readonly message: string;
  readonly hint?: string;
  /** The offset of the mistake in the expression, in UTF-16 units; absent when the parser stopped at the mistake. */
  readonly offset?: number;
}

/** The kind of a piece. `wrong` is text that cannot begin a token, and `end` comes after the last piece. */
type PieceKind = 'word' | 'number' | 'text' | 'escaped' | 'operator' | 'open' | 'close' | 'comma' | 'wrong' | 'end';

/** A token of an expression, or text that cannot begin a token. Offsets count UTF-16 units. */
export interface Piece {
  readonly kind: PieceKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Maps each opening bracket to its closing bracket. */
export const CLOSING: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);

const NOTHING: Piece = { kind: 'end', text: '', start: 0, end: 0 };

/** The position of a syntax error, with the pieces around it. */
export interface ErrorSpot {
  readonly cel: string;
  /**
   * The piece at which the parser stopped. The next three members are the two pieces before this piece and the piece
   * after it. A missing piece has the kind `end`.
   */
  readonly at: Piece;
  readonly before: Piece;
  readonly secondBefore: Piece;
  readonly after: Piece;
  /** All pieces before the error. */
  readonly earlier: readonly Piece[];
}

/** Finds the pieces around an error at an offset of an expression, in UTF-16 units. */
export function errorSpot(cel: string, offset: number): ErrorSpot {
  const pieces = piecesOf(cel);
  const found = pieces.findIndex(({ start }) => start >= offset);
  const index = found < 0 ? pieces.length - 1 : found;
  const pieceAt = (position: number): Piece => pieces[position] ?? NOTHING;
  return {
    cel,
    at: pieceAt(index),
    before: pieceAt(index - 1),
    secondBefore: pieceAt(index - 2),
    after: pieceAt(index + 1),
    earlier: pieces.slice(0, index),
  };
}

function piecesOf(cel: string): readonly Piece[] {
  const { tokens, errors } = tokenize(cel);
  const end = tokens.at(-1);
  const sound = tokens.filter((token) => token !== end).map(({ start, end: to }) => pieceOf(cel, start, to));
  const wrong = errors.map(
    ({ start, end: to }) => ({ kind: 'wrong', text: cel.slice(start, to), start, end: to }) as const,
  );
  const pieces: Piece[] = [...sound, ...wrong].sort((a, b) => a.start - b.start);
  return [...pieces, { kind: 'end', text: '', start: cel.length, end: cel.length }];
}

function pieceOf(cel: string, start: number, end: number): Piece {
  const text = cel.slice(start, end);
  return { kind: kindOf(text), text, start, end };
}

function kindOf(text: string): PieceKind {
  if (/["']$/.test(text)) return 'text';
  if (text === 'in') return 'operator';
  if (/^[A-Za-z_]/.test(text)) return 'word';
  if (/^\.?\d/.test(text)) return 'number';
  if (text.startsWith('`')) return 'escaped';
  if (CLOSING.has(text)) return 'open';
  if (/^[)\]}]$/.test(text)) return 'close';
  return text === ',' ? 'comma' : 'operator';
}

/** Can a complete expression end with this piece? */
export function endsValue({ kind }: Piece): boolean {
  return kind === 'word' || kind === 'number' || kind === 'text' || kind === 'escaped' || kind === 'close';
}

/** Are two pieces adjacent, without a space between them? */
export function areAdjacent(left: Piece, right: Piece): boolean {
  return left.end === right.start && left.kind !== 'end';
}

/**
 * The brackets that are open after these pieces, with the innermost last. A closing bracket of the wrong kind also
 * closes the innermost bracket.
 */
export function openBrackets(pieces: readonly Piece[]): readonly Piece[] {
  const open: Piece[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'open') open.push(piece);
    else if (piece.kind === 'close') open.pop();
  }
  return open;
}

/**
 * The question marks, in the innermost open bracket, of the conditionals that have no colon yet. A question mark after
 * `.`, `[`, `{` or `,` does not count, because it marks optional access or an optional element.
 */
export function openConditions(pieces: readonly Piece[]): readonly Piece[] {
  const levels: Piece[][] = [[]];
  for (const [index, piece] of pieces.entries()) {
    const level = levels.at(-1);
    if (piece.kind === 'open') levels.push([]);
    else if (piece.kind === 'close') {
      if (levels.length > 1) levels.pop();
    } else if (piece.text === ',') level?.splice(0);
    else if (piece.text === ':') level?.pop();
    else if (piece.text === '?' && !/^[.[{,]$/.test(pieces[index - 1]?.text ?? '')) level?.push(piece);
  }
  return levels.at(-1) ?? [];
}
