/**
 * Compares the CEL engine with other JavaScript engines: evaluation, preparation, hostile patterns, memory. Run: `npm
 * run bench -- cel`. The output is a Markdown table; `packages/cel/src/README.md` has a copy.
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { kroEnvironment, type Environment } from '../dist/cel/index.js';
import { DATA, EVIL_PATTERN, EVIL_TEXT, EXISTS, FIELD, FILTER_MAP, TEMPLATE, type Case } from './support/cel-cases.ts';
import type { Engine } from './support/cel-engines.mjs';
import { deploymentEnvironmentBytes, typedEnvironment } from './support/cel-typed.ts';
import { nanoseconds, once, retainedBytes } from './support/measure.ts';
import { readOptions } from './support/options.ts';
import { installFixture } from '../scripts/install.mjs';

readOptions({});

// The other engines are packages of `bench/package.json`.
await installFixture(fileURLToPath(new URL('.', import.meta.url)));
const { OTHER_ENGINES } = await import('./support/cel-engines.mjs');

const NOT_POSSIBLE = '–';

/** Fixed figures of cel-go 0.31 with kro's libraries, from a machine of the same size. They are not measured here. */
const CEL_GO: Readonly<Record<string, string>> = {
  [TEMPLATE.name]: '729 ns',
  [EXISTS.name]: '302 ns',
  [FILTER_MAP.name]: '3.60 ms',
  [prepared(FIELD)]: '17.0 µs',
  [prepared(TEMPLATE)]: '98.0 µs',
  [prepared(FILTER_MAP)]: '94.0 µs',
};

function prepared({ name }: Case): string {
  return `prepare: ${name}`;
}

/** This project's engine: with typed variables, or with every variable `dyn`. */
function own(name: string, environment: Environment): Engine {
  return {
    name,
    prepare(expression) {
      const compiled = environment.compile(expression);
      if (!compiled.ok) throw new Error(compiled.text);
      const { program } = compiled;
      return (variables) => {
        const result = program.evaluate(variables);
        if (!result.ok) throw new Error(result.error.message);
        return result.value;
      };
    },
  };
}

const DYN_VARIABLES = ['schema', 'deployment', 'items', 'text'];

const engines: readonly Engine[] = [
  own('ours, typed', typedEnvironment()),
  own('ours, `dyn`', untypedEnvironment()),
  ...OTHER_ENGINES,
];

function untypedEnvironment(): Environment {
  const dyn = { kind: 'dyn', name: 'dyn', params: [] } as const;
  return kroEnvironment({ variables: Object.fromEntries(DYN_VARIABLES.map((name) => [name, dyn])) });
}

function shown(ns: number): string {
  if (ns < 10_000) return `${ns.toFixed(0)} ns`;
  return ns < 1e6 ? `${(ns / 1e3).toFixed(1)} µs` : `${(ns / 1e6).toFixed(2)} ms`;
}

/** Returns the figure, or the reason why there is none. */
function attempt(measure: () => string): string {
  try {
    return measure();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.includes('call stack') ? 'stack overflow' : NOT_POSSIBLE;
  }
}

function row(name: string, cells: readonly string[]): void {
  console.log(`| ${[name, ...cells, CEL_GO[name] ?? NOT_POSSIBLE].join(' | ')} |`);
}

function evaluationRow(test: Case, variables: Readonly<Record<string, unknown>>): void {
  row(
    test.name,
    engines.map((engine) =>
      attempt(() => {
        const program = engine.prepare(test.expression);
        program(variables);
        return shown(nanoseconds(() => program(variables)));
      }),
    ),
  );
}

/** Measures a single call, because a backtracking engine takes seconds for it. */
function patternRow(): void {
  const cells = engines.map((engine) =>
    attempt(() => {
      const program = engine.prepare(EVIL_PATTERN.expression);
      return shown(once(() => program({ text: EVIL_TEXT })));
    }),
  );
  row(EVIL_PATTERN.name, cells);
}

function preparationRow(test: Case): void {
  row(
    prepared(test),
    engines.map((engine) => attempt(() => shown(nanoseconds(() => engine.prepare(test.expression))))),
  );
}

/** Each template has a unique literal, so that no two templates share memory. */
function memoryRow(): void {
  const cells = engines.map((engine) =>
    attempt(() => {
      const bytes = retainedBytes((i) => engine.prepare(TEMPLATE.expression.replace('?name', `?name${i}`)), 2_000);
      return `${(bytes / 1024).toFixed(1)} kB`;
    }),
  );
  row('memory of a prepared template', cells);
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`);
console.log(`| | ${engines.map(({ name }) => name).join(' | ')} | cel-go 0.31 (fixed) |`);
console.log(`|${'---|'.repeat(engines.length + 2)}`);
evaluationRow(TEMPLATE, DATA);
evaluationRow(EXISTS, DATA);
evaluationRow(FILTER_MAP, DATA);
for (const test of [FIELD, TEMPLATE, FILTER_MAP]) preparationRow(test);
patternRow();
memoryRow();
console.log(`\nTyped environment of a Deployment: ${(deploymentEnvironmentBytes() / 1024).toFixed(1)} kB`);
