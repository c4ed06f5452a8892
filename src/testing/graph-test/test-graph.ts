import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { formatDiagnostic, hasErrors, TypeKroError } from '../../core/index.ts';
import { controllerCrds } from '../../controller/index.ts';
import { compile, formatPath } from '../../graph/index.ts';
import type { SchemaSource } from '../../schema/index.ts';
import { builtinSource, combineSources, crdSource } from '../../schema/index.ts';
import { checkGraphTest } from './check-test-file.ts';
import { failureLines } from './describe-failure.ts';
import type { GraphTestBase } from './graph-world.ts';
import type { GivenState, GraphTest } from './model.ts';
import { prepareTests } from './prepare.ts';
import { runGraphTest } from './run-graph-test.ts';

/** The part of a composition that tests use. */
export interface TestedComposition<Spec> {
  toDefinition(options: { readonly target: 'typekro' }): JsonObject;
  toInstance(spec: Spec): KubeObject;
}

/** A test of a composition or a definition in code: a `GraphTest` with the type of the spec. */
export interface TypedGraphTest<Spec> extends Omit<GraphTest, 'name' | 'given'> {
  readonly given?: Omit<GivenState, 'spec'> & { readonly spec?: Spec };
}

/** The options of `testGraph`. */
export interface TestGraphOptions {
  /**
   * CustomResourceDefinitions of the kinds that the definition uses, in addition to the kinds of Kubernetes. Default:
   * none.
   */
  readonly crds?: readonly KubeObject[];
  /** Are workloads simulated? Default: false; the test then writes the status of each object. */
  readonly workloads?: boolean;
}

/** A definition that is ready for tests. */
interface PreparedDefinition {
  readonly base: GraphTestBase;
  readonly sources: SchemaSource;
}

/** The definitions that tests have used. The cluster for each of them is prepared only once. */
const prepared = new WeakMap<object, Map<string, Promise<PreparedDefinition>>>();

/**
 * Runs a test of a composition or of a ResourceGraphDefinition object. The test runs in its own cluster, with the real
 * controller, in virtual time. It works in vitest, node:test and other runners. The test has the members of a test in a
 * `*.test.yaml` file.
 *
 * @throws TypeKroError `testing/unmet` when an expectation is not met; the message has the path of each, the expected
 * and received values, and the reason for the node's state. `testing/bad-test` for unknown nodes and fields.
 * `testing/bad-definition` for a definition with errors.
 */
export async function testGraph<Spec extends object = JsonObject>(
  definition: TestedComposition<Spec> | KubeObject,
  test: TypedGraphTest<Spec>,
  options: TestGraphOptions = {},
): Promise<void> {
  const { base, sources } = await preparedOf(definition, options);
  const whole: GraphTest = { name: 'test', ...(test as Omit<GraphTest, 'name'>) };
  const mistakes: string[] = [];
  checkGraphTest(whole, base.graph, sources, (path, message, hint) => {
    mistakes.push(`${formatPath(path)}: ${message}${hint === undefined ? '' : ` (${hint})`}`);
  });
  if (mistakes.length > 0) {
    throw new TypeKroError(`the test does not fit ${base.graph.name}:\n  ${mistakes.join('\n  ')}`, {
      code: 'testing/bad-test',
    });
  }
  const { failure } = await runGraphTest(base, whole);
  if (failure === undefined) return;
  const lines = failureLines(failure, (at) => formatPath(at));
  throw new TypeKroError(`${base.graph.name} is not as expected\n${lines.join('\n')}`, { code: 'testing/unmet' });
}

function preparedOf<Spec>(
  definition: TestedComposition<Spec> | KubeObject,
  options: TestGraphOptions,
): Promise<PreparedDefinition> {
  // CRDs are compared by their names, because a test may make a new list for each call.
  const key = JSON.stringify([options.workloads === true, (options.crds ?? []).map(({ metadata }) => metadata.name)]);
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
    ? (definition.toDefinition({ target: 'typekro' }) as unknown as KubeObject)
    : definition;
  const sources = combineSources(builtinSource(), crdSource([...crds, ...controllerCrds()]));
  const { graph, diagnostics } = compile(object as unknown as JsonValue, {
    sources,
    target: 'typekro',
    features: { omit: true, now: true },
  });
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
