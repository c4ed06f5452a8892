/**
 * Runs every check except the tests: types, lint with the import rules of rooms, the import rules inside rooms
 * (`layers`), second copies of small sets of functions (`vocabularies`), format, dead code, package, API reports, size,
 * links of the documentation, examples. Runs all checks even if one fails, and then lists the failed checks. `npm run check -- types lint` runs a part. `npm run check -- api --update` accepts a change of the public
 * API. Without names, a change of some packages runs only the checks that it can fail (`affected.mjs`);
 * `TYPEKRO_ALL=1` runs all.
 */
import { affected } from './affected.mjs';
import { main, runNode, succeeds } from './run.mjs';

const bin = (name, path) => [`node_modules/${name}/${path}`];
const CHECKS = {
  types: [...bin('@typescript/native', 'bin/tsc'), '-b'],
  'types of the page': [...bin('@typescript/native', 'bin/tsc'), '-p', 'packages/dashboard/src/client'],
  'types of the site': [...bin('@typescript/native', 'bin/tsc'), '-p', 'scripts/site/client'],
  'types of the extension': [...bin('@typescript/native', 'bin/tsc'), '-p', 'editors/vscode', '--noEmit'],
  lint: [...bin('oxlint', 'bin/oxlint'), '--type-aware', '--deny-warnings'],
  layers: ['scripts/layers.mjs'],
  vocabularies: ['scripts/vocabularies.mjs'],
  budget: ['scripts/budget.mjs'],
  format: [...bin('oxfmt', 'bin/oxfmt'), '--check', '.'],
  knip: bin('knip', 'bin/knip.js'),
  publint: [...bin('publint', 'src/cli.js'), '--strict'],
  'publint-create': [...bin('publint', 'src/cli.js'), 'create-typekro', '--strict'],
  attw: [...bin('@arethetypeswrong/cli', 'dist/index.js'), '--pack', '.', '--profile', 'esm-only'],
  api: ['scripts/api-report.mjs'],
  size: bin('size-limit', 'bin.js'),
  'package size': ['scripts/package-size.mjs'],
  site: ['scripts/run-ts.mjs', 'scripts/site.ts', '--check'],
  examples: ['scripts/run-ts.mjs', 'scripts/examples.ts'],
};

const given = process.argv.slice(2);
const wanted = given.filter((word) => word !== '--update');
if (wanted.length < given.length && wanted.join() === 'api') CHECKS.api.push('--update');
else if (wanted.length < given.length) wanted.push('--update');
const unknown = wanted.filter((name) => !Object.hasOwn(CHECKS, name));
if (unknown.length > 0) {
  console.error(`unknown check ${unknown.join(', ')}; the checks are ${Object.keys(CHECKS).join(', ')}`);
  process.exit(2);
}

/** The packages with entry points of the published package. */
const PUBLISHED = ['cel', 'engine', 'kube', 'controller', 'sdk', 'testing'];

/** The checks that a change needs, where a change of some packages cannot fail the others. */
function neededChecks({ changed, affected: packages, pages }) {
  const has = (...names) => names.some((name) => packages.has(name));
  const isNeeded = {
    'types of the page': has('dashboard'),
    'types of the site': false,
    'types of the extension': false,
    publint: false,
    'publint-create': false,
    attw: false,
    api: has(...PUBLISHED),
    site: pages || ['cel', 'cli', 'engine', 'sdk'].some((name) => changed.has(name)),
    examples: has(...PUBLISHED, 'cluster'),
  };
  CHECKS.lint.push(...[...packages].map((name) => `packages/${name}`));
  return Object.keys(CHECKS).filter((name) => isNeeded[name] ?? true);
}

await main(() => runNode(['scripts/setup.mjs']));
const change = wanted.length > 0 ? undefined : affected();
const chosen = change === undefined ? Object.keys(CHECKS) : neededChecks(change);
const failed = [];
for (const name of wanted.length > 0 ? wanted : chosen) {
  console.log(`\n== ${name}`);
  if (!(await succeeds(CHECKS[name]))) failed.push(name);
}
console.log(failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
