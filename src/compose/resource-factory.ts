import { TypeKroError } from '../core/index.ts';
import type { JsonObject, KubeObject } from '../core/index.ts';
import { crdSource } from '../schema/index.ts';
import type { SchemaSource } from '../schema/index.ts';
import { Cel } from './cel-api.ts';
import { createResource } from './resources/create-resource.ts';
import { argumentMembers, requireKnown } from './factory-arguments.ts';
import { defineResourceFactory } from './resources/define-resource-factory.ts';
import type { Resource } from './public-types.ts';

/** Metadata that a factory takes. */
export interface MetadataInput {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly labels?: Readonly<Record<string, string | undefined>> | undefined;
  readonly annotations?: Readonly<Record<string, string | undefined>> | undefined;
  readonly finalizers?: readonly string[] | undefined;
  readonly ownerReferences?: readonly OwnerReferenceInput[] | undefined;
}

/** An entry of `ownerReferences` that a factory takes. */
export interface OwnerReferenceInput {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean | undefined;
  readonly blockOwnerDeletion?: boolean | undefined;
}

/** The name and other metadata of an object, given without a `metadata`. */
export interface NamedInput extends MetadataInput {
  readonly name: string;
  readonly metadata?: never;
}

/** An object written as in YAML. */
export interface WholeInput {
  /** May be left out; another one than the factory's is refused. */
  readonly apiVersion?: string;
  /** May be left out; another one than the factory's is refused. */
  readonly kind?: string;
  readonly metadata: MetadataInput;
}

/** What a factory wants to know besides the object. */
export interface FactoryExtras {
  /** Id in the graph; derived from kind and name when absent. */
  readonly id?: string | undefined;
  /** Whatever reads this resource waits until it is ready (`readyWhen`). Default false. */
  readonly waitForReady?: boolean | undefined;
}

/** The argument of a factory: the fields of the kind, with `metadata` or with `name`, `namespace`, `labels` … at the top. */
export type FactoryInput<Fields extends object> = Settable<Fields> & FactoryExtras & (NamedInput | WholeInput);

/** The fields without the status, which is its controller's. */
export type Settable<Fields extends object> = {
  readonly [Key in keyof Fields as Key extends 'status' ? never : Key]: Fields[Key];
};

/**
 * A type as a graph reads it: every field is there, or what reads it waits. A list is of the type that functions
 * commonly take, `Item[]`, although a graph cannot change it.
 */
export type Read<T> = T extends string | number | boolean | bigint | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? Read<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]-?: Read<Exclude<T[Key], undefined>> }
      : T;

/** Makes resources of one kind inside a composition. */
export type ResourceFactory<Fields extends object> = (input: FactoryInput<Fields>) => Resource<Read<Fields>>;

/** Makes resources of a kind whose own top-level fields are named like those that a factory takes. */
export type WholeResourceFactory<Fields extends object> = (
  object: Settable<Fields> & WholeInput,
  extras?: FactoryExtras,
) => Resource<Read<Fields>>;

/** What is known of a kind that is not built in. */
export interface KindFacts {
  readonly plural: string;
  readonly namespaced: boolean;
  /** Its structural OpenAPI v3 schema, as a CustomResourceDefinition states it. */
  readonly schema: JsonObject;
}

/** Facts behind a factory. */
export interface ResourceFactoryOptions {
  /** Schema of a kind that is not built in; called when the kind is first used in a composition. */
  readonly facts?: () => KindFacts;
  /** CEL over the object, written `self`: holds when it is ready. Needed for `waitForReady`. */
  readonly readyWhen?: string;
}

const MEMBERS = ['name', 'namespace', 'labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

/**
 * A factory for one kind. The functions that `typekro generate` writes are made by this; with it any kind
 * has a typed factory:
 *
 * @example const widget = resourceFactory<{ spec: { size: number } }>('example.com/v1', 'Widget');
 */
export function resourceFactory<Fields extends object>(
  apiVersion: string,
  kind: string,
  options: ResourceFactoryOptions = {},
): ResourceFactory<Fields> {
  const make = maker(apiVersion, kind, options);
  return defineResourceFactory((input: Record<string, unknown>) => {
    const { id, waitForReady, ...object } = argumentMembers(kind, input);
    if (object['metadata'] !== undefined) return make(object, { id, waitForReady });
    const metadata: Record<string, unknown> = {};
    for (const member of MEMBERS) {
      if (object[member] !== undefined) metadata[member] = object[member];
      delete object[member];
    }
    return make({ ...object, metadata }, { id, waitForReady });
  }) as unknown as ResourceFactory<Fields>;
}

/** As `resourceFactory`, for a kind with top-level fields such as `name` or `id`: the object is taken as it is. */
export function wholeResourceFactory<Fields extends object>(
  apiVersion: string,
  kind: string,
  options: ResourceFactoryOptions = {},
): WholeResourceFactory<Fields> {
  const make = maker(apiVersion, kind, options);
  return defineResourceFactory((object: Record<string, unknown>, extras: Record<string, unknown> = {}) =>
    make(object, extras),
  ) as unknown as WholeResourceFactory<Fields>;
}

function maker(apiVersion: string, kind: string, options: ResourceFactoryOptions) {
  let source: SchemaSource | undefined;
  const facts = options.facts;
  const schemas = facts === undefined ? undefined : () => (source ??= sourceOf(apiVersion, kind, facts()));
  return (object: Record<string, unknown>, extras: Record<string, unknown>): unknown => {
    checkKind(object, { apiVersion, kind });
    for (const name of ['id', 'waitForReady']) requireKnown(kind, name, extras[name]);
    const id = extras['id'] === undefined ? {} : { id: extras['id'] as string };
    const { metadata, ...fields } = object;
    const manifest = { ...given(fields), apiVersion, kind, metadata: metadata as object };
    const handle = createResource(manifest, { ...id, ...(schemas && { schemas }) });
    return extras['waitForReady'] === true ? waitingFor(handle, kind, options.readyWhen) : handle;
  };
}

const given = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function checkKind(object: Record<string, unknown>, own: { readonly apiVersion: string; readonly kind: string }): void {
  for (const member of ['apiVersion', 'kind'] as const) {
    const found = object[member];
    if (found === undefined || found === own[member]) continue;
    throw new TypeKroError(`the factory of ${own.kind} makes ${member} ${own[member]}, not ${String(found)}`, {
      code: 'compose/wrong-kind',
      remedy: `leave ${member} out, or use the factory of that kind`,
    });
  }
}

/**
 * The resource, with its rule of readiness (CEL over `self`) as `readyWhen`: what reads it waits until it is ready.
 *
 * @throws TypeKroError `compose/no-readiness` when its kind has no rule.
 */
export function waitingFor<Fields extends object>(
  handle: Resource<Fields>,
  kind: string,
  readyWhen: string | undefined,
): Resource<Fields> {
  if (readyWhen === undefined) {
    throw new TypeKroError(`${kind} has no rule that tells when it is ready`, {
      code: 'compose/no-readiness',
      remedy: 'leave waitForReady out: such an object is ready when it exists; or call withReadyWhen',
    });
  }
  const parts = readyWhen.split(/\bself\b/).flatMap((text, index) => [...(index > 0 ? [handle] : []), text]);
  return handle.withReadyWhen(Cel.expr(...parts.filter((part) => part !== '')));
}

/** The kind as a source of schemas, by way of the definition that an API server would have for it. */
function sourceOf(apiVersion: string, kind: string, facts: KindFacts): SchemaSource {
  const [group = '', version = ''] = apiVersion.split('/');
  const crd: KubeObject = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${facts.plural}.${group}` },
    spec: {
      group,
      scope: facts.namespaced ? 'Namespaced' : 'Cluster',
      names: { kind, plural: facts.plural },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: facts.schema } }],
    },
  };
  return crdSource([crd]);
}
