import { homedir, userInfo } from 'node:os';
import { posix, win32 } from 'node:path';

/**
 * Returns the home directory of the user: the absolute path in `HOME`, or the system's home directory. A relative path
 * in `HOME` has no effect, because each working directory would have a different home.
 */
export function homeDirectory(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  const paths = platform === 'win32' ? win32 : posix;
  const given = env['HOME'];
  if (given !== undefined && paths.isAbsolute(given)) return given;
  // `homedir` may also return the value of HOME.
  const known = homedir();
  return paths.isAbsolute(known) ? known : userInfo().homedir;
}
