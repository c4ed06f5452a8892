import { type DryRun, type RefusalCause, openDryRun } from '@typekro/cluster';
import { type InputObject, describeInputPlace, inputPosition, inputsOfSecrets, secretMask } from '@typekro/app/plan';
import { type ControllerSettings, assumedSettings, compileOptionsOf } from '@typekro/controller/controller';
import type { Diagnostic, GroupVersionKind, KubeObject } from '@typekro/kit/core';
import { grouped, formatRef, oncePerObject, parseApiVersion, refOf, unknownKindHint } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import {
  compile,
  compileGraphObject,
  controllerCrds,
  GraphObject,
  isDefinition,
  Kinds,
  tryConversions,
} from '@typekro/engine/graph';
import { type SchemaSource, builtinSource, combineSources, crdSource } from '@typekro/engine/schema';
import { breakingChanges } from './breaking-changes.ts';
import { checkObject } from './check-objects.ts';
import { checkCycles, definedKind, kindsInOrder } from './check-cycles.ts';
import { isModule } from '../mcp/inside-root.ts';
import { manifestsOf } from '../inputs/manifest.ts';
import { type CompiledInput, checkReferences } from './check-references.ts';
import { checkTemplates } from './check-templates.ts';
import { corrected } from './corrected.ts';
import { isFileProblem } from '../inputs/file-problem.ts';
import { withoutConsequences, withRemedies } from './without-consequences.ts';
import { type LoadedInputs } from '../inputs/load-inputs.ts';

/** The result of checking the user's files. */
export interface CheckedInputs {
  readonly graphs: readonly Graph[];
  /** The compiled Graph objects. */
  readonly graphObjects: readonly Graph[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The options of `checkInputs`. */
export interface CheckOptions {
  /** True to treat warnings as errors. Default false. */
  readonly strict?: boolean;
  /** CRDs in addition to those in the files, such as the CRDs of the target cluster. */
  readonly crds?: readonly KubeObject[];
  /** The CRDs of `crds` that no API server has accepted yet. Default: none. */
  readonly uncheckedCrds?: readonly KubeObject[];
  /** The definitions of the cluster, which say what fields of instances feed only Secrets. Default: those of the files. */
  readonly definitions?: readonly KubeObject[];
  /** The settings of the controller that serves the definitions. Default: those of an unknown controller. */
  readonly settings?: ControllerSettings;
  /** The cluster that checks the templates of Graphs. Default: the embedded server. */
  readonly cluster?: DryRun;
}

/**
 * Checks all objects in the files. The compiler checks the definitions. The rules of the embedded server apply to the
 * definitions, to the objects that they create, and to all other objects. Kinds come from the built-in bundle, the CRDs
 * in the files and in the options, and the other definitions in the files. A definition is compiled after the
 * definitions whose kinds it uses. Duplicate objects and objects of unserved kinds are also problems.
 */
export async function checkInputs(inputs: LoadedInputs, options: CheckOptions = {}): Promise<CheckedInputs> {
  // A kind that a definition in the files declares replaces the same kind of the cluster.
  const own = new Set(inputs.objects.map(({ object }) => instanceKind(object)));
  const known = options.crds ?? [];
  const { settings = assumedSettings('the defaults') } = options;
  const others = known.filter(({ spec }) => !own.has(kindOfCrd(spec)));
  const crds = [...inputs.objects.map(({ object }) => object).filter(Kinds.isCrd), ...others];
  const compiled = await compileAll(inputs.objects, crds, settings);
  const { graphs } = compiled;
  const ofBroken = compiled.results.flatMap(({ crd }) => crd ?? []);
  const made = [...crds, ...controllerCrds(), ...graphs.map(crdOf), ...ofBroken];
  const served = combineSources(builtinSource(), crdSource(made));
  const found = new Map<InputObject, Diagnostic[]>(inputs.objects.map((input) => [input, []]));
  const report = (input: InputObject, diagnostics: readonly Diagnostic[]): void => {
    for (const each of diagnostics) found.get(input)?.push(each);
  };
  const reportInFile = (input: InputObject, diagnostics: readonly Diagnostic[]): void =>
    report(
      input,
      diagnostics.map((each) => inFile(each, input)),
    );
  for (const { input, diagnostics } of compiled.results)
    reportInFile(input, oncePerPlace(diagnostics).map(refusedByServer));
  const ownGraphs = compileGraphObjects(inputs.objects, served, settings);
  for (const { input, diagnostics } of ownGraphs) reportInFile(input, diagnostics);
  const broken = new Set(ownGraphs.filter(({ graph }) => graph === undefined).map(({ input }) => input));
  const sound = inputs.objects.filter((input) => !broken.has(input));
  // Unknown kinds are reported only if all definitions compile and all files are readable. Otherwise a definition or a
  // CRD that declares such a kind may be missing.
  const isWhole = inputs.diagnostics.every(
    (each) => each.code !== 'input/not-an-object' && !each.code.startsWith('yaml/') && !isFileProblem(each),
  );
  const unknown = compiled.complete && isWhole ? findUnknownKinds(inputs.objects, served) : [];
  const server = await openDryRun(made);
  const refusedCrds: Diagnostic[] = [];
  try {
    for (const { input, graph, diagnostics } of compiled.results) {
      if (graph === undefined) continue;
      report(input, await checkTemplates(input, graph, served, server, diagnostics));
      reportInFile(input, breakingChanges(input, graph, known, settings.facets));
    }
    for (const { input, graph, diagnostics } of ownGraphs) {
      if (graph === undefined) continue;
      const checker = options.cluster ?? server;
      report(input, await checkTemplates(input, graph, served, checker, diagnostics));
    }
    const compiledDiagnostics = new Map(compiled.results.map(({ input, diagnostics }) => [input, diagnostics]));
    for (const input of sound) report(input, await checkObject(input, served, server, compiledDiagnostics.get(input)));
    for (const crd of options.uncheckedCrds ?? [])
      for (const each of refusedCrd(crd, await server.check(crd))) refusedCrds.push(each);
  } finally {
    server.close();
  }
  const loading = inputs.diagnostics.map(refusedByServer);
  // A problem can be a consequence only of problems of the same object. A problem of module loading does not name its
  // object, so these problems are grouped by file.
  const problems = await withRemedies([
    ...[...grouped(loading, fileOf).values()].flatMap(withoutConsequences),
    ...findDuplicates(inputs.objects),
    ...[...found.values()].flatMap((own) =>
      withoutConsequences(own.filter((each) => !isReportedByTrace(each, loading))),
    ),
    ...checkCycles(inputs.objects, settings.level),
    ...checkReferences(inputs.objects, [...compiled.results, ...ownGraphs], settings.level),
    ...unknown,
    ...refusedCrds,
  ]);
  const isInput = secretInputsOf([...compiled.results, ...ownGraphs], options.definitions ?? [], served, settings);
  const ofFile = grouped(inputs.objects, ({ document, file }) => (document === undefined ? '' : file));
  const all = [...grouped(problems, fileOf)].flatMap(([file, ofThis]) => {
    const own = [...(ofFile.get('') ?? []), ...(ofFile.get(file) ?? [])];
    return ofThis.map(secretMask(isModule(file) ? undefined : inputs.texts.get(file), own, isInput));
  });
  return {
    graphs,
    graphObjects: ownGraphs.flatMap(({ graph }) => graph ?? []),
    diagnostics: options.strict === true ? all.map((each) => ({ ...each, severity: 'error' as const })) : all,
  };
}

const fileOf = ({ source }: Diagnostic): string => source?.file ?? '';

/**
 * Returns a function that tells the fields of an input that feed only Secrets. A definition of the cluster is compiled
 * when an instance of it has a problem.
 */
function secretInputsOf(
  results: readonly CompiledInput[],
  definitions: readonly KubeObject[],
  sources: SchemaSource,
  settings: ControllerSettings,
): (input: Pick<InputObject, 'object'>) => (path: string) => boolean {
  const graphs = new Map(results.map(({ input, graph }) => [input.object, graph]));
  const ofKind = grouped([...definitions, ...graphs.keys()], (each) => instanceKind(each)?.split('.')[0] ?? '');
  const options = { ...compileOptionsOf(settings), sources };
  const inputsOf = oncePerObject((source: KubeObject) =>
    inputsOfSecrets(source, graphs.has(source) ? graphs.get(source) : compile(source, options).graph),
  );
  // The mask asks for each problem of a file again.
  const inputsIn = oncePerObject((object: KubeObject) => {
    if (graphs.has(object)) return inputsOf(object);
    // A document without a kind can be an object of each kind.
    const sources = object.kind === '' ? [...ofKind.values()].flat() : (ofKind.get(object.kind) ?? []);
    const inputs = [inputsOfSecrets(object, undefined), ...sources.map(inputsOf)];
    return (path: string) => inputs.some((isInput) => isInput(path));
  });
  return ({ object }) => inputsIn(object);
}

/** Reports a CRD that the server refuses. The checks of the files cannot be relied on for objects of its kind. */
function refusedCrd({ metadata }: KubeObject, causes: readonly RefusalCause[]): Diagnostic[] {
  return causes.map(({ field, message }) => ({
    code: 'input/refused-crd',
    severity: 'error',
    message: `an API server refuses the CustomResourceDefinition ${metadata.name ?? ''}: ${message}`,
    ...(field === '' ? {} : { path: field }),
    hint: 'name one that an API server accepts; to see the place in its file, run typekro validate FILE',
  }));
}

/** Compiles the Graph objects. They declare no kinds, and can use the kinds of all definitions. */
function compileGraphObjects(
  objects: readonly InputObject[],
  sources: SchemaSource,
  settings: ControllerSettings,
): CompiledInput[] {
  return objects
    .filter(({ object }) => GraphObject.is(object))
    .map((input) => {
      const options = { ...compileOptionsOf(settings), sources };
      return { input, ...compileGraphObject(sourceOf(input), options) };
    });
}

const sourceOf = ({ document, object }: InputObject) => (document === undefined ? object : corrected(document));

/** Compiles the definitions. Returns them in the order of their compilation, followed by those that do not compile. */
async function compileAll(
  objects: readonly InputObject[],
  crds: readonly KubeObject[],
  settings: ControllerSettings,
): Promise<{
  readonly graphs: readonly Graph[];
  readonly results: readonly CompiledInput[];
  readonly complete: boolean;
}> {
  const graphs: Graph[] = [];
  const results: CompiledInput[] = [];
  const definitions = grouped(
    objects.filter(({ object }) => isDefinition(object)),
    definedKind,
  );
  const used = grouped(manifestsOf([...definitions.values()].flat(), settings.level), ({ input }) =>
    definedKind(input),
  );
  let waiting = kindsInOrder(definitions.keys(), used).flatMap((kind) => definitions.get(kind) ?? []);
  const made = new Map<string, SchemaSource>();
  const ofKind = ({ group, kind }: GroupVersionKind) => made.get(`${group}/${kind}`);
  const sources = combineSources(builtinSource(), crdSource(crds), {
    schemaOf: (type) => ofKind(type)?.schemaOf(type),
    resourceOf: (type) => ofKind(type)?.resourceOf(type),
    kinds: () => [...made.values()].flatMap((each) => [...each.kinds()]),
  });
  for (;;) {
    const failed: CompiledInput[] = [];
    const before = graphs.length;
    for (const input of waiting) {
      const { graph, crd, diagnostics } = await tryConversions(
        compile(sourceOf(input), { ...compileOptionsOf(settings), sources }),
        { document: input.document },
      );
      if (graph === undefined) failed.push({ input, diagnostics, ...(crd === undefined ? {} : { crd }) });
      else {
        graphs.push(graph);
        if (!made.has(definedKind(input))) made.set(definedKind(input), crdSource([crdOf(graph)]));
        results.push({ input, graph, diagnostics });
      }
    }
    // Another round can use the kinds that this round has added.
    if (failed.length === 0 || graphs.length === before)
      return { graphs, results: [...results, ...failed], complete: failed.length === 0 };
    waiting = failed.map(({ input }) => input);
  }
}

/**
 * The codes of mistakes that kro's compiler accepts and an API server refuses. `checkInputs` reports these mistakes as
 * errors.
 */
const REFUSED_BY_SERVER: ReadonlySet<string> = new Set([
  'graph/refused-by-api-server',
  'graph/refused-crd',
  'graph/missing-required',
  'graph/selector-mismatch',
  'graph/invalid-literal',
  'graph/type-hole',
  'graph/invalid-rule',
  'graph/unknown-member',
  'graph/unclosed-expression',
  'graph/enum-brackets',
  'trace/missing-image',
]);

/**
 * The codes of errors in markers. For such a marker, `graph/refused-crd` at the same path is not reported as a second
 * error.
 */
const MARKER_MISTAKES: ReadonlySet<string> = new Set([
  'graph/enum-brackets',
  'graph/contradicting-markers',
  'graph/useless-marker',
]);

/**
 * Removes `graph/refused-crd` at paths where an earlier finding reports the same problem. Raises a mistake in a marker
 * to an error when the server refuses the CRD at the same path.
 */
function oncePerPlace(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const refused = new Set<string>();
  const crd = new Set(diagnostics.flatMap(({ code, path = '' }) => (code === 'graph/refused-crd' ? [path] : [])));
  return diagnostics.flatMap((each) => {
    const { code, path = '' } = each;
    if (code === 'graph/refused-crd' && refused.has(path)) return [];
    const isMarker = MARKER_MISTAKES.has(code);
    if (REFUSED_BY_SERVER.has(code) || isMarker) refused.add(path);
    return isMarker && crd.has(path) ? [{ ...each, severity: 'error' as const }] : [each];
  });
}

/** Is this the refusal of a container whose missing image the trace of the composition has already reported? */
function isReportedByTrace({ code, source, path = '' }: Diagnostic, reported: readonly Diagnostic[]): boolean {
  if (code !== 'input/refused-template' || source === undefined || !/containers\[\d+\]$/.test(path)) return false;
  return reported.some(
    (other) =>
      other.code === 'trace/missing-image' && other.source?.line === source.line && other.source.file === source.file,
  );
}

function refusedByServer(diagnostic: Diagnostic): Diagnostic {
  return REFUSED_BY_SERVER.has(diagnostic.code) ? { ...diagnostic, severity: 'error' } : diagnostic;
}

/** Returns `Kind.group` of a CRD's spec, in the same form as `instanceKind`. */
function kindOfCrd(spec: KubeObject['spec']): string {
  const { group, names } = (spec ?? {}) as { readonly group?: unknown; readonly names?: { readonly kind?: unknown } };
  return `${String(names?.kind)}.${String(group)}`;
}

function crdOf({ instance }: Graph): KubeObject {
  return instance.crd;
}

/**
 * Finds objects with the same kind, namespace and name, and definitions that declare the same kind. Of two such
 * objects, one would overwrite the other.
 */
function findDuplicates(inputs: readonly InputObject[]): Diagnostic[] {
  const first = new Map<string, InputObject>();
  const diagnostics: Diagnostic[] = [];
  for (const input of inputs) {
    const { object } = input;
    const { group } = parseApiVersion(object.apiVersion);
    const { name, namespace = 'default' } = refOf(object);
    const claims: (readonly [key: string, what: string])[] = [
      [`${object.kind}.${group} ${namespace}/${name}`, formatRef(refOf(object))],
    ];
    const made = instanceKind(object);
    if (made !== undefined) claims.push([`kind ${made}`, `a definition of the kind ${made}`]);
    for (const [key, what] of claims) {
      const other = first.get(key);
      if (other === undefined) {
        first.set(key, input);
        continue;
      }
      // A module lists its exports in the order of their names, so the positions in the code decide which object comes
      // first.
      const [earlier, later] = isMadeBefore(input, other) ? [input, other] : [other, input];
      const message = `${what} is in the files twice; the first is ${describeInputPlace(earlier)}`;
      // Another name does not help two definitions of one kind.
      const isOfKind = made !== undefined && key === `kind ${made}`;
      const part = isOfKind ? 'kind' : 'name';
      const hint = later.document === undefined ? `give one of them another ${part}` : 'leave one of them out';
      const path = isOfKind ? ['spec', 'schema', 'kind'] : ['metadata', 'name'];
      diagnostics.push(problem(later, path, 'input/duplicate', message, hint));
      break;
    }
  }
  return diagnostics;
}

function isMadeBefore(one: InputObject, other: InputObject): boolean {
  const [first, second] = [one, other].map(({ locate }) => locate?.('metadata.name'));
  return first !== undefined && second !== undefined && first.file === second.file && first.line < second.line;
}

/** Returns `Kind.group` of a definition's API, read from its schema without compiling it. */
function instanceKind(object: KubeObject): string | undefined {
  if (!isDefinition(object)) return undefined;
  const { spec } = object;
  const { kind, group = 'kro.run' } = (spec?.['schema'] ?? {}) as { readonly kind?: unknown; readonly group?: unknown };
  return typeof kind === 'string' && typeof group === 'string' ? `${kind}.${group}` : undefined;
}

/** The current names of renamed kinds, keyed by group and former name. */
const FORMER_KINDS: ReadonlyMap<string, string> = new Map([['kro.run/ResourceGroup', 'ResourceGraphDefinition']]);

/**
 * Finds objects of unserved kinds. Called only when every definition compiles and every file is readable, because
 * otherwise a served kind may be missing.
 */
function findUnknownKinds(inputs: readonly InputObject[], served: SchemaSource): Diagnostic[] {
  return inputs.flatMap((input) => {
    const { apiVersion, kind } = input.object;
    if (served.resourceOf({ ...parseApiVersion(apiVersion), kind }) !== undefined) return [];
    const missing =
      'also pass the file that has its CustomResourceDefinition or ResourceGraphDefinition, or use --crds or --kubeconfig';
    const former = FORMER_KINDS.get(`${apiVersion.split('/')[0]}/${kind}`);
    const { hint, field } =
      former === undefined
        ? unknownKindHint({ ...parseApiVersion(apiVersion), kind }, served.kinds(), missing)
        : { hint: `${kind} is the former name; write ${former}`, field: 'kind' };
    return [problem(input, [field], 'input/unknown-kind', `${apiVersion} has no kind "${kind}"`, hint)];
  });
}

function problem(input: InputObject, path: readonly string[], code: string, message: string, hint: string): Diagnostic {
  const source = inputPosition(input, path);
  const diagnostic = { code, severity: 'error' as const, message, hint };
  if (source === undefined) return inFile(diagnostic, input);
  return { ...diagnostic, source, ...(input.document === undefined ? { path: path.join('.') } : {}) };
}

/**
 * Gives a problem without a position the position of the code that created the object. If that position is unknown,
 * prefixes the message with the names of the file and the object.
 */
function inFile(diagnostic: Diagnostic, { object, file, locate }: InputObject): Diagnostic {
  if (diagnostic.source !== undefined) return diagnostic;
  const source = diagnostic.path === undefined ? undefined : locate?.(diagnostic.path);
  if (source !== undefined) return { ...diagnostic, source };
  return { ...diagnostic, message: `${file}: ${object.metadata.name ?? 'definition'}: ${diagnostic.message}` };
}
