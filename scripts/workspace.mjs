/**
 * The packages of the workspace and their rooms, for scripts. The sources are in `packages/*`; the build joins them in
 * `dist/`, which has a folder per room, as the published package has entry points.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The folder of each room, in the order of the rooms: a room imports only earlier rooms. */
export const ROOMS = JSON.parse(readFileSync(new URL('rooms.json', import.meta.url), 'utf8'));

/** The folder of the files that belong to no room: the entry point of the package. */
const REST = 'packages/sdk/src';

/** The source of a file of `dist/`: `dist/cel/index.js` is made from `packages/cel/src/index.ts`. */
export function sourceOf(built) {
  const [, path] = /^(?:\.\/)?(?:dist\/)?(.*)\.js$/.exec(built) ?? [];
  const [room, ...rest] = path.split('/');
  const folder = rest.length > 0 && Object.hasOwn(ROOMS, room) ? join(ROOMS[room], ...rest) : join(REST, path);
  return `${folder}.ts`;
}

/** The room of a source; `undefined` for a file that belongs to no room. */
export const roomOf = (source) => Object.keys(ROOMS).find((room) => source.startsWith(`${ROOMS[room]}/`));

/** The path below `dist/` of the file that is made from a source, without extension. */
export function builtPathOf(source) {
  const path = source.replace(/\.tsx?$/, '');
  const room = roomOf(path);
  return room === undefined ? path.slice(REST.length + 1) : `${room}${path.slice(ROOMS[room].length)}`;
}

/** The folders of the packages, as paths from the root. */
export const packageFolders = () =>
  readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}`)
    .filter((folder) => existsSync(join(root, folder, 'package.json')));

/** All TypeScript files of the packages except tests, as paths from the root. */
export function sourceFiles() {
  return packageFolders()
    .flatMap((folder) =>
      readdirSync(join(root, folder, 'src'), { recursive: true }).map(
        (name) => `${folder}/src/${name.replaceAll('\\', '/')}`,
      ),
    )
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file));
}

/** The files of `sourceFiles` that the build does not write. */
export const handWrittenFiles = () => sourceFiles().filter((file) => !/\/(?:generated|entries)\//.test(file));

/** Maps the specifier of each door of a package (`@typekro/engine/graph`) to its file, as a path from the root. */
export function doors() {
  const found = new Map();
  for (const folder of packageFolders()) {
    const { name, exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    for (const [door, file] of Object.entries(exports)) found.set(`${name}${door.slice(1)}`, join(folder, file));
  }
  return found;
}

/**
 * Makes the bundler read the doors of packages as ordinary files, although the packages in `node_modules` are external.
 */
export function workspaceDoors() {
  const files = doors();
  return {
    name: 'workspace-doors',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /^@typekro\// }, ({ path, kind, importer, namespace, pluginData, resolveDir }) => {
        const file = files.get(path);
        if (file === undefined) return { errors: [{ text: `no package has the door ${path}` }] };
        // The other plugins of the build see the path of a file in another folder.
        const target = relative(resolveDir, join(root, file)).replaceAll('\\', '/');
        return resolve(target, { kind, importer, namespace, pluginData, resolveDir });
      });
    },
  };
}

/** The entry points of the published package, with those that the pattern of `exports` covers: `./simple` and so on. */
export function publishedEntries() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const moved = join(root, REST, 'entries');
  const names = readdirSync(moved, { recursive: true }).filter((name) => name.endsWith('.ts'));
  return Object.entries(exports).flatMap(([entry, target]) => {
    if (typeof target === 'string') return [];
    if (!entry.includes('*')) return [[entry, target]];
    return names.map((name) => {
      const filled = (text) => text.replace('*', name.replaceAll('\\', '/').slice(0, -'.ts'.length));
      return [filled(entry), { types: filled(target.types), default: filled(target.default) }];
    });
  });
}

/** The specifier of a door, as a path from one file of `dist/` to another: for declarations. */
export function relativeDoor(specifier, builtFile, files = doors()) {
  const path = posix.relative(posix.dirname(builtFile), `${builtPathOf(files.get(specifier))}.js`);
  return path.startsWith('.') ? path : `./${path}`;
}
