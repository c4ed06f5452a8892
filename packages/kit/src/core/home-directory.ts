import { homedir, userInfo } from 'node:os';
import { posix, win32 } from 'node:path';

/**
 * The name of the context in kubeconfigs of embedded clusters. For a failed connection with this context, an error can
 * say that the cluster has ended.
 */
export const EMBEDDED_CONTEXT = 'typekro';

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

/** The places of a kind of files, for example cache files, by the conventions of each platform. */
export interface UserFolderConvention {
  /** The variable of the XDG specification with the folder, on all platforms except Windows. */
  readonly variable: string;
  /** The names of the folders below the home directory on macOS. */
  readonly darwin: readonly string[];
  /** The names of the folders below the home directory on Linux and other systems. */
  readonly other: readonly string[];
}

/**
 * Returns the folder of the user for a kind of files. On Windows, this is the folder in `LOCALAPPDATA`. Relative paths
 * in environment variables have no effect. The home directory is determined only if no variable names the folder.
 *
 * @throws Error with a `code` when neither a variable nor the system knows a home directory.
 */
export function userFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  { variable, darwin, other }: UserFolderConvention,
): string {
  const isWindows = platform === 'win32';
  const paths = isWindows ? win32 : posix;
  const configured = env[isWindows ? 'LOCALAPPDATA' : variable];
  if (configured !== undefined && paths.isAbsolute(configured)) return configured;
  const names = isWindows ? ['AppData', 'Local'] : platform === 'darwin' ? darwin : other;
  return paths.join(homeDirectory(env, platform), ...names);
}
