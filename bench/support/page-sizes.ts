import { gzipSync } from 'node:zlib';

/** A part of the page that a browser loads at one time. */
export interface PagePart {
  /**
   * The name of the script without its hash. `page`: everything that the page loads at its start. `views`: the same,
   * plus all later views except the playground.
   */
  readonly name: string;
  /**
   * The size of its files with gzip, in bytes. For a script that the page loads later, files that the page has already
   * loaded at its start do not count.
   */
  readonly bytes: number;
}

const MAX_PART_KB: ReadonlyMap<string, number> = new Map([
  ['page', 62],
  ['views', 80],
  ['plan-view', 6],
  ['object-panels', 5],
  ['revisions-panel', 3],
  ['schema-form', 7],
  ['playground-view', 170],
  ['playground-worker', 708],
]);

/**
 * The goal for the size of a part of the page, in kB. Throws for a part without a goal, so that each new part gets a
 * goal.
 */
export function maxPartKb(name: string): number {
  const goal = MAX_PART_KB.get(name);
  if (goal === undefined) throw new Error(`${name} has no goal: add it to MAX_PART_KB`);
  return goal;
}

/** The files that the page requests at its start or for its first graph. The scripts import the other files. */
const STARTS = ['/', '/app.js', '/style.css', '/layout-worker.js'];

/**
 * The sizes of the page at its start, and of each script that it loads later. A chunk that several late scripts share
 * counts in each of them.
 *
 * @param files maps the path of each file of the page and of the playground to its content
 */
export function pageSizes(files: Readonly<Record<string, string>>): PagePart[] {
  const initial = closureOf(files, STARTS);
  const late = Object.keys(files).filter(
    (path) => path.endsWith('.js') && !path.startsWith('/chunk-') && !initial.has(path),
  );
  const sizeOf = (paths: Iterable<string>): number =>
    [...paths].reduce((sum, path) => sum + gzipSync(files[path] ?? '', { level: 9 }).length, 0);
  const views = [...initial, ...late.filter((path) => !path.startsWith('/playground-'))];
  return [
    { name: 'page', bytes: sizeOf(initial) },
    { name: 'views', bytes: sizeOf(closureOf(files, views)) },
    ...late.map((path) => ({
      name: path.slice(1).replace(/(?:-[A-Z0-9]{8})?\.js$/, ''),
      bytes: sizeOf([...closureOf(files, [path])].filter((each) => !initial.has(each))),
    })),
  ];
}

/** The paths in `starts`, and the paths of all files that these files import statically, directly or indirectly. */
function closureOf(files: Readonly<Record<string, string>>, starts: readonly string[]): Set<string> {
  const found = new Set<string>();
  const open = [...starts];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const imports = (files[path] ?? '').matchAll(/(?:from|import)\s*"\.(\/[\w-]+\.js)"/g);
    open.push(...[...imports].flatMap(([, imported]) => imported ?? []));
  }
  return found;
}
