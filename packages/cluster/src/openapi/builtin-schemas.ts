import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { BuiltinDescriptions } from '@typekro/engine/schema';
import { type FieldFacts, loadData } from '../kubernetes-data.ts';
import type { KubernetesRelease } from '../release.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const SPECIAL: Readonly<Record<string, string>> = {
  Quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  Time: `${META}.Time`,
  MicroTime: `${META}.MicroTime`,
  RawExtension: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  FieldsV1: `${META}.FieldsV1`,
  JSON: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON',
};

const SPECIAL_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  Quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  IntOrString: { oneOf: [{ type: 'integer' }, { type: 'string' }], format: 'int-or-string' },
  Time: { type: 'string', format: 'date-time' },
  MicroTime: { type: 'string', format: 'date-time' },
  RawExtension: { type: 'object' },
  FieldsV1: { type: 'object' },
  JSON: {},
};

/** The component name of a type in `types.json`, e.g. `io.k8s.api.apps.v1.Deployment`. */
export function componentName(type: string): string {
  if (Object.hasOwn(SPECIAL, type)) return SPECIAL[type] ?? type;
  if (type.startsWith('meta.v1.')) return `${META}.${type.slice('meta.v1.'.length)}`;
  if (type.startsWith('apiregistration.')) return `io.k8s.kube-aggregator.pkg.apis.${type}`;
  if (type.startsWith('apiextensions.')) return `io.k8s.apiextensions-apiserver.pkg.apis.${type}`;
  return `io.k8s.api.${type}`;
}

/** Collects schemas by component name, including all schemas that they refer to. */
export class SchemaCollector {
  readonly schemas: Record<string, JsonValue> = {};
  readonly #prefix: string;
  readonly #release: Pick<KubernetesRelease, 'typeFacts'>;

  /** `prefix` precedes the component name in references. */
  constructor(prefix: string, release: Pick<KubernetesRelease, 'typeFacts'>) {
    this.#prefix = prefix;
    this.#release = release;
  }

  /** Adds the schema of a type and returns a reference to it. */
  reference(type: string): JsonObject {
    this.add(type);
    return { $ref: `${this.#prefix}${componentName(type)}` };
  }

  add(type: string): void {
    const name = componentName(type);
    if (Object.hasOwn(this.schemas, name)) return;
    if (Object.hasOwn(SPECIAL_SCHEMAS, type)) {
      this.schemas[name] = SPECIAL_SCHEMAS[type] ?? {};
      return;
    }
    const facts = this.#release.typeFacts(type);
    if (facts === undefined || type.includes('JSONSchemaPropsOr')) {
      this.schemas[name] = {};
      return;
    }
    const description = BuiltinDescriptions.ofType(loadData('descriptions'), type, facts.gvk);
    const schema: JsonObject = { ...(description === undefined ? {} : { description }), type: 'object' };
    this.schemas[name] = schema;
    const properties: JsonObject = {};
    this.#members(type, type, properties);
    if (Object.keys(properties).length > 0) schema['properties'] = properties;
    if (facts.required !== undefined) schema['required'] = [...facts.required];
    if (facts.gvk !== undefined)
      schema['x-kubernetes-group-version-kind'] = facts.gvk.map(([group, version, kind]) => ({ group, kind, version }));
    if (facts.map === 'atomic') schema['x-kubernetes-map-type'] = 'atomic';
  }

  /**
   * Adds the members of a type, and recursively the members of its inlined types. `owner` is the type whose schema gets
   * all these members.
   */
  #members(owner: string, type: string, properties: JsonObject) {
    for (const [name, field] of Object.entries(this.#release.typeFacts(type)?.fields ?? {})) {
      if (field.inline !== undefined) this.#members(owner, field.t, properties);
      else if (!name.startsWith('#')) {
        const description = BuiltinDescriptions.ofField(loadData('descriptions'), owner, name);
        properties[name] = { ...(description === undefined ? {} : { description }), ...this.#field(field) };
      }
    }
  }

  #field(field: FieldFacts): JsonObject {
    const schema = this.#typed(field.t, field.k === 1 && field.p !== 1);
    if (field.list !== undefined) schema['x-kubernetes-list-type'] = field.list;
    if (field.keys !== undefined) schema['x-kubernetes-list-map-keys'] = [...field.keys];
    if (field.patch !== undefined) schema['x-kubernetes-patch-strategy'] = field.patch;
    if (field.mergeKey !== undefined) schema['x-kubernetes-patch-merge-key'] = field.mergeKey;
    if (field.map !== undefined) schema['x-kubernetes-map-type'] = field.map;
    return schema;
  }

  #typed(type: string, always: boolean): JsonObject {
    if (type.endsWith('[]')) return { type: 'array', items: this.#typed(type.slice(0, -2), true) };
    if (type.endsWith('{}')) return { type: 'object', additionalProperties: this.#typed(type.slice(0, -2), true) };
    switch (type) {
      case 'string':
        return always ? { type: 'string', default: '' } : { type: 'string' };
      case 'bool':
        return always ? { type: 'boolean', default: false } : { type: 'boolean' };
      case 'int32':
      case 'int64':
        return always ? { type: 'integer', format: type, default: 0 } : { type: 'integer', format: type };
      case 'float64':
        return { type: 'number', format: 'double' };
      case 'bytes':
        return { type: 'string', format: 'byte' };
      default: {
        const reference = this.reference(type);
        return always && type.includes('.') ? { allOf: [reference], default: {} } : { allOf: [reference] };
      }
    }
  }
}
