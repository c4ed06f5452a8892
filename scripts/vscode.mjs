/**
 * Packs the extension for VS Code into `editors/vscode/typekro.vsix`, which `code --install-extension` installs. The
 * file is a ZIP archive with a manifest. This script replaces the tool `vsce`, whose dependencies have install scripts.
 * Usage: `npm run vscode`.
 */
import { build } from 'esbuild';
import { strToU8, zipSync } from 'fflate';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from './run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'editors/vscode');

/**
 * The modification time of all entries. It is constant, so the same sources always produce the same file. ZIP cannot
 * store a time before 1980.
 */
const MTIME = new Date(1980, 0, 1);

/** Bundles the extension into one file; the editor provides the module `vscode`. */
export async function bundleExtension(outfile) {
  await build({
    absWorkingDir: root,
    entryPoints: [join(folder, 'src/extension.ts')],
    outfile,
    bundle: true,
    external: ['vscode'],
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: `/*! vscode-languageclient\n${licenseOf('vscode-languageclient')}\n*/` },
  });
}

const licenseOf = (name) => readFileSync(join(root, `node_modules/${name}/License.txt`), 'utf8').trim();

const escapeXml = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The manifest of the archive, from the manifest of the extension. */
function vsixManifest({ name, publisher, version, displayName, description, keywords, categories, engines }) {
  const asset = (type, path) => `    <Asset Type="${type}" Path="extension/${path}" Addressable="true"/>`;
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${escapeXml(name)}" Version="${escapeXml(version)}" Publisher="${escapeXml(publisher)}"/>
    <DisplayName>${escapeXml(displayName)}</DisplayName>
    <Description xml:space="preserve">${escapeXml(description)}</Description>
    <Tags>${escapeXml(keywords.join(','))}</Tags>
    <Categories>${escapeXml(categories.join(','))}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${escapeXml(engines.vscode)}"/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
    </Properties>
    <License>extension/LICENSE.txt</License>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code"/>
  </Installation>
  <Dependencies/>
  <Assets>
${asset('Microsoft.VisualStudio.Code.Manifest', 'package.json')}
${asset('Microsoft.VisualStudio.Services.Content.Details', 'README.md')}
${asset('Microsoft.VisualStudio.Services.Content.License', 'LICENSE.txt')}
  </Assets>
</PackageManifest>
`;
}

const CONTENT_TYPES = `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension=".json" ContentType="application/json"/>
  <Default Extension=".vsixmanifest" ContentType="text/xml"/>
  <Default Extension=".md" ContentType="text/markdown"/>
  <Default Extension=".txt" ContentType="text/plain"/>
  <Default Extension=".cjs" ContentType="application/javascript"/>
</Types>
`;

/** Writes the archive. The extension gets the version of the npm package. */
export async function packExtension(file) {
  const bundled = join(folder, 'out/extension.cjs');
  await bundleExtension(bundled);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const manifest = {
    ...JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
    version: plainVersion(version),
  };
  const files = {
    '[Content_Types].xml': strToU8(CONTENT_TYPES),
    'extension.vsixmanifest': strToU8(vsixManifest(manifest)),
    'extension/package.json': strToU8(`${JSON.stringify(manifest, null, 2)}\n`),
    'extension/README.md': readFileSync(join(folder, 'README.md')),
    'extension/LICENSE.txt': readFileSync(join(root, 'LICENSE')),
    'extension/out/extension.cjs': readFileSync(bundled),
  };
  writeFileSync(file, zipSync(files, { mtime: MTIME }));
}

/** Removes a suffix such as `-alpha.0`, because VS Code accepts only versions of three numbers. */
const plainVersion = (version) => version.split('-')[0];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await packExtension(join(folder, 'typekro.vsix'));
    console.log('editors/vscode/typekro.vsix: install it with code --install-extension editors/vscode/typekro.vsix');
  });
}
