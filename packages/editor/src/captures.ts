import type { SchemaSource } from '@typekro/engine/schema';
import type { DocumentPart } from './editor-document.ts';
import { scopesOf } from './scopes.ts';
import { type NamedSymbol, isSamePath, readsOf } from './symbols.ts';

/**
 * The reason why a rename would change the meaning of an expression. `node`: another node already has the new name.
 * `variable`: a variable of a macro has it.
 */
export type Capture = 'node' | 'variable';

/**
 * Returns the reason why an expression of the document `part` would change its meaning if the node were renamed to
 * `after`; `undefined` if no expression would change. A name denotes the node of the nearest frame that declares it. A
 * variable of a macro hides the nodes of all frames.
 */
export function captureOf(
  part: DocumentPart,
  { name: before, path }: NamedSymbol & { kind: 'node' },
  after: string,
  source: SchemaSource,
): Capture | undefined {
  const scopes = scopesOf(part, source);
  if (scopes === undefined) return undefined;
  const frame = path.slice(0, -1);
  for (const { text, path: place } of part.expressions) {
    const meant = scopes.nodeNamed(before, place);
    const reads = meant !== undefined && isSamePath(meant.path, path) ? readsOf(text, before) : [];
    const others = readsOf(text, after);
    const other = scopes.nodeNamed(after, place);
    const isInFrame = isSamePath(place.slice(0, frame.length), frame);
    if (other !== undefined) {
      if (reads.length > 0 && other.path.length > path.length) return 'node';
      if (others.length > 0 && isInFrame && other.path.length < path.length) return 'node';
    }
    const renamed = reads
      .toSorted((a, b) => b.from - a.from)
      .reduce((whole, { from, to }) => whole.slice(0, from) + after + whole.slice(to), text);
    if (readsOf(renamed, after).length < reads.length + others.length) return 'variable';
  }
  return undefined;
}
