import { homedir, userInfo } from 'node:os';
import { posix, win32 } from 'node:path';

/**
 * Returns the home directory of the user: the path in `HOME`, or else that of the system. A relative path in the
 * environment has no effect, because each working directory would have another home.
 */
export function homeDirectory(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  const paths = platform === 'win32' ? win32 : posix;
  const given = env['HOME'];
  if (given !== undefined && paths.isAbsolute(given)) return given;
  // `homedir` returns the value of HOME, too.
  const known = homedir();
  return paths.isAbsolute(known) ? known : userInfo().homedir;
}
