/** Installs the packages of a folder when its lock file changed. The packages' own scripts do not run. */
export function installFixture(folder: string): Promise<void>;
