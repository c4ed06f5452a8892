/**
 * Writes the late parts (files and libraries that Node loads on demand) for other hosts, mainly for bundlers.
 * `core/bundled-parts.js` has the same exports as `core/late-parts.js`, but contains the texts of the files and imports
 * the libraries statically. The condition `node-addons` of `#late-parts` in `package.json` chooses between the two:
 * Node sets it, and bundlers do not. Bundlers do set the condition `node`.
 */
import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkOneByte } from './bundle.mjs';
import { licenseOf } from './license-of.mjs';

/** Functions that return paths of the package's files, or the text of a large file. A bundle has no such files. */
const ABSENT_IN_BUNDLES = ['codeFolder', 'moduleUrl', 'packageFolder', 'playgroundFiles'];
const LIBRARIES = ['re2Library', 'yamlLibrary'];

/** Returns a JavaScript expression for the text. The source of the expression has one byte per character. */
const quoted = (text) =>
  JSON.stringify(text).replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** JSON is embedded without white space. */
const compact = (text) => (/^[[{]/.test(text) ? JSON.stringify(JSON.parse(text)) : text);

/** Adds the late parts for bundles to a build that has all other files. */
export async function embed(root, made) {
  await embedLibraries(root, made);
  const parts = await import(pathToFileURL(join(made, 'core/late-parts.js')).href);
  const lines = Object.keys(parts)
    .filter((name) => !LIBRARIES.includes(name))
    .map((name) => {
      // The value is inside a function because V8 compiles a function's body at its first call. Before this call, the
      // text takes no additional memory.
      const value = ABSENT_IN_BUNDLES.includes(name) ? 'void 0' : quoted(compact(parts[name]()));
      return `export const ${name} = () => ${value};\n`;
    });
  const exported = `export { ${LIBRARIES.join(', ')} } from './bundled-libraries.js';\n`;
  writeFileSync(join(made, 'core/bundled-parts.js'), exported + lines.join(''));
}

/**
 * Bundles the YAML library from its ES modules for browsers, because its CommonJS modules require modules of Node.
 * esbuild cannot put such a `require` into an ES module, and Rollup would load the modules of Node at the start.
 */
async function embedLibraries(root, made) {
  const outfile = join(made, 'core/bundled-libraries.js');
  await build({
    absWorkingDir: root,
    entryPoints: ['packages/kit/src/core/bundled-libraries.ts'],
    outfile,
    bundle: true,
    platform: 'neutral',
    format: 'esm',
    target: 'node20.19',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: licenseOf(root, 'yaml') },
    external: ['re2js'],
  });
  checkOneByte(outfile, readFileSync(outfile, 'utf8'));
}
