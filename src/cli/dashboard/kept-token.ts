import { lstatSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cryptoLibrary, errorCode, isJsonObject, TypeKroError, tryParseJson } from '../../core/index.ts';
import { newInspectToken } from '../../inspect/index.ts';

/** The rights of all users but the owner of a file. */
const RIGHTS_OF_OTHERS = 0o077;

/** The form of a token. A shorter text could be guessed. */
const TOKEN = /^[\w-]{32,200}$/;

/**
 * The token of a dashboard that keeps it in a file, so that an open page comes back after a new start. Only the user may
 * read the file. The token belongs to a port: a page sends its token to the port that it knows, and another program can
 * have this port meanwhile. The token is replaced by a new one when the port is another one, and when other users could
 * read the file.
 *
 * @throws TypeKroError `dashboard/token-file` for a file that has something else, or that cannot be read or written.
 */
export function keptToken(path: string, port: number): string {
  try {
    const kept = readKept(path);
    if (kept !== undefined && kept.port === port && kept.isPrivate) return kept.token;
    const token = newInspectToken();
    writePrivate(path, `${JSON.stringify({ port, token })}\n`, kept !== undefined);
    return token;
  } catch (error) {
    if (error instanceof TypeKroError) throw error;
    throw TypeKroError.from(error, {
      code: 'dashboard/token-file',
      what: `keep the token of the dashboard in ${path}`,
      remedy: 'name a file in a folder that you may write to',
    });
  }
}

function readKept(
  path: string,
): { readonly port: unknown; readonly token: string; readonly isPrivate: boolean } | undefined {
  let facts: ReturnType<typeof lstatSync>;
  try {
    facts = lstatSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const content = facts.isFile() && facts.size < 1000 ? tryParseJson(readFileSync(path, 'utf8')) : undefined;
  const { port, token } = isJsonObject(content) ? content : {};
  if (typeof token !== 'string' || !TOKEN.test(token)) {
    throw new TypeKroError(`${path} is not a file with the token of a dashboard`, {
      code: 'dashboard/token-file',
      remedy: 'name another file, or remove this one: a new one is written',
    });
  }
  // Windows has no such rights in `mode`, and other users may not read files of a user's folders there.
  const isOpen = process.platform !== 'win32' && (facts.mode & RIGHTS_OF_OTHERS) !== 0;
  const isForeign = process.getuid !== undefined && facts.uid !== process.getuid();
  return { port, token, isPrivate: !isOpen && !isForeign };
}

/** Writes a file that only its user may read. A file that appeared meanwhile is not replaced. */
function writePrivate(path: string, text: string, replaces: boolean): void {
  const made = replaces ? `${path}.${cryptoLibrary().randomBytes(6).toString('hex')}` : path;
  writeFileSync(made, text, { mode: 0o600, flag: 'wx' });
  if (replaces) renameSync(made, path);
}
