import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GraphOutline } from '@typekro/engine/graph';
import { markdownTable } from './markdown-table.ts';
import { roomOf, ROOMS, sourceFiles } from './workspace.mjs';
import { toSvg } from '../packages/app/src/drawing/svg.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The pure rooms, which only decide. They have no effects: they send no requests, read no clock and open no files. */
const PURE: ReadonlySet<string> = new Set([
  'core',
  'golang',
  'kubernetes',
  'cel',
  'schema',
  'graph',
  'runtime',
  'readiness',
  'javascript',
  'notations',
  'text',
  'drawing',
  'convert',
  'editor',
]);

const IMPORT =
  /^(?:import|export) [^;]*? from '(?:(\.\.\/[^']+)|@typekro\/(?:(?:kit|engine|controller|sdk|app)\/)?([\w-]+)(?:\/[\w/-]+)?)';$/gms;

/** A room with the rooms that it imports. */
interface Room {
  readonly name: string;
  readonly purpose: string;
  readonly imports: readonly string[];
}

/** Reads the rooms of the packages in their order. Purposes and imports come from the code. */
function readRooms(): readonly Room[] {
  const sources = sourceFiles();
  return Object.entries(ROOMS).map(([name, folder]) => {
    const found = new Set(
      sources
        .filter((file) => file.startsWith(`${folder}/`))
        .flatMap((file) =>
          [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)].map(([, path, door]) =>
            path === undefined ? door : roomOf(join(dirname(file), path)),
          ),
        ),
    );
    const imports = Object.keys(ROOMS).filter((room) => room !== name && found.has(room));
    return { name, purpose: purposeOf(readFileSync(join(ROOT, folder, 'index.ts'), 'utf8')), imports };
  });
}

/** The first paragraph of the comment at the beginning of an `index.ts`. */
function purposeOf(text: string): string {
  const comment = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(text)?.[1] ?? /^\/\*\* (.*) \*\/$/m.exec(text)?.[1] ?? '';
  const [first = ''] = comment
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, ''))
    .join('\n')
    .split('\n\n');
  return first.replaceAll('\n', ' ').trim();
}

/**
 * Returns only imports that other imports do not imply: if `a` imports `b` and `b` imports `c`, the import of `c` by
 * `a` is left out.
 */
function essentialImports(rooms: readonly Room[]): ReadonlyMap<string, readonly string[]> {
  const reached = new Map<string, ReadonlySet<string>>();
  for (const { name, imports } of rooms) {
    reached.set(name, new Set(imports.flatMap((room) => [room, ...(reached.get(room) ?? [])])));
  }
  return new Map(
    rooms.map(({ name, imports }) => [
      name,
      imports.filter((room) => !imports.some((other) => other !== room && reached.get(other)?.has(room) === true)),
    ]),
  );
}

/** Returns the picture of the rooms as an SVG. An arrow points from a room to the rooms that import it. */
export function architecturePicture(): string {
  const rooms = readRooms();
  const essential = essentialImports(rooms);
  const levels = new Map<string, number>();
  const nodes = rooms.map(({ name }) => {
    const dependsOn = essential.get(name) ?? [];
    const level = 1 + Math.max(0, ...dependsOn.map((room) => levels.get(room) ?? 0));
    levels.set(name, level);
    return {
      id: name,
      apiVersion: '',
      kind: PURE.has(name) ? 'decides' : 'has effects',
      nodeType: 'resource',
      level,
      deletionWave: 0,
      dependsOn,
      reads: [],
      forEach: [],
      includeWhen: [],
      readyWhen: [],
    } as const;
  });
  const outline: GraphOutline = { name: 'src', apiVersion: '', kind: 'src', plural: '', nodes, status: [] };
  return toSvg(outline);
}

/** Returns the page about the architecture, with the table of rooms computed from the code. */
export function architecturePage(page: string): string {
  const rows = readRooms().map(({ name, purpose, imports }) => [
    `\`${name}\``,
    PURE.has(name) ? 'decides' : 'has effects',
    purpose,
    imports.join(', ') || '–',
  ]);
  const table = markdownTable(['room', '', 'purpose', 'imports'], rows);
  return page.replace(
    /(<!-- rooms: written by `npm run docs` -->\n)[\s\S]*?(<!-- end -->)/,
    (_, begin: string, end: string) => `${begin}\n${table}\n\n${end}`,
  );
}
