import type { Schema } from '@typekro/engine/schema';
import { type Field, type ObjectStaticType, type StaticType, DYN, INTEGER, mapOf, BOOL, STRING } from '../ir/types.ts';
import type { DerivedField } from '../trace/records.ts';
import { resourceType } from './schema-type.ts';

/**
 * Counters of built-in kinds that the API server leaves out of a status when they are zero, so that an absent counter
 * is zero. Source: the `omitempty` members of the published types. In the type data, these members have neither `p` nor
 * `k` (`data/kubernetes-1.36/README.md`).
 */
const COUNTERS: Readonly<Record<string, readonly string[]>> = {
  'apps/Deployment': [
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
  ],
  'apps/ReplicaSet': ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'terminatingReplicas'],
  'apps/StatefulSet': ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
  'apps/DaemonSet': ['updatedNumberScheduled', 'numberAvailable', 'numberUnavailable'],
  'batch/Job': ['active', 'succeeded', 'failed', 'ready', 'terminating'],
  '/ReplicationController': ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
  'autoscaling/HorizontalPodAutoscaler': ['currentReplicas'],
};

/** Is a field of the status a counter, which a composition reads as 0 where the API server left it out? */
export const isCounter = (group: string, kind: string, field: string): boolean =>
  COUNTERS[`${group}/${kind}`]?.includes(field) ?? false;

/** Metadata that every stored object has. */
const SURE_METADATA = new Set(['name', 'uid', 'resourceVersion', 'creationTimestamp']);

const METADATA = new Map<string, StaticType>([
  ['name', STRING],
  ['namespace', STRING],
  ['uid', STRING],
  ['resourceVersion', STRING],
  ['generation', INTEGER],
  ['creationTimestamp', { kind: 'timestamp' }],
  ['deletionTimestamp', { kind: 'timestamp' }],
  ['labels', mapOf(STRING)],
  ['annotations', mapOf(STRING)],
]);

const metadataWith = (sure: ReadonlySet<string>): ObjectStaticType => ({
  kind: 'object',
  field: (name) => {
    const type = METADATA.get(name);
    return type === undefined ? undefined : { type, required: sure.has(name) };
  },
  names: () => [...METADATA.keys()],
  open: true,
});

const metadataType = metadataWith(SURE_METADATA);

/**
 * The type of a whole object of a kind. Without a schema, only the types of apiVersion, kind and metadata are known.
 */
export function kindType(
  group: string,
  kind: string,
  schema: Schema | undefined,
  derived: readonly DerivedField[],
): ObjectStaticType {
  const found = schema === undefined ? undefined : resourceType(schema);
  const base: ObjectStaticType | undefined = found?.kind === 'object' ? found : undefined;
  const counters = COUNTERS[`${group}/${kind}`] ?? [];
  let fields: Map<string, Field | undefined> | undefined;
  return {
    kind: 'object',
    open: base === undefined || base.open,
    names: () => base?.names() ?? ['apiVersion', 'kind', 'metadata'],
    field(name) {
      fields ??= new Map();
      if (!fields.has(name)) fields.set(name, rootField(name, base, counters, derived));
      return fields.get(name);
    },
  };
}

function rootField(
  name: string,
  base: ObjectStaticType | undefined,
  counters: readonly string[],
  derived: readonly DerivedField[],
): Field | undefined {
  if (name === 'metadata') return { type: metadataType, required: true };
  if (name === 'apiVersion' || name === 'kind') return { type: STRING, required: true };
  const field = base === undefined ? { type: DYN, required: false } : base.field(name);
  if (field?.type.kind !== 'object') return field;
  const extra = derived.filter((entry) => entry.path.startsWith(`${name}.`));
  if (extra.length === 0 && (name !== 'status' || counters.length === 0)) return field;
  return { ...field, type: extended(field.type, name === 'status' ? counters : [], extra) };
}

const DERIVED_TYPES = { string: STRING, integer: INTEGER, boolean: BOOL } as const;

function extended(
  type: ObjectStaticType,
  counters: readonly string[],
  derived: readonly DerivedField[],
): ObjectStaticType {
  return {
    ...type,
    names: () => [...type.names(), ...derived.map((entry) => entry.path.split('.')[1] as string)],
    field(name) {
      const entry = derived.find((candidate) => candidate.path.split('.')[1] === name);
      if (entry !== undefined) {
        const { cel, has, instead, path } = entry;
        return { type: DERIVED_TYPES[entry.type], required: has === undefined, derived: { cel, has, instead, path } };
      }
      const field = type.field(name);
      return field !== undefined && counters.includes(name) ? { ...field, counter: true } : field;
    },
  };
}

/** The type of the instance: its spec, and the metadata of a stored object. A namespaced instance has a namespace. */
export function instanceType(spec: StaticType, isNamespaced = true): ObjectStaticType {
  const sure = new Set([...SURE_METADATA, 'generation', ...(isNamespaced ? ['namespace'] : [])]);
  const fields = new Map<string, Field>([
    ['spec', { type: spec, required: true }],
    ['metadata', { type: metadataWith(sure), required: true }],
    ['apiVersion', { type: STRING, required: true }],
    ['kind', { type: STRING, required: true }],
  ]);
  return { kind: 'object', field: (name) => fields.get(name), names: () => [...fields.keys()], open: false };
}
