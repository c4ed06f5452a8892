/** The folder of the package, with a slash at its end. The bundles lie as deep as this file. */
export const PACKAGE_ROOT = new URL('../../', import.meta.url);
