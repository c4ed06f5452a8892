import { lstatSync, writeFileSync } from 'node:fs';
import { errorCode, isJsonObject, readRegularFile, tryParseJson, TypeKroError } from '@typekro/kit/core';
import { newInspectToken } from '@typekro/controller/inspect';
import { replaceWhole } from '../output-file.ts';

/** The permission bits of the group and of other users. */
const RIGHTS_OF_OTHERS = 0o077;

/** The form of a token. A shorter token could be guessed. */
const TOKEN = /^[\w-]{32,200}$/;

/**
 * Returns the token of a dashboard that stores its token in a file, so that an open page reconnects after a restart.
 * Except for root, no other user can read the file. The token is valid for one port, because an open page sends its
 * token to the port that it knows, and another program may use that port later. A new token replaces the stored token
 * when the port is different, or when other users could read the file.
 *
 * @throws TypeKroError `dashboard/token-file` for a file with other content, and for a file that cannot be read or
 *   written.
 */
export function keptToken(path: string, port: number): string {
  try {
    const kept = readKept(path);
    if (kept !== undefined && kept.port === port && kept.isPrivate) return kept.token;
    const token = newInspectToken();
    const text = `${JSON.stringify({ port, token })}\n`;
    // A file that another process created in the meantime is not replaced.
    if (kept === undefined) writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    else replaceWhole(path, text, 0o600);
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
  const content = facts.isFile() && facts.size < 1000 ? tryParseJson(readRegularFile(path).toString()) : undefined;
  const { port, token } = isJsonObject(content) ? content : {};
  if (typeof token !== 'string' || !TOKEN.test(token)) {
    throw new TypeKroError(`${path} is not a file with the token of a dashboard`, {
      code: 'dashboard/token-file',
      remedy: 'name another file, or remove this file: the next start writes a new token to it',
    });
  }
  // On Windows, `mode` does not have these permission bits, and other users cannot read files in a user's folders.
  const isOpen = process.platform !== 'win32' && (facts.mode & RIGHTS_OF_OTHERS) !== 0;
  const isForeign = process.getuid !== undefined && facts.uid !== process.getuid();
  return { port, token, isPrivate: !isOpen && !isForeign };
}
