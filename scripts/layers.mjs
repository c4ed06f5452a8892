/**
 * Checks the rules for imports inside a package, imports of types included:
 *
 * - A room imports only earlier rooms of `rooms.json`.
 * - Inside the rooms of `FLOORS`, a file imports only files of its own floor and of lower floors.
 * - No file imports itself through other files.
 *
 * Node and the compiler enforce the rules between packages: a package has only the doors in the `exports` of its
 * `package.json`, and sees only the packages in its `references`. The script also checks the tables of floors in the
 * READMEs of rooms. It prints each import cycle as a chain of files with the importing lines.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { roomOf, ROOMS, sourceFiles } from './workspace.mjs';

/**
 * Floors inside rooms, from the ground up. A floor is a folder, or several folders and files that may import each other.
 * Each file of the room is on one floor; the README of the room says what the floors are for.
 */
export const FLOORS = {
  cel: [
    'utf8.ts values.ts types.ts shape.ts ast.ts library.ts provider.ts api.ts',
    'syntax',
    'macros.ts',
    'lib',
    'eval',
    'standard',
    'check',
    'plan',
    'cost',
    'environment.ts to-json.ts references.ts rename.ts rewrite.ts unparse.ts',
    'kro.ts kubernetes.ts',
    'index.ts',
  ],
  runtime: [
    'objects',
    'placed-expressions.ts',
    'secrets',
    'report.ts resolved.ts step-memory.ts observed-state.ts model.ts object-outcome.ts',
    'reports',
    'contributions.ts conditions.ts tracking.ts evaluate.ts template.ts now-sample.ts revision-condition.ts instance-propagation.ts',
    'node-texts.ts node-texts-0.9.ts node-texts-0.10.ts',
    'step-context.ts',
    'nodes',
    'members.ts prune.ts inventory.ts graph-tracking.ts graph-retired.ts',
    'status',
    'deletion.ts unresolved.ts instance-decision.ts graph-decision.ts graph-deletion.ts step.ts',
    'render',
    'index.ts',
  ],
  cluster: [
    // Code that works without a cluster.
    'cluster-clock.ts movable-clock.ts kubernetes-data.ts release.ts stand-in.ts audit-options.ts cluster-options.ts work.ts call-each.ts lazy-module.ts',
    'codec',
    'errors',
    'types',
    'fields',
    'patch',
    'earlier-release.ts',
    'table',
    'protocol',
    'streaming',
    'webhooks',
    // Kinds: the rules of each kind, and permissions.
    'auth',
    'crd expressions',
    'kinds',
    'object-rules.ts rule-evaluator.ts',
    // Store and registry: the stored objects, and the served resources.
    'store',
    'registry pod-logs.ts pods',
    'scheduling',
    'processes',
    'conversion',
    // Verbs, and the code that uses them.
    'verbs',
    'admission',
    'virtual',
    'definitions follow-addresses.ts',
    'discovery openapi',
    'aggregation',
    'audit',
    'bootstrap.ts',
    'controllers',
    'snapshot.ts',
    'adopt-release.ts',
    'state-log.ts',
    'persistence.ts',
    // HTTP: sockets, routes, and the checks before them.
    'faults',
    'http',
    'own-request.ts',
    'present-process.ts',
    // The whole cluster.
    'writing.ts',
    'lazy-modules.ts',
    'api.ts',
    'cluster.ts dry-run.ts',
    'index.ts',
  ],
  compose: [
    // Words: the author's input and output, and refusals.
    'aspect-types.ts',
    'served-kind.ts',
    'public-types.ts version-types.ts',
    'refusal',
    // Texts: the source of functions.
    'source',
    // Values: expressions, the run that collects resources, and unknown values.
    'ir',
    'trace',
    'value',
    // JavaScript: its functions and methods, then its operators and statements.
    'library',
    'interp',
    // Resources, and the building blocks of factories.
    'schemas.ts version-definitions.ts',
    'resources',
    'check-argument-shape.ts computed.ts quantity.ts raw-cel.ts',
    'cel-api.ts factory-arguments.ts factory-helpers.ts',
    'resource-factory.ts',
    // Aspects, and the output.
    'aspects',
    'emit',
    'gitops',
    // One composition.
    'definition-names.ts deploy-engine.ts evaluate-graph.ts',
    'parse-spec.ts refinements.ts trace-composition.ts trace-versions.ts graph-type.ts',
    'interpret-module.ts',
    'traced-core.ts',
    'composition.ts composition-type.ts graph-core.ts',
    'resource-references.ts',
    'nest-composition.ts singleton.ts',
    'composition-yaml.ts explain.ts',
    'evaluate-composition.ts',
    'factory',
    'composition-api.ts composition-object.ts',
    'index.ts',
  ],
};

/**
 * Matches an import or export from another file. Static imports match only at the start of a line, dynamic imports
 * anywhere.
 */
const IMPORT = /^(?:import|export)\b[^;'"]*?(?:\bfrom )?'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)/gm;

/** All files of the packages except tests, each with its imported files and the lines of the imports. */
function importsOfFiles() {
  return new Map(sourceFiles().map((file) => [file, importsOf(file, readFileSync(file, 'utf8'))]));
}

function importsOf(file, text) {
  const found = new Map();
  for (const match of text.matchAll(IMPORT)) {
    const target = join(dirname(file), match[1] ?? match[2]);
    if (!found.has(target)) found.set(target, text.slice(0, match.index).split('\n').length);
  }
  return found;
}

/** Groups of files that all import each other, directly or through others (Tarjan's strongly connected components). */
function cyclesOf(files) {
  const order = new Map();
  const lowest = new Map();
  const open = [];
  const cycles = [];
  const visit = (file) => {
    order.set(file, order.size);
    lowest.set(file, order.get(file));
    open.push(file);
    for (const next of files.get(file).keys()) {
      if (!files.has(next)) continue;
      if (!order.has(next)) visit(next);
      if (open.includes(next)) lowest.set(file, Math.min(lowest.get(file), lowest.get(next)));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const group = open.splice(open.indexOf(file));
    if (group.length > 1) cycles.push(new Set(group));
  };
  for (const file of files.keys()) if (!order.has(file)) visit(file);
  return cycles;
}

/** A shortest import chain from a file of a cycle back to itself. */
function chainOf(files, cycle) {
  const [start] = cycle;
  const before = new Map();
  for (const queue = [start]; queue.length > 0;) {
    const file = queue.shift();
    for (const next of files.get(file).keys()) {
      if (!cycle.has(next) || before.has(next)) continue;
      before.set(next, file);
      queue.push(next);
    }
  }
  const chain = [start];
  do chain.unshift(before.get(chain[0]));
  while (chain[0] !== start);
  return chain;
}

/** The problems of circular imports, as lines. */
function problemsOfCircles(files) {
  const problems = [];
  for (const cycle of cyclesOf(files)) {
    const chain = chainOf(files, cycle);
    const lines = chain.slice(1).map((next, index) => {
      const line = files.get(chain[index]).get(next);
      return `  ${chain[index]}:${line}: ${readFileSync(chain[index], 'utf8').split('\n')[line - 1]}`;
    });
    problems.push(`an import cycle of ${cycle.size} files, closed by:\n${lines.join('\n')}`);
  }
  return problems;
}

/**
 * Finds problems of floors: imports from a higher floor, files on no floor or on two floors, and entries of floors
 * without a file. Returns one line per problem.
 */
function problemsOfFloors(files) {
  return Object.entries(FLOORS).flatMap(([room, list]) => {
    const parts = list.flatMap((floor, level) => floor.split(' ').map((part) => [part, level]));
    const floors = new Map(parts);
    const doubles = parts.map(([part]) => part).filter((part, index, all) => all.indexOf(part) !== index);
    const folder = `${ROOMS[room]}/`;
    const partOf = (file) => file.slice(folder.length).split('/')[0];
    const own = [...files].filter(([file]) => file.startsWith(folder));
    const existing = new Set(own.map(([file]) => partOf(file)));
    const gone = [...floors.keys()].filter((part) => !existing.has(part));
    const unlisted = [...existing].filter((part) => !floors.has(part));
    const upwards = own.flatMap(([file, imports]) =>
      [...imports]
        .filter(([target]) => target.startsWith(folder))
        .filter(([target]) => floors.get(partOf(target)) > floors.get(partOf(file)))
        .map(([target, line]) => `${file}:${line}: imports ${target}, which is on a higher floor`),
    );
    return [
      ...gone.map((part) => `${folder}${part} does not exist: remove it from its floor in scripts/layers.mjs`),
      ...doubles.map((part) => `${folder}${part} is on two floors: remove it from one in scripts/layers.mjs`),
      ...unlisted.map((part) => `${folder}${part} is on no floor: add it to one in scripts/layers.mjs`),
      ...upwards,
    ];
  });
}

/**
 * Finds problems in the floor tables of the rooms' READMEs. Returns one line per problem. The second column of such a
 * table has the folders of the room in the order of `FLOORS`.
 */
function problemsOfTables() {
  return Object.entries(FLOORS).flatMap(([room, list]) => {
    const page = `${ROOMS[room]}/README.md`;
    const text = existsSync(page) ? readFileSync(page, 'utf8') : '';
    const [, table] = /^\| Floor \| Folders, lowest first \|.*\n\|.*\n((?:\|.*\n)+)/m.exec(text) ?? [];
    if (table === undefined) return [];
    const cells = table.split('\n').map((row) => row.split('|')[2] ?? '');
    const folders = (names) => names.filter((name) => !name.endsWith('.ts')).join(' ');
    const shown = folders(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)));
    const listed = folders(list.flatMap((floor) => floor.split(' ')));
    if (shown === listed) return [];
    return [`${page}: the table of floors has the folders\n  ${shown}\n  and scripts/layers.mjs has\n  ${listed}`];
  });
}

/** Finds imports of a later room of the same package. */
function problemsOfRooms(files) {
  const names = Object.keys(ROOMS);
  return [...files].flatMap(([file, imports]) => {
    const room = roomOf(file);
    if (room === undefined) return [];
    return [...imports].flatMap(([target, line]) => {
      const other = roomOf(target);
      if (other === undefined || names.indexOf(other) <= names.indexOf(room)) return [];
      return [`${file}:${line}: ${room} may not import ${other}`];
    });
  });
}

const files = importsOfFiles();
const problems = [
  ...problemsOfRooms(files),
  ...problemsOfFloors(files),
  ...problemsOfTables(),
  ...problemsOfCircles(files),
];
for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0
    ? `${files.size} files import only from their own and lower floors.`
    : `${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
