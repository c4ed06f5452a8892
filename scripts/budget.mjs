/**
 * Measures the size of the repository, and fails when a figure is above its limit in `budget.json`. Only a decision of
 * `docs/decisions/` raises a limit; a change that lowers a figure may lower its limit. `npm run check -- budget` prints
 * the figures.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { doors, handWrittenFiles } from './workspace.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const LIMITS = JSON.parse(readFileSync(new URL('budget.json', import.meta.url), 'utf8'));

/** A file with at most this many lines belongs into its only caller, unless it stands for a concept, as a door does. */
const MAX_SMALL_FILE_LINES = 25;
const MAX_FOLDER_FILES = 40;

const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));
/** The number of lines of a text; 0 for the bytes of a picture. */
const linesOf = (text) => (text.includes('\0') ? 0 : text.split('\n').length - 1);
const texts = new Map(tracked.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const sources = handWrittenFiles().filter((file) => texts.has(file));
const sum = (files, measure) => files.reduce((total, file) => total + measure(texts.get(file)), 0);

/** How many entries of a list have the same key, by key. */
function countBy(list, keyOf) {
  const counts = new Map();
  for (const each of list) counts.set(keyOf(each), (counts.get(keyOf(each)) ?? 0) + 1);
  return counts;
}

const above = (counts, limit) => [...counts.values()].filter((count) => count > limit).length;

/** The names that the doors of a package export: those in braces, and for `export *` those of the other file. */
function namesOf(file, seen = new Set()) {
  if (seen.has(file)) return new Set();
  seen.add(file);
  const text = texts.get(file) ?? readFileSync(join(root, file), 'utf8');
  const names = new Set();
  for (const [, list] of text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)) {
    for (const name of list.split(',')) if (name.trim() !== '') names.add(name.trim().split(' as ').at(-1));
  }
  for (const [, name] of text.matchAll(
    /^export (?:declare |async |abstract )*(?:const|function\*?|class|interface|type|enum) (\w+)/gm,
  ))
    names.add(name);
  for (const [, name] of text.matchAll(/^export (?:type )?\* as (\w+) from/gm)) names.add(name);
  for (const [, path] of text.matchAll(/^export (?:type )?\* from '(\.[^']+)'/gm)) {
    for (const name of namesOf(join(dirname(file), path), seen)) names.add(name);
  }
  return names;
}

const doorFiles = new Set(doors().values());
/** The names in the doors of each package. Helpers of tests are not counted. */
const doorNames = new Map();
for (const [door, file] of doors()) {
  const [, name] = door.split('/');
  if (!door.includes('*')) doorNames.set(name, new Set([...(doorNames.get(name) ?? []), ...namesOf(file)]));
}

/** How many percent of the names in the doors of `engine` one other package uses alone. */
function singleUses() {
  const uses = sources.flatMap((file) =>
    [...texts.get(file).matchAll(/\{([^}]*)\}(?: from '| = await import\(')@typekro\/engine\//g)].flatMap(([, list]) =>
      list.split(',').map(
        (name) =>
          `${
            name
              .trim()
              .replace(/^type /, '')
              .split(' as ')[0]
          } ${file.split('/')[1]}`,
      ),
    ),
  );
  const users = countBy([...new Set(uses)], (use) => use.split(' ')[0]);
  const names = [...doorNames.get('engine')];
  return Math.round((100 * names.filter((name) => users.get(name) === 1).length) / names.length);
}

const { exports } = JSON.parse(texts.get('package.json'));
const FIGURES = {
  'tracked files': tracked.length,
  'tracked lines': sum(tracked, linesOf),
  'hand-written source lines': sum(sources, linesOf),
  'generated files in the repository': tracked.filter((file) => file.includes('/generated/')).length,
  'entries of exports': Object.values(exports).filter((target) => typeof target !== 'string').length,
  'folders of more than 40 source files': above(countBy(sources, dirname), MAX_FOLDER_FILES),
  'source files of at most 25 lines': sources.filter(
    (file) => linesOf(texts.get(file)) <= MAX_SMALL_FILE_LINES && !doorFiles.has(file),
  ).length,
  'base names of several source files': above(
    countBy(
      sources.filter((file) => basename(file) !== 'index.ts'),
      (file) => basename(file),
    ),
    1,
  ),
  'names in the doors of the largest package': Math.max(
    ...[...doorNames].filter(([name]) => name !== 'sdk').map(([, { size }]) => size),
  ),
  'names in the doors of engine': doorNames.get('engine').size,
  'percent of the names of engine that one package uses': singleUses(),
  'type assertions by way of unknown': sum(sources, (text) => text.split('as unknown as').length - 1),
};

const over = Object.entries(FIGURES).filter(([name, figure]) => !(figure <= LIMITS[name]));
for (const [name, figure] of Object.entries(FIGURES)) {
  console.log(`${name}: ${figure.toLocaleString('en')} of at most ${LIMITS[name]?.toLocaleString('en')}`);
}
for (const [name] of over)
  console.error(`${name} is above its limit: simplify or delete elsewhere, or write a decision`);
process.exitCode = over.length === 0 ? 0 : 1;
