/**
 * Generates the page about TypeKro's dependencies from the manifest, the lock file and the installed packages.
 * `npm run docs` writes the page. The command fails when a dependency has no entry in this file.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Facts about a dependency for a security reviewer. Package manifests do not contain these facts. */
interface Entry {
  /** The person or organisation that publishes the package. */
  readonly owner: string;
  /** What TypeKro uses the package for, and why the project does not write this code itself. */
  readonly why: string;
}

const DEPENDENCIES: Readonly<Record<string, Entry>> = {
  '@standard-schema/spec': {
    owner: 'Standard Schema (authors of Zod, Valibot and ArkType)',
    why: 'the types by which a composition takes a schema of any of these libraries; no code',
  },
  acorn: { owner: 'acornjs', why: 'parses compositions, to translate their expressions to CEL' },
  commander: { owner: 'tj and contributors', why: 'parses command lines' },
  re2js: {
    owner: 'le0pard',
    why: "runs regular expressions of users in linear time, as Kubernetes' RE2 does; JavaScript's own may run for ever",
  },
  semver: {
    owner: 'npm',
    why: 'the ranges of versions by which packages need others (`typekro push --needs`), as npm and Flux read them',
  },
  yaml: { owner: 'Eemeli Aro', why: 'reads and writes YAML with positions and comments' },
};

const PEERS: Readonly<Record<string, Entry>> = {
  '@modelcontextprotocol/sdk': { owner: 'Model Context Protocol', why: '`typekro mcp`' },
  '@opentelemetry/api': { owner: 'OpenTelemetry', why: '`typekro controller --opentelemetry-traces`' },
  alchemy: { owner: 'alchemy-run', why: 'the module `typekro/alchemy`' },
  tsx: { owner: 'privatenumber', why: 'loads TypeScript files of a project' },
};

const HEAD = `# Dependencies

An installation of TypeKro consists of the package itself and the packages of the first table. None of them depends on
further packages, and none has an install script. Versions are exact, and at least 35 days old when they are taken.
\`node scripts/sbom.mjs\` prints the same list as CycloneDX, and the release workflow keeps it. \`npm run docs\` writes this page, and fails
for a dependency whose owner and purpose are not known.

Size is the sum of the files that the registry delivers, in units of 1024 bytes. The image of the controller has
bundles of the parts that it uses.
`;

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const json = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'));

/**
 * Returns the text of the page.
 *
 * @throws Error for a dependency without an entry, an entry without a dependency, an install script, and a package with
 *   dependencies of its own.
 */
export function dependenciesPage(): string {
  const { dependencies, peerDependencies } = json('package.json') as Manifest;
  const { packages } = json('package-lock.json') as { readonly packages: Readonly<Record<string, Locked>> };
  const rows = Object.keys(dependencies).map((name) => {
    const { owner, why } = entryOf(DEPENDENCIES, name);
    const locked = packages[`node_modules/${name}`];
    if (locked === undefined) throw new Error(`${name} is not in package-lock.json: run npm install`);
    if (locked.hasInstallScript === true) throw new Error(`${name} has an install script`);
    const further = Object.keys(locked.dependencies ?? {});
    if (further.length > 0) throw new Error(`${name} depends on ${further.join(', ')}: write that into the page`);
    const size = Math.round(bytesOf(join(root, 'node_modules', name)) / 1024);
    return `| \`${name}\` | ${locked.version} | ${locked.license ?? ''} | ${owner} | ${size} | ${why} |`;
  });
  const peers = Object.entries(peerDependencies).map(([name, range]) => {
    const { owner, why } = entryOf(PEERS, name);
    return `| \`${name}\` | ${range} | ${owner} | ${why} |`;
  });
  refuseUnused(DEPENDENCIES, dependencies);
  refuseUnused(PEERS, peerDependencies);
  return [
    HEAD,
    '| package | version | licence | owner | KB | purpose |\n|---|---|---|---|---|---|',
    `${rows.join('\n')}\n`,
    'The following packages are used only where a project has installed them:\n',
    '| package | versions | owner | purpose |\n|---|---|---|---|',
    `${peers.join('\n')}\n`,
  ].join('\n');
}

function entryOf(entries: Readonly<Record<string, Entry>>, name: string): Entry {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (entry === undefined) throw new Error(`${name} has no owner and purpose in scripts/dependencies-page.ts`);
  return entry;
}

function refuseUnused(entries: Readonly<Record<string, Entry>>, used: Readonly<Record<string, string>>): void {
  const unused = Object.keys(entries).filter((name) => !Object.hasOwn(used, name));
  if (unused.length > 0) throw new Error(`scripts/dependencies-page.ts has entries without use: ${unused.join(', ')}`);
}

function bytesOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
