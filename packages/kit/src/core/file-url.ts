import { fileURLToPath } from 'node:url';
import { errorCode } from './node-error.ts';

/**
 * Returns the path of a `file:` URL. `undefined` for every other string, and for a URL of a file that is not on this
 * machine, such as `file://server/a.yaml`.
 */
export function pathOfFileUrl(url: string): string | undefined {
  if (!url.startsWith('file:') || !URL.canParse(url)) return undefined;
  try {
    return fileURLToPath(url);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ERR_INVALID_FILE_URL_HOST' || code === 'ERR_INVALID_FILE_URL_PATH') return undefined;
    throw error;
  }
}
