import { fileURLToPath } from 'node:url';
import type { SourcePosition } from './line-index.ts';
import { pathOfFileUrl } from './user-file.ts';
import { packageFolder } from './late-parts.ts';

/** The folders of this package. A stack frame in these folders is not the user's. Empty in a bundle. */
export function packageFolders(): readonly string[] {
  const folder = packageFolder();
  if (folder === undefined) return [];
  return ['dist/', 'packages/', 'node_modules/'].map((part) => fileURLToPath(new URL(part, folder)));
}

/** The maximum length of a frame. A longer line belongs to the message of the error. */
const MAX_FRAME_LENGTH = 4_096;

/**
 * Matches a frame with the position in a file. The position is either the whole frame or in the last parentheses. Code
 * of `eval` has no file.
 */
const FRAME =
  /^\s*at (?!.*\(eval at )(?:async |.*? \()?((?:file:\/\/)?\/.*?|[A-Za-z]:.*?|file:.*?)(?:\?[^():]*)?:(\d+):(\d+)\)?$/;

/**
 * The places in the user's files that a stack names, the innermost first. Frames of Node, of packages and of this
 * package are left out.
 *
 * @param own a file that counts as the user's in any folder
 */
export function* userFrames(stack: string, own?: string): Generator<SourcePosition & { readonly file: string }> {
  const inside = packageFolders();
  for (const line of stack.split('\n')) {
    const frame = line.length > MAX_FRAME_LENGTH ? null : FRAME.exec(line);
    if (frame === null) continue;
    const [, name = '', row = '1', column = '1'] = frame;
    const file = name.startsWith('file:') ? pathOfFileUrl(name) : name;
    if (file === undefined) continue;
    const isForeign =
      file !== own && (/[\\/]node_modules[\\/]/.test(file) || inside.some((folder) => file.startsWith(folder)));
    if (!isForeign) yield { file, line: Number(row), column: Number(column) };
  }
}
