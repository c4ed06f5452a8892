import { readFileSync } from 'node:fs';

/** The package's version, which the files below repeat. */
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** The files that repeat the package's version. */
export const VERSIONED_FILES = ['charts/typekro/Chart.yaml', 'Dockerfile', 'create-typekro/package.json'] as const;

/** Returns the file's text with the package's version. */
export function withVersion(text: string): string {
  return text
    .replaceAll(/^((?:app)?[vV]ersion:) .*$/gm, `$1 ${version}`)
    .replaceAll(/^( *"(?:version|typekro)":) ".*"/gm, `$1 "${version}"`)
    .replaceAll(/^ARG VERSION=.*$/gm, `ARG VERSION=${version}`)
    .replaceAll(/(docker build -t typekro):\S+/g, `$1:${version}`);
}
