import { type Diagnostic, type JsonObject, type JsonValue, hasErrors, isJsonObject } from '@typekro/kit/core';
import { type DefinitionDocument, type PathStep, parseDefinitions, Path } from '@typekro/engine/graph';
import * as ValueShape from '../value-shape.ts';
import { durationMs } from './actions.ts';
import type { GraphTest } from './steps.ts';
import { snapshotKey } from './run-graph-test.ts';

type Report = ValueShape.Report;
type Shape = ValueShape.Shape;
const { anyObject, anything, either, flag, listShape, mapShape, memberShape, members, oneOf, textShape } = ValueShape;

/** A file with tests of a definition. */
export interface GraphTestFile {
  /**
   * The path of the definition or composition, relative to the test file. Default: the file with the same base name in
   * the same folder.
   */
  readonly definition?: string;
  /** The name of the definition. Required if its file has several definitions. */
  readonly name?: string;
  /** Files or folders with CustomResourceDefinitions. Paths are relative to the test file. */
  readonly crds: readonly string[];
  readonly workloads: boolean;
  /** The codes of the problems that the definition must have. Absent if the definition must have no error. */
  readonly diagnostics?: readonly string[];
  readonly tests: readonly GraphTest[];
  /** The parsed document, which has the positions of values. The tests are under `tests`. */
  readonly document: DefinitionDocument;
}

/** The value of `kind` in a test file. */
export const TEST_FILE_KIND = 'GraphTest';

/** The content of a test file, and its mistakes. */
export interface ParsedTestFile {
  /** Absent if the file has mistakes. */
  readonly file?: GraphTestFile;
  /** The content of a file with mistakes, for additional checks. An empty test replaces each malformed test. */
  readonly checkable?: GraphTestFile;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses a test file, and reports all mistakes that can be found without the definition. */
export function parseTestFile(source: string, file: string): ParsedTestFile {
  const { documents, diagnostics } = parseDefinitions(source, file);
  const [document] = documents;
  if (document === undefined) {
    return { diagnostics: diagnostics.length > 0 ? diagnostics : [problem(file, 'the file holds no tests')] };
  }
  const other = otherKind(document, file);
  if (other !== undefined) return { diagnostics: [other] };
  const found: Diagnostic[] = [...diagnostics];
  const wrong = new Set<PathStep | undefined>();
  const report = reporter(document, found);
  FILE(document.value, [], (path, ...rest) => {
    wrong.add(path[0] === 'tests' ? (path[1] ?? 'tests') : path[0]);
    report(path, ...rest);
  });
  if (documents.length > 1) {
    found.push({
      ...problem(file, 'a test file has one document'),
      source: documents[1]?.position([]) ?? { line: 1, column: 1 },
    });
  }
  if (!isJsonObject(document.value)) return { diagnostics: found };
  if (!hasErrors(found)) return { file: fileOf(document.value, document), diagnostics: found };
  if (documents.length > 1 || hasErrors(diagnostics) || NEEDED.some((name) => wrong.has(name)))
    return { diagnostics: found };
  const all = fileOf(document.value, document);
  const tests = all.tests.map((each, index) => (wrong.has(index) ? { name: '' } : each));
  return { checkable: { ...all, tests }, diagnostics: found };
}

/** The error for a file that contains a Kubernetes object, such as the definition itself. */
function otherKind(document: DefinitionDocument, file: string): Diagnostic | undefined {
  const [apiVersion, kind] = ['apiVersion', 'kind'].map((name) =>
    isJsonObject(document.value) ? memberShape(document.value, name) : undefined,
  );
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || kind === TEST_FILE_KIND) return undefined;
  const testFile = `${file.replace(/(?:\.rgd)?\.(?:ya?ml|json)$/, '')}.test.yaml`;
  const hint = /\.test\.(?:ya?ml|json)$/.test(file)
    ? `move it into a file whose name does not end with .test.yaml, and write its tests into ${file}`
    : `write its tests into ${testFile}, and pass that file to typekro test`;
  return {
    code: 'testing/bad-test',
    severity: 'error',
    message: `this is a ${kind}, not a file with tests (kind: ${TEST_FILE_KIND})`,
    hint: `${hint}; docs/testing.md has an example`,
    source: document.position(['kind']),
  };
}

/** The members that must be correct before the tests of a file can be checked. Of these, only `tests` is required. */
const NEEDED = ['tests', 'definition', 'name', 'crds', 'diagnostics'] as const;

/** Returns a function that reports mistakes as diagnostics with their positions in the document. */
export function reporter(document: DefinitionDocument, found: Diagnostic[]): Report {
  return (path, message, hint, key = false) => {
    found.push({
      code: 'testing/bad-test',
      severity: 'error',
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(path.length === 0 ? {} : { path: Path.format(path) }),
      source: key ? document.keyPosition(path) : document.position(path),
    });
  };
}

function problem(file: string, message: string): Diagnostic {
  const hint = `begin with "schemaVersion: 1" and "kind: ${TEST_FILE_KIND}"; docs/testing.md has an example`;
  return { code: 'testing/bad-test', severity: 'error', message, hint, source: { file, line: 1, column: 1 } };
}

function fileOf(value: JsonObject, document: DefinitionDocument): GraphTestFile {
  const strings = (name: string) => [memberShape(value, name) ?? []].flat() as string[];
  const [definition, name, diagnostics] = ['definition', 'name', 'diagnostics'].map((each) => memberShape(value, each));
  return {
    ...(definition === undefined ? {} : { definition: definition as string }),
    ...(name === undefined ? {} : { name: name as string }),
    crds: strings('crds'),
    workloads: value['workloads'] === true,
    ...(diagnostics === undefined ? {} : { diagnostics: strings('diagnostics') }),
    tests: (memberShape(value, 'tests') ?? []) as unknown as GraphTest[],
    document,
  };
}

const id = textShape('the id of a node');
const ids = listShape(id, '[deployment, service]');
const order = listShape(
  either({ 'a string': id, 'a list': ids }, 'a node or a list of nodes', 'deployment'),
  '[deployment, service]',
);
const partial = anyObject('fields of the object, as spec.replicas: 2');
const conditionStatus: Shape = (value, path, report) => {
  if (typeof value !== 'boolean') oneOf('True', 'False', 'Unknown')(value, path, report);
};
const message = textShape('a part of the message');

const object: Shape = (value, path, report) => {
  members(
    {
      apiVersion: textShape('apiVersion: v1'),
      kind: textShape('kind: ConfigMap'),
      metadata: anyObject('metadata: { name: settings }'),
    },
    ['apiVersion', 'kind', 'metadata'],
  )(isJsonObject(value) ? pick(value, ['apiVersion', 'kind', 'metadata']) : value, path, report);
  const metadata = isJsonObject(value) ? value['metadata'] : undefined;
  if (!isJsonObject(metadata)) return;
  const name = memberShape(metadata, 'name');
  if (name === undefined) report([...path, 'metadata'], '"name" is missing', 'add name: …');
  else textShape('name: settings')(name, [...path, 'metadata', 'name'], report);
};

function pick(value: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(value, name)).map((name) => [name, value[name]]));
}

const duration: Shape = (value, path, report) => {
  const isDuration = (typeof value === 'number' || typeof value === 'string') && durationMs(value) !== undefined;
  if (!isDuration) report(path, '"advance" must be a duration', 'write e.g. 90s or 5m');
};

const expectation = members({
  children: mapShape(
    either(
      { 'a string': oneOf('present', 'absent'), 'an object': partial, 'a list': listShape(partial, '[{ data.a: b }]') },
      'present, absent, fields of the object, or for a collection a list with the fields of each object',
      'present',
    ),
    'deployment: present',
  ),
  only: ids,
  created: order,
  deleted: order,
  written: ids,
  state: textShape('ACTIVE'),
  status: partial,
  conditions: mapShape(
    either(
      {
        'a string': conditionStatus,
        'true or false': anything,
        'an object': members({ status: conditionStatus, reason: textShape('the reason'), message }),
      },
      'True, False, Unknown, or an object with status, reason and message',
      "Ready: 'True'",
    ),
    "Ready: 'True'",
  ),
  nodes: mapShape(
    either(
      {
        'a string': textShape('ready'),
        'an object': members({ state: textShape('ready'), reason: textShape('a part of the reason'), waitsFor: ids }),
      },
      'a state, or an object with state, reason and waitsFor',
      'ready',
    ),
    'deployment: ready',
  ),
  events: listShape(
    either(
      {
        'a string': textShape('a part of the event'),
        'an object': members({ type: oneOf('Normal', 'Warning'), reason: textShape('the reason'), message }),
      },
      'a string, or an object with type, reason and message',
      'Warning',
    ),
    '[Created]',
  ),
  refused: textShape('a part of the message of the API server'),
  gone: flag,
  snapshot: flag,
});

const step = members({
  name: textShape('what happens'),
  apply: listShape(object, '[{ apiVersion: v1, kind: ConfigMap, metadata: { name: settings } }]'),
  patch: mapShape(partial, 'deployment: { status.availableReplicas: 2 }'),
  delete: listShape(textShape('deployment'), '[deployment]'),
  restart: flag,
  advance: duration,
  expect: expectation,
});

const given = members({
  name: textShape('shop'),
  namespace: textShape('default'),
  labels: mapShape(textShape('a value'), 'team: a'),
  annotations: mapShape(textShape('a value'), 'note: a'),
  version: textShape('v1alpha1'),
  spec: anyObject('the spec of the instance'),
  objects: listShape(object, '[{ apiVersion: v1, kind: ConfigMap, metadata: { name: settings } }]'),
});

const test: Shape = (value, path, report) => {
  members(
    {
      name: textShape('what the definition does'),
      given,
      expect: expectation,
      steps: listShape(step, 'a list of steps'),
    },
    ['name'],
  )(value, path, report);
  if (!isJsonObject(value) || !Array.isArray(value['steps'])) return;
  const seen = new Set(takesSnapshot(value) ? [snapshotKey(-1)] : []);
  for (const [index, each] of value['steps'].entries()) {
    if (!takesSnapshot(each)) continue;
    const name = memberShape(each, 'name');
    const key = snapshotKey(index, typeof name === 'string' ? { name } : {});
    if (seen.has(key))
      report(
        [...path, 'steps', index, ...(name === undefined ? [] : ['name'])],
        `an earlier snapshot of this test is also named ${JSON.stringify(key)}`,
        'give each step with a snapshot its own name',
      );
    seen.add(key);
  }
};

function takesSnapshot(value: JsonValue | undefined): value is JsonObject {
  const expected = isJsonObject(value) ? value['expect'] : undefined;
  return isJsonObject(expected) && expected['snapshot'] === true;
}

const tests: Shape = (value, path, report) => {
  listShape(test, 'a list of tests')(value, path, report);
  if (!Array.isArray(value)) return;
  const seen = new Set<string>();
  for (const [index, each] of value.entries()) {
    const name = isJsonObject(each) ? memberShape(each, 'name') : undefined;
    // Another diagnostic reports a name that is not a string.
    if (typeof name !== 'string') continue;
    if (seen.has(name))
      report(
        [...path, index, 'name'],
        `an earlier test is also named ${JSON.stringify(name)}`,
        'give each test its own name',
      );
    seen.add(name);
  }
};

const FILE: Shape = (value, path: readonly PathStep[], report) => {
  members(
    {
      schemaVersion: (version, at, reportAt) => {
        if (version !== 1) reportAt(at, `"schemaVersion" must be 1`, 'write schemaVersion: 1');
      },
      kind: oneOf(TEST_FILE_KIND),
      definition: textShape('definition: app.yaml'),
      name: textShape('the name of a definition'),
      crds: either(
        { 'a string': anything, 'a list': listShape(textShape('crds/'), '[crds/]') },
        'a file, a folder, or a list of files and folders',
        'crds/',
      ),
      workloads: flag,
      diagnostics: listShape(textShape('graph/unused-type'), '[graph/unused-type]'),
      tests,
    },
    ['schemaVersion', 'kind', 'tests'],
  )(value, path, report);
};
