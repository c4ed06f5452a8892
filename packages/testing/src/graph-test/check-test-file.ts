import { type Diagnostic, type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { type Graph, type GraphNode, type PathStep, Kinds } from '@typekro/engine/graph';
import * as ValueShape from '../value-shape.ts';
import { ConditionContent, RecordedStatus } from '@typekro/engine/runtime';
import { type Schema, type SchemaSource, combineSources, crdSource } from '@typekro/engine/schema';
import { entriesByPath } from './partial-differences.ts';
import type { Expectation, GraphTest } from './steps.ts';
import { type GraphTestFile, reporter } from './parse-test-file.ts';

/** The node states that a test can expect. */
const NODE_STATES = ['pending', 'skipped', 'blocked', 'applying', 'waiting', 'ready', 'failed', 'deleting', 'deleted'];

/**
 * Finds the mistakes of a test file that only a comparison with the definition shows: unknown nodes, unknown fields,
 * and wrong types of fields.
 */
export function checkTestFile({ document, tests }: GraphTestFile, graph: Graph, sources: SchemaSource): Diagnostic[] {
  const found: Diagnostic[] = [];
  const checker = new Checker(graph, sources, reporter(document, found));
  for (const [index, test] of tests.entries()) checker.test(test, ['tests', index]);
  return found;
}

/** Reports the mistakes of one test, with their paths in the test. */
export function checkGraphTest(test: GraphTest, graph: Graph, sources: SchemaSource, report: ValueShape.Report): void {
  new Checker(graph, sources, report).test(test, []);
  for (const [index, { expect }] of [{ expect: test.expect }, ...(test.steps ?? [])].entries()) {
    if (expect?.snapshot !== true) continue;
    const path = index === 0 ? ['expect', 'snapshot'] : ['steps', index - 1, 'expect', 'snapshot'];
    report(path, 'a test in code has no file of snapshots', 'use the snapshots of the test runner');
  }
}

type Path = readonly PathStep[];

/**
 * The names (`Kind/name`) of a test's objects. `now` has the given objects and the objects that this step or an earlier
 * step applies. `ever` also has the objects of later steps.
 */
interface KnownObjects {
  readonly now: ReadonlySet<string>;
  readonly ever: ReadonlySet<string>;
}

const shortName = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name ?? ''}`;

class Checker {
  readonly #graph: Graph;
  readonly #sources: SchemaSource;
  readonly #report: ValueShape.Report;
  /** The version in which the present test reads and writes the instance. */
  #version: string;

  constructor(graph: Graph, sources: SchemaSource, report: ValueShape.Report) {
    this.#graph = graph;
    this.#sources = sources;
    this.#report = report;
    this.#version = graph.instance.version;
  }

  test({ given = {}, expect, steps = [] }: GraphTest, path: Path): void {
    const { version, crd, kind } = this.#graph.instance;
    this.#version = given.version ?? version;
    const versions = [...crdSource([crd]).kinds()].map((each) => each.version);
    if (given.version !== undefined && !versions.includes(given.version))
      this.#report(
        [...path, 'given', 'version'],
        `${kind} is not served in the version ${given.version}`,
        ValueShape.fieldHint(given.version, versions),
      );
    const spec = this.#instanceSchema()?.properties?.['spec'];
    if (given.spec !== undefined && expect?.refused === undefined) {
      this.#fields(given.spec, spec, [...path, 'given', 'spec']);
    }
    if (given.namespace !== undefined && !this.#graph.instance.namespaced)
      this.#report(
        [...path, 'given', 'namespace'],
        `a ${this.#graph.instance.kind} has no namespace`,
        'leave it out',
        true,
      );
    const all = [...(given.objects ?? []), ...steps.flatMap(({ apply = [] }) => apply)];
    const sources = this.#sourcesWith(all);
    const known = new Set<string>();
    this.#objects(given.objects, sources, known, [...path, 'given', 'objects'], expect);
    this.#expectation(expect, [...path, 'expect']);
    for (const [index, step] of steps.entries()) {
      const at = [...path, 'steps', index];
      this.#objects(step.apply, sources, known, [...at, 'apply'], step.expect);
      const names: KnownObjects = { now: known, ever: new Set(all.map(shortName)) };
      for (const [target, change] of Object.entries(step.patch ?? {})) {
        const place = [...at, 'patch', target];
        const schema = this.#targetSchema(target, names, place, true);
        // A change that the server is expected to refuse may have any form.
        if (step.expect?.refused === undefined) this.#entries(change, schema, place);
      }
      for (const [number, target] of (step.delete ?? []).entries()) {
        this.#targetSchema(target, names, [...at, 'delete', number], false);
      }
      this.#expectation(step.expect, [...at, 'expect']);
    }
  }

  /** The known kinds, including the kinds that CRDs among the test's objects define. */
  #sourcesWith(objects: readonly KubeObject[]): SchemaSource {
    const crds = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
    return combineSources(this.#sources, crdSource([...crds, this.#graph.instance.crd]));
  }

  /** Checks objects that a test creates, and records their names. */
  #objects(
    objects: readonly KubeObject[] | undefined,
    sources: SchemaSource,
    known: Set<string>,
    path: Path,
    expect: Expectation | undefined,
  ): void {
    for (const [index, object] of (objects ?? []).entries()) {
      known.add(shortName(object));
      // An object is not checked if the test expects the server to refuse it.
      if (expect?.refused !== undefined) continue;
      const found = Kinds.resolve(shortName(object), object.apiVersion, object.kind, sources);
      const at = [...path, index];
      if (found.ok) this.#fields(object, found.schema, at);
      else
        this.#report(
          [...at, found.field],
          found.message,
          found.hint?.replace(/name the file with its .*/, 'add its CustomResourceDefinition to "crds"'),
        );
    }
  }

  #expectation(expect: Expectation | undefined, path: Path): void {
    if (expect === undefined) return;
    for (const [id, expected] of Object.entries(expect.children ?? {})) {
      const at = [...path, 'children', id];
      const node = this.#node(id, at, true);
      if (node === undefined || typeof expected === 'string') continue;
      const schema = node.type === undefined ? undefined : this.#sources.schemaOf(node.type);
      if (Array.isArray(expected)) {
        if (node.nodeType === 'resource' || node.nodeType === 'external')
          this.#report(
            at,
            `${id} is not a collection, and has one object`,
            'write the fields of the object without a list',
          );
        for (const [index, each] of (expected as JsonObject[]).entries()) this.#entries(each, schema, [...at, index]);
      } else {
        if (node.nodeType === 'collection')
          this.#report(at, `${id} is a collection`, 'write a list with the fields of each object');
        this.#entries(expected as JsonObject, schema, at);
      }
    }
    for (const member of ['only', 'written'] as const) {
      for (const [index, id] of (expect[member] ?? []).entries()) this.#ownNode(id, [...path, member, index]);
    }
    for (const member of ['created', 'deleted'] as const) {
      for (const [index, entry] of (expect[member] ?? []).entries()) {
        const at = [...path, member, index];
        if (typeof entry === 'string') this.#ownNode(entry, at);
        else for (const [inner, id] of entry.entries()) this.#ownNode(id, [...at, inner]);
      }
    }
    if (expect.state !== undefined && !RecordedStatus.STATES.some((each) => each === expect.state))
      this.#report(
        [...path, 'state'],
        `"${expect.state}" is not a state of an instance`,
        ValueShape.fieldHint(expect.state, RecordedStatus.STATES),
      );
    this.#conditions(expect, path);
    for (const [id, expected] of Object.entries(expect.nodes ?? {})) {
      const at = [...path, 'nodes', id];
      this.#node(id, at, true);
      const state = typeof expected === 'string' ? expected : expected.state;
      if (state !== undefined && !NODE_STATES.includes(state))
        this.#report(
          typeof expected === 'string' ? at : [...at, 'state'],
          `"${state}" is not a state of a node`,
          ValueShape.fieldHint(state, NODE_STATES),
        );
      const { waitsFor = [] } = typeof expected === 'string' ? {} : expected;
      for (const [index, each] of waitsFor.entries()) this.#node(each, [...at, 'waitsFor', index]);
    }
    if (expect.status !== undefined)
      this.#entries(expect.status, this.#instanceSchema()?.properties?.['status'], [...path, 'status']);
  }

  #node(id: string, path: Path, key = false): GraphNode | undefined {
    const node = this.#graph.nodes.get(id);
    if (node === undefined)
      this.#report(
        path,
        `${this.#graph.name} has no node "${id}"`,
        ValueShape.fieldHint(id, [...this.#graph.nodes.keys()]),
        key,
      );
    return node;
  }

  /** Reports an unknown node, or a node whose objects the controller never writes. */
  #ownNode(id: string, path: Path): void {
    const node = this.#node(id, path);
    if (node?.nodeType !== 'external' && node?.nodeType !== 'externalCollection') return;
    this.#report(path, `${id} is an external object, which the controller never writes`, 'leave it out');
  }

  #conditions({ conditions = {} }: Expectation, path: Path): void {
    const authored = this.#graph.status.conditions ?? [];
    if (authored.some(({ types }) => types === undefined)) return;
    const own = authored.flatMap(({ types = [] }) => types);
    const known = [...ConditionContent.OF_INSTANCES, ...own];
    for (const type of Object.keys(conditions)) {
      if (known.includes(type)) continue;
      const kind = this.#graph.instance.kind;
      this.#report(
        [...path, 'conditions', type],
        `a ${kind} has no condition "${type}"`,
        ValueShape.fieldHint(type, known),
        true,
      );
    }
  }

  #instanceSchema(): Schema | undefined {
    const { instance } = this.#graph;
    return crdSource([instance.crd]).schemaOf({ ...instance, version: this.#version });
  }

  /**
   * Reports an unknown target of a patch or a delete. Returns the schema of the target, or `undefined` for an object of
   * the test and for a target without a schema.
   */
  #targetSchema(target: string, known: KnownObjects, path: Path, key: boolean): Schema | undefined {
    if (target === 'instance') return this.#instanceSchema();
    if (target.includes('/')) {
      const names = target.split('/');
      const short = `${names[0]}/${names.at(-1)}`;
      if (!known.ever.has(short))
        this.#report(
          path,
          `the test has no object ${target}`,
          ValueShape.fieldHint(short, [...known.ever, ...this.#graph.nodes.keys()]),
          key,
        );
      else if (!known.now.has(short))
        this.#report(
          path,
          `${target} is applied only by a later step`,
          'apply it in an earlier step, or write it under "given.objects"',
          key,
        );
      return undefined;
    }
    const [, id = target, item] = /^(.*?)(\[\d+\])?$/.exec(target) ?? [];
    const node = this.#node(id, path, key);
    const isCollection = node?.nodeType === 'collection' || node?.nodeType === 'externalCollection';
    if (node !== undefined && !isCollection && item !== undefined)
      this.#report(path, `${id} is not a collection, and has one object`, `write ${id}`, key);
    return node?.type === undefined ? undefined : this.#sources.schemaOf(node.type);
  }

  /** Checks an object whose keys may be paths, such as `spec.replicas`. */
  #entries(object: JsonObject, schema: Schema | undefined, path: Path): void {
    for (const { key, steps, value } of entriesByPath(object)) {
      const place = [...path, key];
      let at: Schema | undefined = schema;
      for (const step of steps) {
        if (at === undefined) break;
        const next = inner(at, step);
        if (next === false) {
          this.#unknown(at, step, place);
          at = undefined;
        } else at = next;
      }
      this.#fields(value, at, place);
    }
  }

  #unknown(schema: Schema, step: PathStep, place: Path): void {
    if (schema.properties === undefined) {
      this.#report(place, `${typeText(schema)} has no field "${step}"`, 'leave it out', true);
      return;
    }
    this.#report(
      place,
      `there is no field "${step}"`,
      ValueShape.fieldHint(String(step), Object.keys(schema.properties)),
      true,
    );
  }

  /** Checks the fields of a value and their types against a schema. */
  #fields(value: JsonValue, schema: Schema | undefined, path: Path): void {
    if (schema === undefined || value === null) return;
    if (isJsonObject(value)) {
      if (isScalar(schema) || schema.type === 'array') this.#wrongType(value, schema, path);
      else
        for (const [name, each] of Object.entries(value)) {
          if (each === undefined) continue;
          const next = inner(schema, name);
          if (next === false) this.#unknown(schema, name, [...path, name]);
          else this.#fields(each, next, [...path, name]);
        }
    } else if (Array.isArray(value)) {
      if (schema.type !== undefined && schema.type !== 'array') this.#wrongType(value, schema, path);
      else for (const [index, each] of value.entries()) this.#fields(each, schema.items, [...path, index]);
    } else if (!takes(schema, value)) this.#wrongType(value, schema, path);
  }

  #wrongType(value: JsonValue, schema: Schema, path: Path): void {
    this.#report(
      path,
      `${JSON.stringify(path.at(-1))} must be ${typeText(schema)}, but is ${ValueShape.typeName(value)}`,
    );
  }
}

/** The schema of a member or an element. `undefined` allows anything; `false` means that there is no such field. */
function inner(schema: Schema, step: PathStep): Schema | undefined | false {
  if (typeof step === 'number') return schema.type === undefined || schema.type === 'array' ? schema.items : false;
  const { properties, additionalProperties: more } = schema;
  if (properties !== undefined && Object.hasOwn(properties, step)) return properties[step];
  if (typeof more === 'object') return more;
  const isOpen = more === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const isUnknown = properties === undefined && (schema.type === undefined || schema.type === 'object');
  return isOpen || isUnknown ? undefined : false;
}

const SCALARS = ['string', 'integer', 'number', 'boolean'];

function isScalar({ type, 'x-kubernetes-int-or-string': either }: Schema): boolean {
  return either === true || (type !== undefined && SCALARS.includes(type));
}

function takes(schema: Schema, value: JsonValue): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return typeof value !== 'boolean';
  switch (schema.type) {
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return typeof value === 'bigint' || Number.isInteger(value);
    case 'number':
      return typeof value === 'bigint' || typeof value === 'number';
    case undefined:
      return true;
    default:
      return false;
  }
}

function typeText(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'an integer or a string';
  const { type = 'object' } = schema;
  if (type === 'string') return 'a string';
  if (type === 'boolean') return 'true or false';
  return type === 'array' ? 'a list' : /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
