import type { CelType, CheckResult, Environment } from '@typekro/cel';
import type { GroupVersionKind } from '@typekro/kit/core';
import type { Schema } from '../../schema/index.ts';
import type { Language, LanguageNode, ReferenceRules } from './language.ts';
import type { GraphNode, PathStep } from '../model.ts';
import { schemasOnTheWay } from '../kinds/type-schemas.ts';

/** A name that the expressions at a path can read. */
export interface ScopeName {
  /** The name as the author writes it. */
  readonly name: string;
  readonly role: 'instance' | 'iterator' | 'item' | 'node' | 'runtime';
  /** The node that the name denotes; for `each` and iterators, the node whose entry contains the path. */
  readonly node?: ScopeNode;
  /** Is the value of the name a list? */
  readonly isList: boolean;
}

/** A node of a definition or Graph that may have errors. */
export interface ScopeNode {
  /** The id as the author writes it. */
  readonly name: string;
  /** The path of the node's entry in the object. */
  readonly path: readonly PathStep[];
  readonly nodeType: GraphNode['nodeType'];
  /** Absent for nodes without objects, and for unknown kinds. */
  readonly type?: GroupVersionKind;
  /** The schema of one object or value; absent when it is unknown. */
  readonly schema?: Schema;
}

/** The names and types that are available to the expressions at a path. */
export interface ExpressionScope {
  readonly names: readonly ScopeName[];
  /** `undefined` for a name that is not available. */
  nameOf(name: string): ScopeName | undefined;
  /** Checks an expression without its `${…}`. */
  check(text: string): CheckResult;
  /** The schema of a struct type of a checked expression; `undefined` for a type without a schema. */
  schemaOfType(name: string): Schema | undefined;
  /**
   * The schema of a name's value; for a list, the schema of one element. `undefined` for an iterator or an unknown
   * name.
   */
  schemaOfName(name: string): Schema | undefined;
}

/** A version whose fields a part of an entry of `versions` names, with the schema of its objects. */
export interface NamedVersion {
  readonly version: string;
  readonly schema: Schema;
}

/** A conversion in an entry of `spec.schema.versions`, or its list of lossy fields. */
export interface ConversionPlace {
  readonly member: 'convertTo' | 'convertFrom' | 'lossy';
  /** The versions whose fields it names: the version that a conversion makes, or both versions. */
  readonly targets: readonly NamedVersion[];
  /** The names and types of the expressions. `lossy` has no expressions. */
  readonly scope?: ExpressionScope;
}

/** The scopes of one definition or Graph, which may have errors. */
export interface ExpressionScopes {
  /** All nodes in the order of the object. In a Graph, the nodes of subgraphs come after their subgraph. */
  readonly nodes: readonly ScopeNode[];
  /** The scope of the expressions in the value at a path; `undefined` if the value cannot contain expressions. */
  at(path: readonly PathStep[]): ExpressionScope | undefined;
  /** The conversion of a version, or its list of lossy fields, at a path; `undefined` for other paths and in a Graph. */
  conversionAt(path: readonly PathStep[]): ConversionPlace | undefined;
  /** The node that a name denotes in the expressions at a path. */
  nodeNamed(name: string, path: readonly PathStep[]): ScopeNode | undefined;
}

/** A dimension of `forEach`. */
export interface ScopeDimension {
  readonly name: string;
  readonly cel: string;
}

/** The data of the node whose entry contains a path. */
export interface ScopeSubject {
  readonly node: ScopeNode;
  /** The id by which `Language` knows the node; in a subgraph, the path of ids. */
  readonly id: string;
  readonly readsEach: boolean;
  readonly dimensions: readonly ScopeDimension[];
}

/** The input of `makeScope`. */
export interface ScopeInput {
  readonly language: Language;
  readonly nodes: ReadonlyMap<string, { readonly node: ScopeNode; readonly isList: boolean }>;
  readonly hasInstance: boolean;
  /**
   * The node whose entry contains the path, and the name of the member of this entry that contains the path. Absent in
   * the status.
   */
  readonly within?: { readonly subject: ScopeSubject; readonly member: string };
  readonly isConditions?: boolean;
}

/** Makes the scope of a path. The names and environments are those of the compiler. */
export function makeScope(input: ScopeInput): ExpressionScope {
  const { language, within } = input;
  const { environment, own } = placeOf(input);
  const rules = rulesOf(input, own);
  const known = (name: string): ScopeName | undefined =>
    language.hasName(name, rules) ? nameOf(name, input, own) : undefined;
  const roots = new Map<string, Schema>();
  const subject = within?.subject.node.schema;
  if (subject !== undefined) roots.set('__type_each', subject);
  const schemaOfType = (name: string): Schema | undefined =>
    language.schemaOfType(name) ?? schemasOnTheWay(name, roots)?.at(-1);
  return {
    get names() {
      return language.namesAt(rules).map((name) => nameOf(name, input, own));
    },
    nameOf: known,
    check(text) {
      // `parse` does not rename the names in this list. The node's own name is an id and must be renamed, so it is left
      // out.
      const parsed = language.parse(
        text,
        own.filter((name) => name !== within?.subject.node.name),
      );
      if (!parsed.ok) return { ok: false, phase: 'parse', errors: parsed.errors, text: parsed.text };
      return environment.check(parsed.ast);
    },
    schemaOfType,
    schemaOfName(name) {
      const found = known(name);
      if (found?.role === 'instance') return language.schemaOfType('__type_schema');
      return found?.role === 'iterator' ? undefined : found?.node?.schema;
    },
  };
}

/** The environment of a path, and the names that exist only at this path. */
function placeOf({ language, within }: ScopeInput): { readonly environment: Environment; readonly own: string[] } {
  if (within === undefined) return { environment: language.typed, own: [] };
  const { subject, member } = within;
  const iterators = subject.dimensions.map(({ name }) => name);
  switch (member) {
    case 'readyWhen': {
      const environment = subject.readsEach
        ? language.withItem(subject.id)
        : language.ofSubject(subject.id, subject.id);
      return { environment, own: [subject.readsEach ? 'each' : subject.node.name] };
    }
    case 'propagateWhen': {
      const items = subject.readsEach ? ['each', ...iterators] : [];
      return { environment: language.ofPropagation(subject.id, items), own: items };
    }
    case 'includeWhen':
    case 'forEach':
      return { environment: language.typed, own: [] };
    default:
      return { environment: language.withIterators(typesOf(subject.dimensions, language)), own: iterators };
  }
}

function typesOf(dimensions: readonly ScopeDimension[], language: Language): Record<string, CelType | undefined> {
  return Object.fromEntries(
    dimensions.map(({ name, cel }) => {
      const parsed = language.parse(cel);
      const checked = parsed.ok ? language.typed.check(parsed.ast) : undefined;
      return [name, checked?.ok === true && checked.type.kind === 'list' ? checked.type.params[0] : undefined];
    }),
  );
}

function rulesOf({ within, isConditions }: ScopeInput, own: readonly string[]): ReferenceRules {
  if (within === undefined) return { place: isConditions === true ? 'conditions' : 'status' };
  if (within.member === 'readyWhen') return { place: 'readyWhen', only: own[0] ?? '' };
  if (within.member === 'propagateWhen') return { place: 'propagateWhen', items: own };
  return { place: 'template', iterators: own };
}

function nameOf(name: string, { nodes, hasInstance, within }: ScopeInput, own: readonly string[]): ScopeName {
  const found = nodes.get(name);
  const subject = within?.subject.node;
  const around = subject === undefined ? {} : { node: subject };
  if (name === 'each' && own.includes(name)) return { name, role: 'item', isList: false, ...around };
  if (own.includes(name) && name !== subject?.name) return { name, role: 'iterator', isList: false, ...around };
  if (found !== undefined) return { name, role: 'node', node: found.node, isList: found.isList };
  if (own.includes(name)) return { name, role: 'node', isList: false, ...around };
  return { name, role: name === 'schema' && hasInstance ? 'instance' : 'runtime', isList: false };
}

/** Converts a node of the language to a node of a scope. */
export function scopeNode(
  node: LanguageNode,
  name: string,
  nodeType: GraphNode['nodeType'],
  type: GroupVersionKind | undefined,
): ScopeNode {
  return {
    name,
    path: node.path,
    nodeType,
    ...(type === undefined ? {} : { type }),
    ...(node.schema === undefined ? {} : { schema: node.schema }),
  };
}

/** Returns a function that finds the value whose path is the longest one with which a path begins. */
export function longestPrefix<Value>(entries: readonly (readonly [readonly PathStep[], Value])[]) {
  const values = new Map(entries.map(([path, value]) => [JSON.stringify(path), value]));
  return (path: readonly PathStep[]): Value | undefined => {
    for (let length = path.length; length > 0; length -= 1) {
      const found = values.get(JSON.stringify(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return undefined;
  };
}
