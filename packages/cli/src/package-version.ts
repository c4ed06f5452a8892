import { packageManifestText } from '@typekro/kit/core';

/** The version in this package's package.json. */
export function packageVersion(): string {
  return (JSON.parse(packageManifestText()) as { version: string }).version;
}
