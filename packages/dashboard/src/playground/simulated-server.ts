import { type NewObject, newObjects } from '@typekro/cluster/object-rules';
import { type JsonValue, type KubeObject, gvkOf } from '@typekro/kit/core';
import type { ResourceInfo, SchemaSource } from '@typekro/engine/schema';
import { builtinSource, crdSource, StructuralSchema } from '@typekro/engine/schema';
import { schemaProblems } from './check-instance.ts';

/** The API server of a simulation: the form in which it stores objects, and its refusals. */
export interface SimulatedServer {
  /** Is the object of a built-in kind? */
  isBuiltin(object: KubeObject): boolean;
  /** A new object as the server stores it. `index` is the number of the object in the simulation. */
  create(object: KubeObject, index: number): NewObject;
  /** An object with the defaults of its kind, and with `stringData` of a Secret in `data`. */
  withDefaults(object: KubeObject): KubeObject;
}

/**
 * The server of a simulation. Objects of built-in kinds follow the rules of the embedded API server. Objects of custom
 * kinds follow the schemas of their CustomResourceDefinitions.
 *
 * @param crds the CustomResourceDefinitions of the custom kinds; an object of another custom kind is stored as it is
 * @param at the creation time of the objects, RFC 3339
 */
export function simulatedServer(crds: readonly KubeObject[], at: string): SimulatedServer {
  const builtin = builtinSource();
  const custom = crdSource(crds);
  const kinds = newObjects(at);
  const kindOf = (object: KubeObject) => {
    const resource = builtin.resourceOf(gvkOf(object));
    return resource === undefined ? undefined : { ...resource, hasStatus: hasStatus(resource) };
  };
  return {
    isBuiltin: (object) => kindOf(object) !== undefined,
    create(object, index) {
      const metadata = {
        ...object.metadata,
        uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        resourceVersion: String(index),
        generation: 1,
        creationTimestamp: at,
      };
      const sent = { ...object, metadata };
      const kind = kindOf(object);
      return kind === undefined ? customObject(sent, custom) : kinds.create(sent, kind);
    },
    withDefaults(object) {
      const kind = kindOf(object);
      if (kind !== undefined) return kinds.withDefaults(object, kind);
      const schema = custom.schemaOf(gvkOf(object));
      return schema === undefined ? object : asObject(StructuralSchema.applyDefaults(schema, object));
    },
  };
}

/**
 * A new object of a custom kind, with the defaults of its schema and without unknown fields; or the refusal of an
 * invalid object. If the kind has a status subresource, the status is dropped.
 */
function customObject(object: KubeObject, source: SchemaSource): NewObject {
  const type = gvkOf(object);
  const [schema, resource] = [source.schemaOf(type), source.resourceOf(type)];
  if (schema === undefined || resource === undefined) return { object };
  const { status, ...rest } = object;
  const kept = status === undefined || hasStatus(resource) ? rest : { ...rest, status };
  const value = StructuralSchema.applyDefaults(schema, StructuralSchema.prune(schema, kept).value);
  const problems = schemaProblems(schema, value).map(({ field, message }) => `${field}: ${message}`);
  if (problems.length === 0) return { object: asObject(value) };
  const text = problems.length === 1 ? problems.join('') : `[${problems.join(', ')}]`;
  return { refusal: `${type.kind}.${type.group} ${JSON.stringify(object.metadata.name)} is invalid: ${text}` };
}

const hasStatus = ({ subresources }: ResourceInfo): boolean => subresources.includes('status');

const asObject = (value: JsonValue): KubeObject => value as KubeObject;
