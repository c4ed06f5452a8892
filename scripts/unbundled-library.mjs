/**
 * Loads a library from the sources in its source map. The bundler cannot drop the unused parts of a library that is
 * published as one minified file. From the separate sources, the bundler takes only the used parts.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/**
 * A plugin of esbuild for one library.
 *
 * @param library the name in imports
 * @param bundle the path of the published file, whose map has all sources
 * @param entry the source file with the exports, under its name in the source map
 * @param internal other libraries whose sources are in the map: maps the name in imports to the source file with the
 *   exports
 * @param added additional source texts, keyed by file name
 * @param replaced the replaced functions, as `{ [source]: { [name]: text } }`; a name is `f` for a top-level function,
 *   and `.m` for a method
 */
export function unbundledLibrary({ library, bundle, entry, internal = {}, added = {}, replaced = {} }) {
  const map = JSON.parse(readFileSync(`${bundle}.map`, 'utf8'));
  const sources = new Map([
    ...map.sources.map((name, index) => [name, map.sourcesContent[index]]),
    ...Object.entries(added),
  ]);
  for (const [name, functions] of Object.entries(replaced)) {
    for (const [declared, text] of Object.entries(functions)) {
      const source = sources.get(name) ?? '';
      const [indent, start] = declared.startsWith('.') ? ['    ', declared.slice(1)] : ['', `function ${declared}`];
      const declaration = new RegExp(`^${indent}${start}(?:<[^>]*>)?\\([\\s\\S]*?^${indent}}$`, 'm');
      if (!declaration.test(source)) throw new Error(`${name} of ${library} has no function ${declared}`);
      sources.set(
        name,
        source.replace(declaration, () => text),
      );
    }
  }
  const namespace = `sources of ${library}`;
  const found = (path) => {
    const name = [path, path.replace(/\.js$/, '.ts'), `${path}.ts`, `${path}/index.ts`].find((each) =>
      sources.has(each),
    );
    if (name === undefined) throw new Error(`the source map of ${library} has no ${path}`);
    return { path: name, namespace, sideEffects: false };
  };
  return {
    name: 'unbundled-library',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /./ }, ({ path, importer, namespace: from }) => {
        if (path === library) return found(entry);
        if (from !== namespace) return undefined;
        return found(internal[path] ?? posix.join(posix.dirname(importer), path));
      });
      onLoad({ filter: /./, namespace }, ({ path }) => ({ contents: sources.get(path), loader: 'ts' }));
    },
  };
}
