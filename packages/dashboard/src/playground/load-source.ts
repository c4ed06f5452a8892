import type { Diagnostic, JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { errorDiagnostic, hasErrors, isJsonObject, TypeKroError } from '@typekro/kit/core';
import type { DefinitionDocument, Graph } from '@typekro/engine/graph';
import {
  compileDocument,
  controllerCrds,
  GraphObject,
  isDefinition,
  Kinds,
  parseDefinitions,
  TYPEKRO_FEATURES,
} from '@typekro/engine/graph';
import { type SchemaSource, builtinSource, combineSources, crdSource } from '@typekro/engine/schema';
import { type PlaygroundInput, type PlaygroundProblem, problemIn } from './input.ts';
import { runModule } from './run-module.ts';

/** The last definition of a source with its graph, and the problems of the source. */
export interface LoadedSource {
  readonly problems: readonly PlaygroundProblem[];
  /** The graph of the last definition. Absent when the source has no definition, or when any definition has errors. */
  readonly graph?: Graph;
  readonly definition?: JsonObject;
  /** The definitions of the custom kinds that the graph may use. Absent without a graph. */
  readonly crds?: readonly KubeObject[];
}

/** A definition, with a function that maps the path of a field to its position in the source. */
interface FoundDefinition {
  readonly input: JsonObject | DefinitionDocument;
  readonly object: JsonObject;
  readonly locate?: (path: string) => Diagnostic['source'];
}

/** Patterns of lines that occur in only one of the two languages. */
const LINES = {
  yaml: /^(?:apiVersion|kind|metadata|spec)\s*:/m,
  typescript: /^(?:import|export|const|let|function)\b/m,
};
const NAMES = { yaml: 'YAML', typescript: 'TypeScript' };
const LABELS = { spec: 'Spec', observed: 'Observed' };

/**
 * Reads and compiles the definitions of a source. When the source is in the other language, this mismatch is the only
 * problem reported.
 */
export function loadSource(input: Pick<PlaygroundInput, 'language' | 'source'>): LoadedSource {
  const loaded = loadLanguage(input);
  const { language, source } = input;
  const other = language === 'yaml' ? 'typescript' : 'yaml';
  if (!hasErrors(loaded.problems) || LINES[language].test(source) || !LINES[other].test(source)) return loaded;
  const problem = {
    code: 'playground/language',
    severity: 'error' as const,
    message: `this is ${NAMES[other]}, and the chosen language is ${NAMES[language]}`,
    hint: `choose ${NAMES[other]} above the text`,
    source: { line: 1, column: 1 },
  };
  return { problems: [problemIn('source', problem)] };
}

function loadLanguage({ language, source }: Pick<PlaygroundInput, 'language' | 'source'>): LoadedSource {
  if (source.trim() === '') return { problems: [] };
  if (language === 'yaml') return loadYaml(source);
  const { compositions, diagnostics } = runModule(source);
  const problems = diagnostics.map((each) => problemIn('source', each));
  if (hasErrors(diagnostics)) return { problems };
  try {
    const found = compositions.map((made): FoundDefinition => {
      const object = made.toDefinition({ target: 'typekro' });
      return { input: object, object, locate: (path) => made.locate(path) };
    });
    return compileAll(found, [], problems, 'the module has no composition: call kubernetesComposition()');
  } catch (error) {
    if (!(error instanceof TypeKroError)) throw error;
    const problem = problemIn('source', errorDiagnostic(error));
    return { problems: [...problems, problem] };
  }
}

function loadYaml(source: string): LoadedSource {
  const { documents, diagnostics } = parseDefinitions(source, 'source.yaml');
  const problems = diagnostics.map((each) => problemIn('source', each));
  if (hasErrors(diagnostics)) return { problems };
  const crds: KubeObject[] = [];
  const found: FoundDefinition[] = [];
  for (const document of documents) {
    const { value } = document;
    if (!isJsonObject(value)) continue;
    const object = value as KubeObject;
    if (Kinds.isCrd(object)) crds.push(object);
    else if (isDefinition(object) || GraphObject.is(object)) found.push({ input: document, object: value });
  }
  return compileAll(found, crds, problems, 'the text contains no ResourceGraphDefinition and no Graph');
}

function compileAll(
  found: readonly FoundDefinition[],
  crds: readonly KubeObject[],
  before: readonly PlaygroundProblem[],
  noneMessage: string,
): LoadedSource {
  if (found.length === 0) {
    const problem = problemIn('source', { code: 'playground/no-definition', severity: 'error', message: noneMessage });
    return { problems: [...before, problem] };
  }
  const problems = [...before];
  const kinds = [...crds];
  let last: Pick<LoadedSource, 'graph' | 'definition'> = {};
  let isBroken = false;
  for (const { input, object, locate } of found) {
    const sources = sourcesWith(kinds);
    const { graph, diagnostics } = compileDocument(input, { sources, target: 'typekro', features: TYPEKRO_FEATURES });
    for (const diagnostic of diagnostics) {
      const place = diagnostic.source ?? locate?.(diagnostic.path ?? '');
      problems.push(problemIn('source', { ...diagnostic, ...(place === undefined ? {} : { source: place }) }));
    }
    isBroken ||= graph === undefined || hasErrors(diagnostics);
    if (graph === undefined) continue;
    if (graph.definedBy !== 'graph') kinds.push(graph.instance.crd);
    last = { graph, definition: object };
  }
  return isBroken ? { problems } : { problems, ...last, crds: [...kinds, ...controllerCrds()] };
}

const sourcesWith = (crds: readonly KubeObject[]): SchemaSource =>
  combineSources(builtinSource(), crdSource([...crds, ...controllerCrds()]));

/**
 * The first document of a YAML text; `{}` for an empty text, and for a document that is not a map. A document that is
 * not a map is a problem, and so is a second document.
 */
export function readValue(
  text: string,
  name: 'spec' | 'observed',
): {
  readonly value: JsonValue;
  readonly document?: ReturnType<typeof parseDefinitions>['documents'][0];
  readonly problems: readonly PlaygroundProblem[];
} {
  const { documents, diagnostics } = parseDefinitions(text, `${name}.yaml`);
  const problems = diagnostics.map((each) => problemIn(name, each));
  const [document, further] = documents;
  if (document === undefined) return { value: {}, problems };
  if (further !== undefined) {
    problems.push(
      problemIn(name, {
        code: 'playground/further-document',
        severity: 'error',
        message: `${LABELS[name]} must be one document; this second document is ignored`,
        source: further.position([]),
      }),
    );
  }
  if (isJsonObject(document.value)) return { value: document.value, document, problems };
  const { line, column } = document.position([]);
  const problem = {
    code: 'playground/not-a-map',
    severity: 'error' as const,
    message: `${LABELS[name]} is not a map of fields`,
  };
  return { value: {}, document, problems: [...problems, problemIn(name, { ...problem, source: { line, column } })] };
}
