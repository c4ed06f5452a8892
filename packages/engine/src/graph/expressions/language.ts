import { foreignFunctionHint } from '../warnings/hints.ts';
import type {
  Ast,
  CelError,
  CelType,
  Environment,
  ParseResult,
  TypeProvider,
  VariableOptions,
  Program,
} from '@typekro/cel';
import { DYN, kroEnvironment, listType, references, renameVariables } from '@typekro/cel';
import { type Schema, builtinSource, CelTypes } from '../../schema/index.ts';
import { type CelResource, celType } from '../../schema/cel-types.ts';
import { nearestName } from '@typekro/kit/core';
import { callsGlobal, functionNames, isFeature } from './gated-functions.ts';
import type { ParsedDefinition } from '../parsed-definition.ts';
import type { DimensionSite, ExpressionSite, FieldSite, ResourceDraft } from '../resource-draft.ts';
import { readsAsList } from '../resource-draft.ts';
import { SchemaPaths, fieldsAt } from '../kinds/schema-paths.ts';
import { selectorFieldType } from '../external-metadata.ts';
import { type KroCompatibility, KroLevel } from '../kro-compatibility.ts';
import type { PathStep, ReadPart } from '../model.ts';
import type { CompileOptions, GraphFeatures } from '../options.ts';
import type { ReadScope } from './read-paths.ts';
import type { ExpressionText } from './scan.ts';
import { schemasOnTheWay } from '../kinds/type-schemas.ts';

/** The result of the type check: the type, and the program for the evaluation. */
export interface CheckedExpression {
  readonly type: CelType;
  readonly program: Program;
}

/** A parsed expression with the names that it uses. The result does not depend on the site of the expression. */
export interface ExpressionNames {
  /** The syntax tree. The tree of a string with several parts is parsed at the first access. */
  readonly ast: Ast;
  /** The variables that the expression reads, in the order of their first use: node ids, `schema`, iterators. */
  readonly ids: readonly string[];
  /** The parts of nodes and of `schema` that the expression reads. */
  readonly reads: readonly ReadPart[];
  /** The expressions of a string with several parts, if each was analysed separately. */
  readonly parts?: readonly ExpressionNames[];
}

/** The kind of site of an expression, which determines the names that the expression may use. */
export type ReferenceRules =
  | { readonly place: 'template'; readonly iterators: readonly string[] }
  | { readonly place: 'readyWhen'; readonly only: string }
  /** `items` are the names that denote an object of the resource's own collection. */
  | { readonly place: 'propagateWhen'; readonly items: readonly string[] }
  | { readonly place: 'status' | 'conditions' };

/** The names that exist only at the place of an expression. */
function ownNames(rules: Exclude<ReferenceRules, { place: 'readyWhen' }>): readonly string[] {
  if (rules.place === 'template') return rules.iterators;
  if (rules.place === 'propagateWhen') return rules.items;
  return rules.place === 'conditions' ? ['runtime'] : [];
}

const STRING_SCHEMA: Schema = { type: 'string' };
const OMIT_ELSEWHERE = 'omit() can only be used in resource template expressions';

/** The schema of the variable `schema`: the instance without its status. */
export function instanceSchema(definition: ParsedDefinition, spec: Schema): Schema {
  const metadata = builtinSource().typeNamed('meta.v1.ObjectMeta');
  const { namespace: _namespace, ...clusterScoped } = metadata.properties ?? {};
  const cluster = definition.schema.scope === 'Cluster';
  return {
    type: 'object',
    properties: {
      apiVersion: STRING_SCHEMA,
      kind: STRING_SCHEMA,
      metadata: cluster ? { ...metadata, properties: clusterScoped } : metadata,
      spec,
    },
  };
}

/** What the expression language knows about a node: its name, its type, its path and its expressions. */
export interface LanguageNode {
  readonly id: string;
  /** The schema of one object or value. If undefined, the node has the type dyn. */
  readonly schema: Schema | undefined;
  /** Is the node's value in expressions a list? */
  readonly isList: boolean;
  /**
   * Is the node a resource with `variable` (a named value, not an object)? The type of its value may be known only at
   * run time.
   */
  readonly isVariable?: boolean;
  /** Is the node an external reference with a label selector? */
  readonly selects: boolean;
  /** The path of the node in the definition. */
  readonly path: readonly PathStep[];
  readonly dimensions: readonly DimensionSite[];
  /** The expressions of the template; absent for nodes without a template of fields. */
  readonly fields?: readonly FieldSite[];
}

/** The names that are available to expressions. */
export interface LanguageScope {
  /** The instance, as the variable `schema`; absent in a Graph object. */
  readonly instance?: { readonly definition: ParsedDefinition; readonly spec: Schema };
  readonly nodes: readonly LanguageNode[];
  /** The ids of the nodes of outer frames that expressions can read. These nodes have the type dyn. */
  readonly captured?: readonly string[];
  /** Maps the name that the author writes to the name of the variable. Absent when both names are always equal. */
  readonly names?: ReadonlyMap<string, string>;
}

/** Matches the name of an environment variable. Ids of resources begin with a small letter. */
const VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** Matches a read of a field of the instance, without a method that is called on the field. */
const SCHEMA_FIELD = /(?<![\w.])schema(?:\.\w+(?![\w]|\s*\())+/g;
/** Matches the path of a template field that is also valid as an expression. */
const SELECTABLE = /^(?:(?:^|\.)(?!(?:true|false|null|in)\b)[a-zA-Z]\w*|\[\d+\])+$/;

/** Can an expression contain the name? */
const isIdentifier = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name);

const DEFER_FORM =
  'defer(…) takes one expression, and is the whole value of a field of a template: ${defer(…)} or ${defer(…).omitWhen(null)}';

/** The type information about a resource of a definition. */
export function languageNode(draft: ResourceDraft): LanguageNode {
  return {
    id: draft.id,
    schema: draft.resolved?.schema ?? draft.valueSchema,
    isList: readsAsList(draft),
    isVariable: draft.nodeType === 'def',
    selects: draft.nodeType === 'externalCollection',
    path: draft.block.path,
    dimensions: draft.dimensions,
    fields: draft.fields,
  };
}

/**
 * The expression language of one definition, or of one list of nodes in a Graph object: its variables with their types,
 * and the names that are allowed at each site. A node of an unknown kind has the type dyn, so that it causes no
 * additional problems.
 */
export class Language {
  /** The level of kro whose rules apply. */
  readonly level: KroCompatibility;
  /** The provider of all object types of the definition. */
  readonly types: TypeProvider;
  /**
   * The environment with `schema`, `runtime` and all nodes. `references` refuses `runtime` at sites where it is not
   * allowed.
   */
  readonly typed: Environment;
  /**
   * A cache of the parsed expressions of templates outside loops. It helps because many resources of one definition
   * have the same expressions.
   */
  readonly analysed = new Map<string, ExpressionNames>();
  /**
   * A cache of the parts of strings with several parts. The list is empty for a string that must be analysed as a
   * whole.
   */
  readonly joined = new WeakMap<ExpressionText, readonly ExpressionNames[]>();
  /** A cache of the expressions that were checked in `typed`. */
  readonly checked = new WeakMap<Ast, CheckedExpression>();
  readonly #paths = new SchemaPaths();
  readonly #nodes: ReadonlyMap<string, LanguageNode>;
  readonly #captured: ReadonlySet<string>;
  readonly #names: ReadonlyMap<string, string> | undefined;
  readonly #hasInstance: boolean;
  /** Maps the name of a root type to its schema. */
  readonly #roots = new Map<string, Schema>();
  readonly #features: GraphFeatures;
  readonly #specFields: ReadonlySet<string>;
  /** The variables that kro's extraction of expressions accepts in templates. Later checks refuse some of them. */
  readonly #templateNames: ReadonlySet<string>;
  readonly #variables: Readonly<Record<string, CelType | VariableOptions>>;
  #propagating: Environment | undefined;

  constructor(scope: LanguageScope, options: CompileOptions) {
    const { instance, nodes, captured = [], names } = scope;
    this.level = options.kroCompatibility ?? KroLevel.DEFAULT;
    this.#features = options.features ?? {};
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    this.#captured = new Set(captured);
    this.#names = names;
    this.#hasInstance = instance !== undefined;
    this.#specFields = new Set(Object.keys(instance?.spec.properties ?? {}));
    const always = instance === undefined ? ['each'] : ['schema', 'runtime', 'each'];
    this.#templateNames = new Set([...this.#nodes.keys(), ...captured, ...always]);
    // Authors choose the ids, so the object has no prototype: an id such as `constructor` is then an ordinary name.
    const resources = Object.create(null) as Record<string, CelResource>;
    if (instance !== undefined) resources['schema'] = { schema: instanceSchema(instance.definition, instance.spec) };
    const unknown: [string, CelType][] = captured.map((id) => [id, DYN]);
    for (const { id, schema, isList } of nodes) {
      if (schema === undefined) unknown.push([id, isList && instance === undefined ? listType(DYN) : DYN]);
      else resources[id] = isList ? { listOf: schema } : { schema };
    }
    for (const [id, resource] of Object.entries(resources)) {
      const root = 'schema' in resource ? resource.schema : { type: 'array', items: resource.listOf };
      this.#roots.set(`__type_${id}`, root);
    }
    const { variables, types } = CelTypes.of(resources);
    this.types = types;
    const all =
      unknown.length === 0 ? variables : Object.assign(Object.create(null), Object.fromEntries(unknown), variables);
    this.#variables = all;
    this.typed = this.#environment(all, types);
  }

  #environment(variables: Readonly<Record<string, CelType | VariableOptions>>, types: TypeProvider): Environment {
    const { now = false, math = false, sets = false } = this.#features;
    return kroEnvironment({ variables, types, features: { now, math, sets } });
  }

  /**
   * The environment of `propagateWhen`: the environment of templates, extended by the functions that report the
   * progress of a node.
   */
  #propagation(): Environment {
    if (this.#propagating !== undefined) return this.#propagating;
    const { now = false, math = false, sets = false } = this.#features;
    const features = { now, math, sets, propagation: true };
    return (this.#propagating = kroEnvironment({ variables: this.#variables, types: this.types, features }));
  }

  /** The environment of one node's `propagateWhen`. `items` are the names that denote the node's own items. */
  ofPropagation(id: string, items: readonly string[]): Environment {
    if (items.length === 0) return this.#propagation();
    const schema = this.#nodes.get(id)?.schema;
    const type = schema === undefined ? undefined : celType(schema, `__type_${id}.@idx`);
    const item = schema === undefined || type === undefined ? DYN : { type, shape: CelTypes.shapeOf(schema) };
    return this.#propagation().extend(Object.fromEntries(items.map((name) => [name, item])));
  }

  /**
   * Is the feature `partialDependencies` on? If so, a node that is read only in a branch is a dependency only while the
   * branch is taken.
   */
  get hasPartialDependencies(): boolean {
    return this.#features.partialDependencies === true;
  }

  /** Can conditions of the author read `WatchesHealthy`? */
  get hasWatchHealth(): boolean {
    return this.#features.watchHealth === true;
  }

  /** May the whole value of a field be `defer(…)`? */
  get hasDefer(): boolean {
    return this.#features.defer === true;
  }

  /**
   * Parses an expression, and replaces the author's names of nodes by variables. `bound` has the names that do not
   * denote a node at this site, such as iterators.
   */
  parse(text: string, bound: readonly string[] = []): ParseResult {
    const parsed = this.typed.parse(text);
    const names = this.#names;
    if (!parsed.ok || names === undefined) return parsed;
    const rename = (name: string): string => (bound.includes(name) ? name : (names.get(name) ?? name));
    return { ok: true, ast: renameVariables(parsed.ast, rename) };
  }

  /** The variables that an expression reads, or kro's refusal. */
  references(ast: Ast, rules: ReferenceRules): { readonly ids: readonly string[]; readonly error?: string } {
    const shared = { isFunction: (name: string) => this.typed.isFunction(name) };
    if (rules.place === 'template') {
      const iterators = new Set(rules.iterators);
      return references(ast, {
        ...shared,
        variables: this.#templateNames,
        iterators,
        place: 'template',
        omit: this.#features.omit === true,
      });
    }
    const isFunction =
      rules.place === 'propagateWhen' ? (name: string) => this.#propagation().isFunction(name) : shared.isFunction;
    const variables = { has: (name: string) => this.hasName(name, rules) };
    return references(ast, { isFunction, variables, place: 'restricted' });
  }

  /** The names that an expression with these rules may use, as the author writes them. */
  namesAt(rules: ReferenceRules): string[] {
    if (rules.place === 'readyWhen') return [rules.only];
    return [...(this.#hasInstance ? ['schema'] : []), ...(this.#names ?? this.#nodes).keys(), ...ownNames(rules)];
  }

  /** May an expression with these rules use the name, as the author writes it? */
  hasName(name: string, rules: ReferenceRules): boolean {
    if (rules.place === 'readyWhen') return name === rules.only;
    const isShared = (this.#hasInstance && name === 'schema') || (this.#names ?? this.#nodes).has(name);
    return isShared || ownNames(rules).includes(name);
  }

  readScope(names: ReadonlyMap<string, ReadPart | undefined>): ReadScope {
    return { names, isVariable: (id) => this.isVariable(id), isCollection: (id) => this.isCollection(id) };
  }

  /** Is the name the id of a node, or `schema` in a definition? */
  isVariable(id: string): boolean {
    return (id === 'schema' && this.#hasInstance) || this.isNode(id);
  }

  isNode(id: string): boolean {
    return this.#nodes.has(id) || this.#captured.has(id);
  }

  /** Is the name the id of a resource with `variable`? */
  isValue(id: string): boolean {
    return this.#nodes.get(id)?.isVariable === true;
  }

  isCollection(id: string): boolean {
    return this.#nodes.get(id)?.isList === true;
  }

  /** The typed environment with forEach iterators. An iterator whose list has an error has the type dyn. */
  withIterators(iterators: Readonly<Record<string, CelType | undefined>>): Environment {
    const entries = Object.entries(iterators);
    if (entries.length === 0) return this.typed;
    return this.typed.extend(
      Object.fromEntries(entries.map(([name, type]) => [name, { type: type ?? DYN, raw: true }])),
    );
  }

  /**
   * The environment of `readyWhen` with one variable. `subject` is its name: the id of the node, or `each` for one of
   * the node's objects.
   */
  ofSubject(id: string, subject: string): Environment {
    const node = this.#nodes.get(id);
    const schema = node?.schema;
    if (node === undefined || schema === undefined) return this.typed.extend({ [subject]: DYN });
    const resource = node.isList && subject !== 'each' ? { listOf: schema } : { schema };
    const { variables, types } = CelTypes.of({ [subject]: resource }, { raw: true });
    return this.#environment(variables, types);
  }

  /** The refusal of an expression outside templates that calls `omit()`; undefined for other expressions. */
  omitRefusal(ast: Ast): string | undefined {
    return callsGlobal(ast.expr, 'omit') ? OMIT_ELSEWHERE : undefined;
  }

  /** The environment for the `readyWhen` of a node that is a list: `typed`, with the variable `each` for one item. */
  withItem(id: string): Environment {
    const schema = this.#nodes.get(id)?.schema;
    if (schema === undefined) return this.typed.extend({ each: DYN });
    const type = celType(schema, `__type_${id}.@idx`) ?? DYN;
    return this.typed.extend({ each: { type, raw: true } });
  }

  /** The type at a path inside a schema. `rootName` is the name of the schema's type. */
  typeAt(root: Schema, rootName: string, pathText: string): CelType | undefined {
    const at = this.#paths.at(root, pathText);
    return at === undefined ? undefined : celType(at.schema, rootName + at.typeName);
  }

  /** The type of a field of a node's template; undefined when no schema states its type. */
  fieldType(id: string, pathText: string): CelType | undefined {
    const node = this.#nodes.get(id);
    if (node?.schema === undefined) return undefined;
    // The selector of an external reference is not a field of the kind, so it has its own types.
    const selecting = node.selects ? selectorFieldType(pathText) : undefined;
    if (selecting !== undefined) return selecting;
    const at = this.#paths.at(node.schema, pathText);
    return at === undefined ? undefined : celType(at.schema, `__type_${id}${at.typeName}`);
  }

  /** The schema of a field of a node's template. */
  fieldSchema(id: string, pathText: string): Schema | undefined {
    const root = this.#nodes.get(id)?.schema;
    return root === undefined ? undefined : this.#paths.at(root, pathText)?.schema;
  }

  schemaOfType(name: string): Schema | undefined {
    return schemasOnTheWay(name, this.#roots)?.at(-1);
  }

  ancestorsOfType(name: string): readonly Schema[] {
    return schemasOnTheWay(name, this.#roots)?.slice(0, -1) ?? [];
  }

  /** The field names of the object in which an expression reads an unknown field. */
  fieldsAt(ast: Ast, error: CelError, environment: Environment): readonly string[] {
    return fieldsAt(ast, error, environment, this.types);
  }

  /**
   * The hint for an expression that reads a field of the spec directly from `schema`: `schema.name` instead of
   * `schema.spec.name`.
   */
  specFieldHint({ text }: Ast, { message, offset }: CelError): string | undefined {
    const field = /^undefined field '(.*)'$/s.exec(message)?.[1];
    const isSpec = field !== undefined && this.#specFields.has(field) && /\bschema\s*$/.test(text.slice(0, offset));
    return isSpec ? `did you mean "schema.spec.${field}"?` : undefined;
  }

  /**
   * The error for a read of an iterator outside the template to which it belongs: in another resource, or in a
   * condition of the same resource.
   */
  lostIterator(
    name: string,
    path: readonly PathStep[],
    rules: ReferenceRules,
  ): { readonly message: string; readonly hint: string } | undefined {
    for (const { id, path: place, dimensions } of this.#nodes.values()) {
      const dimension = dimensions.find((each) => each.name === name);
      if (dimension === undefined) continue;
      const message = `${name} is an iterator of ${id}, and is known only in its template`;
      const own = place.every((step, index) => step === path[index]);
      if (rules.place === 'readyWhen' && own)
        return { message, hint: 'readyWhen reads each, which is one object of the collection' };
      if (own)
        return { message, hint: 'includeWhen decides about the whole collection: filter the list in forEach instead' };
      const list = `\${${dimension.text.cel}}`;
      if (rules.place === 'template')
        return {
          message,
          hint: `give this resource its own forEach, - ${name}: ${list}, and \${${name}} in its metadata.name`,
        };
      return { message, hint: `read the list itself: ${list}, or the objects: \${${id}.map(x, x.metadata.name)}` };
    }
    return undefined;
  }

  /**
   * The remedy for a name that an expression may not read. The last argument has the path and the text of the
   * expression.
   */
  nameHint(name: string, rules: ReferenceRules, { path, text }: ExpressionSite): string | undefined {
    if (isFeature(name)) return `the feature "${name}" is off; stock kro does not have it`;
    if (rules.place === 'readyWhen' && name === 'schema' && this.#hasInstance)
      return this.#ownFieldHint(rules.only, path, text.cel);
    if (rules.place === 'readyWhen' && this.isVariable(name)) {
      return `write a condition on "${rules.only}"; to wait for "${name}", read one of its fields in the template`;
    }
    if (/^\.(?:spec|metadata)$/.test(name) && this.#hasInstance)
      return `write schema${name}, as an expression names the instance`;
    const close = nearestName(name, this.namesAt(rules).filter(isIdentifier));
    if (close !== undefined) return `did you mean "${close}"?`;
    if (rules.place === 'readyWhen') return `a condition of readyWhen can read only ${rules.only}`;
    if (this.#specFields.has(name)) return `did you mean "schema.spec.${name}"?`;
    if (this.#hasInstance && (name === 'spec' || name === 'metadata'))
      return `did you mean "schema.${name}"? Fields of the instance are read from schema`;
    if (name === 'resources') return 'leave out "resources.": an id is a name by itself';
    if (VARIABLE.test(name))
      return `if it is a variable of a shell, write \${"\${${name}}"}: this evaluates to the string \${${name}}`;
    // A resource with an invalid id has a name that no expression can contain.
    const names = this.namesAt(rules).filter(isIdentifier);
    return names.length > 12 ? undefined : `known names: ${names.join(', ')}`;
  }

  /**
   * The remedy for a readyWhen condition that reads the instance. If a field of the template has the value that the
   * condition reads, the remedy names this field.
   */
  #ownFieldHint(subject: string, path: readonly PathStep[], cel: string): string {
    const node = [...this.#nodes.values()].find((each) => each.path.every((step, index) => step === path[index]));
    for (const [value] of cel.matchAll(SCHEMA_FIELD)) {
      const field = node?.fields?.find(
        ({ text, pathText }) => text.template === undefined && text.cel.trim() === value && SELECTABLE.test(pathText),
      );
      if (field !== undefined) return `read ${subject}.${field.pathText}, which the template sets to ${value}`;
    }
    const value = cel.match(SCHEMA_FIELD)?.[0] ?? 'schema';
    return `compare ${subject} with a constant, or set a field of the template to ${value} and read that field`;
  }

  functionHint(name: string): string | undefined {
    if (name === 'defer') return this.hasDefer ? DEFER_FORM : 'defer() needs the feature gate CELDeferFunction';
    if (isFeature(name)) return `the feature "${name}" is off; stock kro has it off by default`;
    const foreign = foreignFunctionHint(name);
    if (foreign !== undefined) return foreign;
    const known = functionNames();
    const close = nearestName(name, known) ?? [...known].find((each) => each.startsWith(name));
    return close === undefined ? undefined : `did you mean "${close}"?`;
  }
}
