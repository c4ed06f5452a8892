import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { formatDiagnostic, hasErrors, stringifyJson, TypeKroError } from '@typekro/kit/core';
import { compile, controllerCrds, Path, TYPEKRO_FEATURES, tryConversions } from '@typekro/engine/graph';
import { type SchemaSource, builtinSource, combineSources, crdSource } from '@typekro/engine/schema';
import { checkGraphTest } from './check-test-file.ts';
import { faultSummary, firstOfEachInvariant } from '../fault-test/fault-summary.ts';
import { runLivesLate, lifeFailureLines } from '../fault-test/late-lives.ts';
import { MAX_LIVES, MAX_SEED, randomSeed } from '../fault-test/life-plan.ts';
import { failureLines, PLAIN } from './describe-failure.ts';
import type { GraphTestBase } from './graph-world.ts';
import type { GivenState, GraphTest } from './steps.ts';
import { prepareTests } from './prepare.ts';
import { runGraphTest } from './run-graph-test.ts';

/** The part of a composition that tests use. */
export interface TestedComposition<Spec> {
  toDefinition(options: { readonly target: 'typekro' }): JsonObject;
  toInstance(spec: Spec): KubeObject;
}

/** A test of a composition or a definition, written in code: a `GraphTest` with a typed spec. */
export interface TypedGraphTest<Spec> extends Omit<GraphTest, 'name' | 'given'> {
  readonly given?: Omit<GivenState, 'spec' | 'version'> &
    ({ readonly version?: never; readonly spec?: Spec } | { readonly version: string; readonly spec?: JsonObject });
}

/** The options of `testGraph`. */
export interface TestGraphOptions {
  /** CustomResourceDefinitions of custom kinds that the definition uses. Default: none. */
  readonly crds?: readonly KubeObject[];
  /** Are workloads simulated? Default: false, so the test itself must write the status of each object. */
  readonly workloads?: boolean;
}

/** A definition that is ready for tests. */
interface PreparedDefinition {
  readonly base: GraphTestBase;
  readonly sources: SchemaSource;
}

/** Caches the prepared clusters: one per definition and options. */
const prepared = new WeakMap<object, Map<string, Promise<PreparedDefinition>>>();

/**
 * Runs a test of a composition or of a ResourceGraphDefinition object. The test runs in its own cluster, with the real
 * controller, in virtual time. The function works in vitest, node:test and other runners. The test has the same members
 * as a test in a `*.test.yaml` file.
 *
 * @throws TypeKroError `testing/unmet` if expectations are not met: for each of them, the message has the path, the
 *   expected and the received value, and the reason for the state of the node. `testing/bad-test` for unknown nodes and
 *   fields. `testing/bad-definition` for a definition with errors.
 */
export async function testGraph<Spec extends object = JsonObject>(
  definition: TestedComposition<Spec> | KubeObject,
  test: TypedGraphTest<Spec>,
  options: TestGraphOptions = {},
): Promise<void> {
  const { base, test: whole } = await checkedTest(definition, test, options);
  const { failure } = await runGraphTest(base, whole);
  if (failure === undefined) return;
  const lines = failureLines(failure, (at) => Path.format(at));
  throw new TypeKroError(`${base.graph.name} is not as expected\n${lines.join('\n')}`, { code: 'testing/unmet' });
}

/** The options of `testGraphWithFaults`. */
export interface FaultTestOptions extends TestGraphOptions {
  /** The number of lives: runs of the test under faults. Default 20. A life takes a few tenths of a second. */
  readonly lives?: number;
  /** The seed of the first life, from 0 to 4294967295. Each following life has the next number. Default: random. */
  readonly seed?: number;
}

/** The result of a run under faults in which no life broke an invariant. */
export interface FaultTestSummary {
  /** The number of lives that ran; 0 for a test that expects the API server to refuse the instance. */
  readonly lives: number;
  /** The seed of the first life. */
  readonly seed: number;
  /** Observations that are not failures, each with its reason. An example is an instance that never becomes ready. */
  readonly notes: readonly string[];
}

/**
 * Runs an instance of a composition or definition several times under faults, from creation to deletion, as
 * `typekro test --faults` does. Each run is a life: the real controller runs the given state and the steps of the test
 * on an embedded cluster in virtual time. The faults are crashes of the controller, refused requests, lost responses,
 * late watches, and other clients that change and delete objects. Each life is compared with the same life without
 * faults. Only the last expectation of the test is checked, after the end of the faults. Parts of it that the life
 * without faults does not meet are ignored.
 *
 * @throws TypeKroError `testing/broken-under-faults` if a life breaks an invariant: the message has the invariant, the
 *   expected and the received state, the preceding faults, and the seed that replays the life. `testing/bad-test` and
 *   `testing/bad-definition` as in `testGraph`. `testing/bad-lives` for counts and seeds out of range.
 */
export async function testGraphWithFaults<Spec extends object = JsonObject>(
  definition: TestedComposition<Spec> | KubeObject,
  test: TypedGraphTest<Spec>,
  options: FaultTestOptions = {},
): Promise<FaultTestSummary> {
  const { lives = 20, seed = randomSeed() } = options;
  if (!isWhole(lives, 1, MAX_LIVES) || !isWhole(seed, 0, MAX_SEED)) {
    throw new TypeKroError(`${lives} lives from seed ${seed} cannot be tested`, {
      code: 'testing/bad-lives',
      remedy: `give lives from 1 to ${MAX_LIVES} and a seed from 0 to ${MAX_SEED}, both whole numbers`,
    });
  }
  const { base, test: whole } = await checkedTest(definition, test, options);
  const result = await runLivesLate(base, [whole], { lives, seed });
  const broken = firstOfEachInvariant(result.failures);
  if (broken.length === 0) return { lives: result.lives, seed, notes: result.notes.map(({ text }) => text) };
  const lines = broken.flatMap(({ failure }) => [
    `  ${failure.invariant}, ${failure.seed === undefined ? 'even without faults' : `seed ${failure.seed}`}`,
    ...lifeFailureLines(failure, PLAIN),
  ]);
  const [first] = broken;
  throw new TypeKroError(`${base.graph.name} breaks under faults: ${faultSummary(result)}\n${lines.join('\n')}`, {
    code: 'testing/broken-under-faults',
    remedy: `replay the life with { lives: 1, seed: ${first?.failure.seed ?? seed} }`,
  });
}

function isWhole(number: number, minimum: number, maximum: number): boolean {
  return Number.isSafeInteger(number) && number >= minimum && number <= maximum;
}

async function checkedTest<Spec extends object>(
  definition: TestedComposition<Spec> | KubeObject,
  test: TypedGraphTest<Spec>,
  options: TestGraphOptions,
): Promise<{ readonly base: GraphTestBase; readonly test: GraphTest }> {
  const { base, sources } = await preparedOf(definition, options);
  const whole: GraphTest = { name: 'test', ...(test as Omit<GraphTest, 'name'>) };
  const mistakes: string[] = [];
  checkGraphTest(whole, base.graph, sources, (path, message, hint) => {
    mistakes.push(`${Path.format(path)}: ${message}${hint === undefined ? '' : ` (${hint})`}`);
  });
  if (mistakes.length === 0) return { base, test: whole };
  throw new TypeKroError(`the test does not fit ${base.graph.name}:\n  ${mistakes.join('\n  ')}`, {
    code: 'testing/bad-test',
  });
}

function preparedOf<Spec>(
  definition: TestedComposition<Spec> | KubeObject,
  options: TestGraphOptions,
): Promise<PreparedDefinition> {
  // CRDs are compared by content, because a test may create new objects for each call.
  const key = stringifyJson([options.workloads === true, (options.crds ?? []) as unknown as JsonValue]);
  const known = prepared.get(definition) ?? new Map<string, Promise<PreparedDefinition>>();
  prepared.set(definition, known);
  const found = known.get(key) ?? prepare(definition, options);
  known.set(key, found);
  return found;
}

async function prepare<Spec>(
  definition: TestedComposition<Spec> | KubeObject,
  { crds = [], workloads = false }: TestGraphOptions,
): Promise<PreparedDefinition> {
  const object = isComposition(definition)
    ? (definition.toDefinition({ target: 'typekro' }) as KubeObject)
    : definition;
  const sources = combineSources(builtinSource(), crdSource([...crds, ...controllerCrds()]));
  const { graph, diagnostics } = await tryConversions(
    compile(object, { sources, target: 'typekro', features: TYPEKRO_FEATURES }),
  );
  if (graph === undefined || hasErrors(diagnostics)) {
    const texts = diagnostics.filter(({ severity }) => severity === 'error').map((each) => formatDiagnostic(each));
    throw new TypeKroError(`the definition has errors:\n${texts.join('\n')}`, { code: 'testing/bad-definition' });
  }
  const base = await prepareTests({ graph, definitions: [object], crds, workloads });
  return { base, sources };
}

function isComposition<Spec>(definition: TestedComposition<Spec> | KubeObject): definition is TestedComposition<Spec> {
  return typeof (definition as Partial<TestedComposition<Spec>>).toDefinition === 'function';
}
