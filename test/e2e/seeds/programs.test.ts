import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import type { Composition, FactoryOptions } from '@typekro/sdk';
import type { createCluster as createClusterOfSources, TestCluster } from '@typekro/testing';
import { runCommand } from '../../support/command.ts';
import { monitorCrd } from './needs.ts';
import { type Outcome, type Program, type Way, differences, programs, SEEDS } from './outcomes.ts';

/*
 * Runs the first programs unchanged. Deploys their compositions in each way that the table (`outcomes.json`) lists,
 * each time in a new cluster. The programs import the built package, as a user's program does.
 */

type AnyComposition = Composition<JsonObject, JsonObject, never, JsonObject>;
interface TestingModule {
  readonly createCluster: typeof createClusterOfSources;
}
interface Recorded {
  readonly name: string;
  readonly factory: AnyComposition['factory'];
  readonly diagnostics: AnyComposition['diagnostics'];
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { createCluster } = (await import(pathToFileURL(join(root, 'dist/testing/entry.js')).href)) as TestingModule;

/**
 * The compositions that the programs have created, in order. The programs import a wrapper of the built package, and
 * the wrapper records the compositions.
 */
const recorded: Recorded[] = [];
Reflect.set(globalThis, Symbol.for('typekro.test.recorded'), recorded);
const WATCHED = ['kubernetesComposition', 'typeKroRuntimeBootstrap'];
const watchedPackage = (entry: string) => `import * as actual from ${JSON.stringify(pathToFileURL(entry).href)};
export * from ${JSON.stringify(pathToFileURL(entry).href)};
const record = (make) => (...args) => {
  const made = make(...args);
  globalThis[Symbol.for('typekro.test.recorded')].push(made);
  return made;
};
${WATCHED.map((name) => `export const ${name} = record(actual.${name});`).join('\n')}
`;

/** A folder with copies of the programs. In this folder, an import of the package loads the wrapper. */
const directory = mkdtempSync(join(tmpdir(), 'typekro-seeds-'));
cpSync(fileURLToPath(SEEDS), directory, { recursive: true });
mkdirSync(join(directory, 'node_modules/typekro'), { recursive: true });
symlinkSync(join(root, 'node_modules/arktype'), join(directory, 'node_modules/arktype'), 'dir');
const exported = { '.': './index.js', './simple': './simple.js' };
const manifest = { name: 'typekro', type: 'module', exports: exported };
for (const [file, text] of [
  ['package.json', JSON.stringify(manifest)],
  ['index.js', watchedPackage(join(root, 'dist/index.js'))],
  ['simple.js', `export * from ${JSON.stringify(pathToFileURL(join(root, 'dist/factories/simple/index.js')).href)};`],
] as const) {
  writeFileSync(join(directory, 'node_modules/typekro', file), text);
}
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/**
 * The compositions that a program has created, and its refusal. A program may be refused after it has created
 * compositions.
 */
interface Composed {
  readonly compositions: readonly Recorded[];
  readonly refusal: unknown;
}

const composed = new Map<string, Promise<Composed>>();

/**
 * Imports a program once. For a program that creates no composition itself, returns the compositions of the programs
 * that it imports.
 */
function compose(file: string): Promise<Composed> {
  const known = composed.get(file);
  if (known !== undefined) return known;
  const composing = importProgram(file);
  composed.set(file, composing);
  return composing;
}

async function importProgram(file: string): Promise<Composed> {
  const text = readFileSync(new URL(file, SEEDS), 'utf8');
  const imported = [...text.matchAll(/from '\.\/(seed-[\w-]+)\.js'/g)].map(([, name]) => `${name}.ts`);
  const others = await Promise.all(imported.map(compose));
  const before = recorded.length;
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const refusal: unknown = await import(join(directory, file)).then(
    () => undefined,
    (error: unknown) => error,
  );
  log.mockRestore();
  const own = recorded.slice(before);
  return { compositions: own.length > 0 ? own : others.flatMap(({ compositions }) => compositions), refusal };
}

interface ShownDiagnostic {
  readonly text: string;
  readonly line: number | undefined;
}

/** The message and line of every diagnostic of the compositions and of the refusal. */
function diagnosticsOf({ compositions, refusal }: Composed): ShownDiagnostic[] {
  const own = (refusal as { diagnostics?: AnyComposition['diagnostics'] } | undefined)?.diagnostics ?? [];
  return [...compositions.flatMap(({ diagnostics }) => diagnostics), ...own].map(({ message, hint, source }) => ({
    text: `${message}
${hint ?? ''}`,
    line: source?.line,
  }));
}

/** Creates the objects that a program requires in the cluster. */
async function prepare(cluster: TestCluster, needs: readonly string[], way: Way): Promise<void> {
  for (const need of needs) {
    if (need.endsWith('(direct only)') && way !== 'direct') continue;
    const namespace = /^namespace ([\w-]+)/.exec(need)?.[1];
    if (namespace !== undefined) {
      await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    } else if (need === 'CRD servicemonitors.monitoring.coreos.com') await cluster.client.create(monitorCrd);
  }
}

function optionsOf(cluster: TestCluster, way: Way, outcome: Outcome, program: Program): FactoryOptions {
  const namespace = program.needs?.map((need) => /^namespace ([\w-]+)/.exec(need)?.[1]).find(Boolean);
  return {
    namespace: namespace ?? 'default',
    transport: cluster.transport,
    // If the API server refuses a write, the controller retries it. Therefore the deploy ends at its timeout, with the
    // last status in the error.
    timeout: outcome.result === 'refused' ? 2_500 : 20_000,
    target: way === 'ours' ? 'typekro' : 'stock',
  };
}

const keyed = (value: JsonObject | null | undefined, name: string, several: boolean): JsonObject =>
  (several && isJsonObject(value?.[name]) ? value[name] : value) ?? {};

/**
 * Maps a program to a line whose warning in the table does not occur: the program executes the line only with
 * `--deploy`.
 */
const unreached: Readonly<Record<string, number>> = { 'seed-05-bootstrap-environment.ts': 14 };

describe.each(Object.entries(programs).filter(([file]) => file.endsWith('.ts')))('%s', (file, program) => {
  let made: Composed;
  const unreachedLine = unreached[file];
  beforeAll(async () => {
    made = await compose(file);
  }, 60_000);

  test.skipIf(program.run?.exit === null)('runs as a program', () => {
    const path = fileURLToPath(new URL(file, SEEDS));
    const { code, stderr } = runCommand(process.execPath, ['--import', 'tsx', path], { cwd: fileURLToPath(SEEDS) });
    expect({ code, stderr: code === program.run?.exit ? '' : stderr }).toEqual({ code: program.run?.exit, stderr: '' });
  });

  const ways = (['direct', 'ours', 'stock'] as const).filter((way) => program[way] !== null);
  test.each(ways)(
    'the deployment has the outcome in the table: %s',
    async (way) => {
      const outcome = program[way] as Outcome;
      const diagnostics = diagnosticsOf(made);
      for (const { line, texts } of outcome.warnings ?? []) {
        if (line === unreachedLine) continue;
        const found = diagnostics.filter((entry) => entry.line === line).map(({ text }) => text);
        for (const text of texts) expect(found.join('\n'), `the warning of line ${line}`).toContain(text);
      }
      if (outcome.stage === 'compose' && made.refusal !== undefined) {
        const text = diagnostics.map((entry) => entry.text).join('\n');
        for (const fragment of outcome.texts) expect(text + String(made.refusal)).toContain(fragment);
        return;
      }
      // A program may be refused when it prints a composition, after it has created all compositions.
      if (made.refusal !== undefined && program.run?.exit === 0) throw made.refusal;
      expect(made.compositions.length).toBeGreaterThan(0);
      const cluster = await createCluster({ clock: 'real' });
      try {
        await prepare(cluster, program.needs ?? [], way);
        if (way !== 'direct')
          await cluster.startController(way === 'ours' ? { features: { omit: true, now: true } } : {});
        await deployAll(cluster, way, outcome);
      } finally {
        await cluster.close();
      }
    },
    60_000,
  );

  const variants = (program.variants ?? []).map((variant, index) => [index + 1, variant] as const);
  test.each(variants)(
    'the deployment of variant %i has the outcome in the table',
    async (_, variant) => {
      const cluster = await createCluster({ clock: 'real' });
      try {
        const needs = (program.needs ?? []).filter((need) => need !== variant.without);
        await prepare(cluster, needs, 'stock');
        const [composition] = made.compositions;
        if (composition === undefined) throw new Error('nothing was composed');
        await cluster.startController();
        const outcome = { ...(program.stock as Outcome), result: variant.result };
        const factory = composition.factory('kro', optionsOf(cluster, 'stock', outcome, program));
        const deployment = factory.deploy(variant.spec ?? program.spec ?? {});
        if (variant.result === 'refused') {
          const error: unknown = await deployment.catch((thrown: unknown) => thrown);
          for (const text of variant.texts ?? []) expect(String(error)).toContain(text);
          return;
        }
        const { metadata } = await deployment;
        const expected = variant.status ?? {};
        expect(differences(expected, await finalStatus(factory, String(metadata.name), expected))).toEqual([]);
      } finally {
        await cluster.close();
      }
    },
    60_000,
  );

  async function deployAll(cluster: TestCluster, way: Way, outcome: Outcome): Promise<void> {
    const compositions = made.compositions.filter(({ factory }) => typeof factory === 'function');
    const specs = outcome.spec ?? program.spec ?? {};
    for (const composition of compositions) {
      const factory = composition.factory(
        way === 'direct' ? 'direct' : 'kro',
        optionsOf(cluster, way, outcome, program),
      );
      const several = compositions.length > 1;
      const deploy = (spec: JsonObject) => factory.deploy(spec);
      if (outcome.result === 'refused') {
        const error: unknown = await deploy(keyed(specs, composition.name, several)).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        for (const text of outcome.texts) expect(String(error)).toContain(text);
        continue;
      }
      const jobs = [{ spec: specs, status: outcome.status }, ...(outcome.others ?? [])];
      for (const { spec, status: wanted } of jobs) {
        const { apiVersion, kind, metadata } = await deploy(keyed(spec, composition.name, several));
        const expected = {
          ...keyed(wanted, composition.name, several),
          ...(way === 'direct' ? {} : { state: 'ACTIVE' }),
        };
        const status = await finalStatus(factory, String(metadata.name), expected);
        expect(differences(expected, status), `${apiVersion} ${kind}`).toEqual([]);
        for (const path of outcome.absent ?? []) expect(at(status, path)).toBeUndefined();
      }
      if (way !== 'direct' && outcome.resources) {
        const definition = await cluster.client.get({
          apiVersion: 'kro.run/v1alpha1',
          kind: 'ResourceGraphDefinition',
          name: composition.name,
        });
        const order = Array.isArray(outcome.resources)
          ? outcome.resources
          : (outcome.resources as Readonly<Record<string, readonly string[]>>)[composition.name];
        expect(definition.status?.['topologicalOrder']).toEqual(order);
      }
    }
  }
});

/**
 * Waits for the expected status for at most five seconds, and returns the last status. The wait is necessary because an
 * instance can be ACTIVE before its children have started.
 */
async function finalStatus(
  factory: ReturnType<Recorded['factory']>,
  name: string,
  expected: JsonObject,
): Promise<JsonObject | undefined> {
  let status: JsonObject | undefined;
  await vi
    .waitUntil(
      async () => {
        const instances = await factory.getInstances();
        status = instances.find(({ metadata }) => metadata.name === name)?.status;
        return differences(expected, status).length === 0;
      },
      { timeout: 5_000, interval: 50 },
    )
    .catch(() => {}); // The caller reports the differences.
  return status;
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((part, key) => (isJsonObject(part) ? part[key] : undefined), value);
}
