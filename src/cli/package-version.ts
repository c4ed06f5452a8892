import { packageManifestText } from '../core/index.ts';

/** The version of the package, from its own manifest. */
export function packageVersion(): string {
  return (JSON.parse(packageManifestText()) as { version: string }).version;
}
