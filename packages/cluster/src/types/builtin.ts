import { oncePerObject, getOrInsert } from '@typekro/kit/core';
import type { FieldFacts, TypeFacts } from '../kubernetes-data.ts';
import { type KubernetesRelease, latestRelease } from '../release.ts';
import { type FieldNode, type ObjectNode, type ScalarType, type TypeNode, anyNode } from './type-node.ts';

const SCALARS = new Set<string>([
  'string',
  'bool',
  'int32',
  'int64',
  'float64',
  'bytes',
  'Quantity',
  'IntOrString',
  'Time',
  'MicroTime',
]);

/** The built-in types of a version of Kubernetes. Each type is built at its first use and then cached. */
export class BuiltinTypes {
  readonly #release: Pick<KubernetesRelease, 'typeFacts'>;
  readonly #nodes = new Map<string, ObjectNode>();

  constructor(release: Pick<KubernetesRelease, 'typeFacts'>) {
    this.#release = release;
  }

  /** The node of a type, e.g. `core.v1.Pod`. */
  get(name: string): ObjectNode {
    return getOrInsert(
      this.#nodes,
      name,
      () => new BuiltinObject(name, this.#release.typeFacts(name) ?? { fields: {} }, this),
    );
  }

  /** Does this version of Kubernetes have the type? */
  has(name: string): boolean {
    return this.#release.typeFacts(name) !== undefined;
  }
}

/** The built-in types of a version of Kubernetes. Clusters share them. */
export const builtinTypesOf = oncePerObject((release: KubernetesRelease) => new BuiltinTypes(release));

/** The built-in types of the latest version. */
export const latestTypes = builtinTypesOf(latestRelease);

/** The node of a type that is the same in all versions, such as `meta.v1.ObjectMeta`. */
export const builtinType = (name: string): ObjectNode => latestTypes.get(name);

/** An object type whose members are resolved at their first use, because types can be recursive. */
class BuiltinObject implements ObjectNode {
  readonly kind = 'object';
  readonly name: string;
  readonly atomic: boolean;
  readonly #facts: TypeFacts;
  readonly #types: BuiltinTypes;
  #fields: ReadonlyMap<string, FieldNode> | undefined;
  #inlined: { number: number; node: ObjectNode }[] = [];

  constructor(name: string, facts: TypeFacts, all: BuiltinTypes) {
    this.#types = all;
    this.name = name.slice(name.lastIndexOf('.') + 1);
    this.#facts = facts;
    this.atomic = facts.map === 'atomic';
  }

  get fields(): ReadonlyMap<string, FieldNode> {
    if (this.#fields === undefined) {
      const fields = new Map<string, FieldNode>();
      for (const [name, facts] of Object.entries(this.#facts.fields)) this.#add(fields, name, facts);
      this.#fields = fields;
    }
    return this.#fields;
  }

  get inlined() {
    void this.fields;
    return this.#inlined;
  }

  #add(fields: Map<string, FieldNode>, name: string, facts: FieldFacts) {
    if (facts.inline !== undefined) {
      const inner = this.#types.get(facts.t);
      for (const [key, field] of inner.fields) fields.set(key, field);
      if (facts.n !== undefined) this.#inlined.push({ number: facts.n, node: inner });
      return;
    }
    const patch = facts.patch?.split(',') ?? [];
    const defaultValue = keyDefault(this.name, name);
    fields.set(name, {
      name,
      node: nodeOf(this.#types, facts.t, facts),
      ...(facts.n === undefined ? {} : { number: facts.n }),
      presence: facts.p === 1,
      keep: facts.k === 1,
      mergePatch: patch.includes('merge'),
      replacePatch: patch.includes('replace'),
      retainKeys: patch.includes('retainKeys'),
      ...(facts.mergeKey === undefined ? {} : { mergeKey: facts.mergeKey }),
      ...(defaultValue === undefined ? {} : { default: defaultValue }),
    });
  }
}

/** The default value of a field that is a key of a list of type `map`, as in the published schema. */
function keyDefault(type: string, field: string): string | undefined {
  if (type === 'LocalObjectReference' && field === 'name') return '';
  return field === 'protocol' && (type === 'ContainerPort' || type === 'ServicePort') ? 'TCP' : undefined;
}

function nodeOf(all: BuiltinTypes, type: string, facts: FieldFacts): TypeNode {
  if (type.endsWith('[]')) {
    return {
      kind: 'list',
      items: nodeOf(all, type.slice(0, -2), { t: '' }),
      list: facts.list ?? 'atomic',
      keys: facts.keys ?? [],
    };
  }
  if (type.endsWith('{}')) {
    return { kind: 'map', values: nodeOf(all, type.slice(0, -2), { t: '' }), atomic: facts.map === 'atomic' };
  }
  if (SCALARS.has(type)) return { kind: 'scalar', type: type as ScalarType };
  if (!type.includes('.')) return anyNode;
  const node = all.get(type);
  if (facts.map !== 'atomic' || node.atomic) return node;
  return {
    kind: 'object',
    name: node.name,
    atomic: true,
    get fields() {
      return node.fields;
    },
  };
}
