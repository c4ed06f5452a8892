import { packageManifestText } from '../core/index.ts';

/** The version in this package's package.json. */
export function packageVersion(): string {
  return (JSON.parse(packageManifestText()) as { version: string }).version;
}
