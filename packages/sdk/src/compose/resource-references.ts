import { formatApiVersion, oncePerObject } from '@typekro/kit/core';
import { crdSource } from '@typekro/engine/schema';
import type { CompositionCore } from './composition.ts';
import { type Manifest, createResource, handleOf, camelCase } from './resources/create-resource.ts';
import { addSchemas } from './resources/run-schemas.ts';
import { getMember } from './library/member.ts';
import { bring } from './resources/bring.ts';
import type { DerivedField, ResourceRecord } from './trace/records.ts';
import { refuse } from './refusal/refusal.ts';
import { isClusterScoped } from './served-kind.ts';
import type { Trace } from './trace/trace.ts';
import { hasTokens, referenceTo, symbolic } from './value/proxy.ts';
import { Sym } from './value/symbolic.ts';

/**
 * The resources of a composition as a list, which also has a member for each id. With `toResourceGraph`, each key of
 * the object that the resource builder returns is also a member. Each resource is a reference that another composition
 * may read. In the other composition, the reference becomes an `externalRef` to the object with the resource's name.
 */
export function resourceReferences(core: CompositionCore): Readonly<Record<string, object>> {
  const { graph, named } = core.traced;
  const references = new Map<string, object>();
  const byRecord = new Map<ResourceRecord, object>();
  for (const record of graph.records) {
    const reference = referenceToResource(core, record);
    byRecord.set(record, reference);
    references.set(record.id, reference);
  }
  for (const [key, value] of named) {
    const inner = symbolic(value);
    const record = inner instanceof Sym ? inner.resource : undefined;
    const reference = record === undefined ? undefined : byRecord.get(record);
    if (reference !== undefined && !references.has(key)) references.set(key, reference);
  }
  // The result is also a list, in the order in which the resources were made.
  const list = Object.freeze([...byRecord.values()]);
  // Defines the members: an assignment to an id such as `length` would throw, because the list is frozen.
  const own = Object.getOwnPropertyDescriptors(Object.fromEntries(references));
  return Object.freeze(Object.create(list, own) as Record<string, object>);
}

/**
 * A reference to the spec of a composition, for code that passes the spec on. A use of its values in another
 * composition is refused.
 */
export function schemaReference(core: CompositionCore): object {
  const refer = (label: string): object =>
    referenceTo(
      label,
      {},
      () =>
        refuse(
          'unsupported',
          `${label} belongs to another composition`,
          'pass the value in the spec of this composition',
        ),
      (key) => refer(`${label}.${key}`),
    );
  return refer(`${core.name}.schema`);
}

function referenceToResource(core: CompositionCore, record: ResourceRecord): object {
  const label = `${core.name}.resources.${record.id}`;
  const { apiVersion, kind } = record;
  return referenceTo(label, { id: record.id, apiVersion, kind }, () =>
    bringExternal(record, () => ({
      id: `${core.name}-${record.id}`,
      manifest: { apiVersion, kind, metadata: constantMetadata(record, label) },
      derived: record.options.derived ?? [],
      prepare: (trace) => addSchemas(trace, core.traced.sources),
    })),
  );
}

/**
 * The constant name and namespace of a resource. Refuses a collection, and a name or namespace that depends on the
 * spec.
 */
function constantMetadata(record: ResourceRecord, label: string): object {
  const remedy = 'call the composition inside this one, or name the object with externalRef()';
  if (record.loops.length > 0) return refuse('unsupported', `${label} is a collection, not one object`, remedy);
  const metadata = record.manifest['metadata'];
  const constant = (key: string): string | undefined => {
    const plain = typeof metadata === 'object' && metadata !== null && symbolic(metadata) === undefined;
    const value = plain ? (metadata as Readonly<Record<string, unknown>>)[key] : undefined;
    if (plain && value === undefined && key === 'namespace') return undefined;
    if (typeof value === 'string' && !hasTokens(value)) return value;
    return refuse('unsupported', `the ${key} of ${label} is known only when that composition runs`, remedy);
  };
  const name = constant('name');
  const namespace = constant('namespace');
  return namespace === undefined ? { name } : { name, namespace };
}

/**
 * The status of a composition, for another composition. The reference reads the status of the instance that has the
 * composition's name and is in the namespace of the reading instance.
 */
export function statusReference(core: CompositionCore): object {
  const label = `${core.name}.status`;
  return referenceTo(label, {}, () => {
    const { status } = statusOfInstance(core, { name: core.name });
    const inner = symbolic(status);
    return inner instanceof Sym ? inner : refuse('field', `${core.name} has no status`);
  });
}

/** The keys by which `bring` finds referenced instances: one object per composition, name and namespace. */
const instancesOf = oncePerObject((_: CompositionCore) => new Map<string, object>());

/**
 * Adds a reference to an instance of a composition to the running trace. Returns the id of the reference, and the
 * status.
 */
export function statusOfInstance(
  core: CompositionCore,
  metadata: { readonly name: string; readonly namespace?: string },
): { readonly id: string; readonly status: unknown } {
  const own = instancesOf(core);
  const place = `${metadata.namespace ?? ''}/${metadata.name}`;
  const key = own.get(place) ?? {};
  own.set(place, key);
  const instance = bringExternal(key, () => {
    const { names, served } = core.traced.graph;
    const apiVersion = formatApiVersion({ group: names.group ?? 'kro.run', version: names.version });
    return {
      id: metadata.name === core.name ? core.name : `${core.name}-${metadata.name}`,
      manifest: {
        apiVersion,
        kind: names.kind,
        metadata: isClusterScoped(served) ? { name: metadata.name } : metadata,
      },
      derived: [],
      prepare: (trace) => addSchemas(trace, crdSource([core.write('typekro').graph.instance.crd])),
    };
  });
  const record = instance.resource as ResourceRecord;
  return { id: record.id, status: getMember(handleOf(record), 'status') };
}

interface Brought {
  readonly id: string;
  readonly manifest: Manifest;
  readonly derived: readonly DerivedField[];
  readonly prepare: (trace: Trace) => void;
}

/** Returns the external resource of the running trace for `key`. The resource has no condition. */
function bringExternal(key: object, describe: () => Brought): Sym {
  return bring(key, (trace) => {
    const { id, manifest, derived, prepare } = describe();
    prepare(trace);
    const made = symbolic(createResource(manifest, { external: true, derived }));
    if (!(made instanceof Sym) || made.resource === undefined) throw new Error('a reference has no resource');
    made.resource.id = camelCase(id);
    return made;
  });
}
