/**
 * Measures the costs of a composition: importing the package, making 10, 100 and 1,000 resources with their YAML, and
 * the types of a small program. The figures of imports and of resources are medians of several processes. Times are
 * wall-clock times. For resources, the CPU time of the process follows in parentheses. Run the benchmark on a machine
 * with nothing else to do.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';

readOptions({});

const root = fileURLToPath(new URL('..', import.meta.url));
const RUNS = 5;

/** Runs a module in a separate process. The module prints a JSON list of numbers. */
function measured(code: string): readonly number[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as number[];
}

/** Returns the median of each number in the list, over several processes. */
function medians(code: string): readonly number[] {
  const runs = Array.from({ length: RUNS }, () => measured(code));
  return (runs[0] ?? []).map((_, index) => median(runs.map((run) => run[index] ?? 0)));
}

const importing = (statement: string) => `
const start = performance.now();
${statement}
console.log(JSON.stringify([performance.now() - start, process.memoryUsage().rss / 2 ** 20]));`;

function printImports(): void {
  const [, bare = 0] = medians(importing(''));
  for (const path of ['./dist/index.js', './dist/factories/simple/index.js']) {
    const [time = 0, memory = 0] = medians(importing(`await import('${path}');`));
    console.log(`import ${path}: ${time.toFixed(0)} ms, ${(memory - bare).toFixed(0)} MB over bare Node`);
  }
}

const PROGRAMS = {
  ConfigMap:
    'ConfigMap({ id: `c${i}`, name: `${spec.name}-${i}`, data: { owner: spec.name, when: spec.on ? "yes" : "no" } });',
  'Deployment and Service': `Deployment({ id: \`d\${i}\`, name: \`\${spec.name}-\${i}\`, image: spec.image, replicas: 2 });
    Service({ id: \`s\${i}\`, name: \`\${spec.name}-\${i}\`, ports: [{ port: 80 }], selector: { app: spec.name } });`,
} as const;

/** Cold: the first composition of a process. Warm: the median of the later half of the other compositions. */
const composing = (body: string, count: number, warm: number) => `
import { kubernetesComposition } from './dist/index.js';
import { ConfigMap, Deployment, Service } from './dist/factories/simple/index.js';
const text = { type: 'string' };
const spec = {
  type: 'object',
  properties: { name: text, image: text, on: { type: 'boolean' } },
  required: ['name', 'image', 'on'],
};
const numbers = Array.from({ length: ${count} }, (_, index) => index);
const runs = [];
for (let run = 0; run <= ${warm}; run++) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const composition = kubernetesComposition({ name: 'app', spec }, (spec) => {
    for (const i of numbers) {
      ${body}
    }
  });
  composition.toYaml();
  const { user, system } = process.cpuUsage(cpu);
  runs.push([performance.now() - start, (user + system) / 1000]);
}
const later = runs.slice(1 + ${warm >> 1});
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const last = [0, 1].map((index) => median(later.map((run) => run[index])));
console.log(JSON.stringify([...runs[0], ...last]));`;

function printCompositions(): void {
  for (const [name, body] of Object.entries(PROGRAMS)) {
    for (const [turns, warm] of [
      [10, 60],
      [100, 40],
      [1000, 6],
    ] as const) {
      const count = name === 'ConfigMap' ? turns : turns / 2;
      const row = medians(composing(body, count, warm)).map((value) => value.toFixed(1));
      console.log(`${turns} resources (${name}): cold ${row[0]} ms (CPU ${row[1]}), warm ${row[2]} ms (CPU ${row[3]})`);
    }
  }
}

const SCHEMA = `import { type } from 'arktype';
const spec = type({ name: 'string', replicas: 'number.integer' });
const status = type({ ready: 'boolean' });
export const infer: { s: typeof spec.infer; t: typeof status.infer } | undefined = undefined;
`;

const PROGRAM = `import { kubernetesComposition } from 'typekro';
import { Deployment } from 'typekro/simple';
${SCHEMA}
export const app = kubernetesComposition({ name: 'web', kind: 'Web', spec, status }, (s) => {
  const deploy = Deployment({ id: 'deploy', name: s.name, image: 'nginx', replicas: s.replicas });
  return { ready: deploy.status.readyReplicas >= s.replicas };
});
`;

/** The number of type instantiations for a program, as the type checker counts them. */
function instantiations(directory: string, program: string): number {
  const file = join(directory, 'program.ts');
  writeFileSync(file, program);
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...flags, '--extendedDiagnostics', file], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stdout);
  return Number(/Instantiations:\s+(\d+)/.exec(stdout)?.[1]);
}

function printTypes(): void {
  const directory = mkdtempSync(join(tmpdir(), 'typekro-types-'));
  try {
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    const own = PROGRAM.replace("'typekro'", `'${root}dist/index.js'`).replace(
      "'typekro/simple'",
      `'${root}dist/factories/simple/index.js'`,
    );
    const base = instantiations(directory, SCHEMA);
    const all = instantiations(directory, own);
    console.log(`types of a small program: ${all} instantiations, ${all - base} over the schema library's own`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

printImports();
printCompositions();
printTypes();
