import { type JsonObject, type KubeObject, TypeKroError } from '@typekro/kit/core';
import { type SchemaSource, crdSource } from '@typekro/engine/schema';
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

/** The name and other metadata of an object, given at the top level instead of under `metadata`. */
export interface NamedInput extends MetadataInput {
  readonly name: string;
  readonly metadata?: never;
}

/** An object written as in YAML. */
export interface WholeInput {
  /** Optional; a value other than the `apiVersion` of the factory is refused. */
  readonly apiVersion?: string;
  /** Optional; a value other than the `kind` of the factory is refused. */
  readonly kind?: string;
  readonly metadata: MetadataInput;
}

/** The arguments of a factory other than the object. */
export interface FactoryExtras {
  /** Id in the graph; derived from kind and name when absent. */
  readonly id?: string | undefined;
  /** Resources that read this resource wait until it is ready (`readyWhen`). Default false. */
  readonly waitForReady?: boolean | undefined;
}

/**
 * The argument of a factory: the fields of the kind, with `metadata` or with `name`, `namespace`, `labels` … at the
 * top.
 */
export type FactoryInput<Fields extends object> = Settable<Fields> & FactoryExtras & (NamedInput | WholeInput);

/** The fields without the status, which the controller of the kind writes. */
export type Settable<Fields extends object> = {
  readonly [Key in keyof Fields as Key extends 'status' ? never : Key]: Fields[Key];
};

/**
 * The type of a value that a graph reads. Every field is required, because a read waits until the field is present. A
 * list has the mutable type `Item[]`, because functions commonly take that type.
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

/**
 * Makes resources of a kind that has top-level fields with the names of factory arguments. Such a factory takes whole
 * objects.
 */
export type WholeResourceFactory<Fields extends object> = (
  object: Settable<Fields> & WholeInput,
  extras?: FactoryExtras,
) => Resource<Read<Fields>>;

/** The facts about a kind that is not built-in. */
export interface KindFacts {
  readonly plural: string;
  readonly namespaced: boolean;
  /** The structural OpenAPI v3 schema of the kind, as in a CustomResourceDefinition. */
  readonly schema: JsonObject;
}

/** The options of `resourceFactory`. */
export interface ResourceFactoryOptions {
  /** The facts about a kind that is not built-in; called when a composition first uses the kind. */
  readonly facts?: () => KindFacts;
  /**
   * A condition in CEL over the object (`self`), which is true when the object is ready. Required for `waitForReady`.
   */
  readonly readyWhen?: string;
}

const MEMBERS = ['name', 'namespace', 'labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

/** The names in the argument of a factory that do not belong to the fields of its kind. */
export const OWN_MEMBERS: ReadonlySet<string> = new Set(['id', 'waitForReady', ...MEMBERS]);

/**
 * Makes a typed factory for one kind. The code that `typekro generate` writes calls this function.
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
  }) as ResourceFactory<Fields>;
}

/**
 * Makes a factory like `resourceFactory`, for a kind with top-level fields such as `name` or `id`. The factory takes
 * the whole object.
 */
export function wholeResourceFactory<Fields extends object>(
  apiVersion: string,
  kind: string,
  options: ResourceFactoryOptions = {},
): WholeResourceFactory<Fields> {
  const make = maker(apiVersion, kind, options);
  return defineResourceFactory((object: Record<string, unknown>, extras: Record<string, unknown> = {}) =>
    make(object, extras),
  ) as WholeResourceFactory<Fields>;
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
    const manifest = { ...definedOnly(fields), apiVersion, kind, metadata: metadata as object };
    const handle = createResource(manifest, { ...id, ...(schemas && { schemas }) });
    return extras['waitForReady'] === true ? waitingFor(handle, kind, options.readyWhen) : handle;
  };
}

const definedOnly = (fields: Record<string, unknown>) =>
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
 * Adds a rule of readiness (CEL over `self`) to a resource as `readyWhen`. Resources that read this resource wait until
 * the rule is true.
 *
 * @throws TypeKroError `compose/no-readiness` when the kind has no rule.
 */
export function waitingFor<Fields extends object>(
  handle: Resource<Fields>,
  kind: string,
  readyWhen: string | undefined,
): Resource<Fields> {
  if (readyWhen === undefined) {
    throw new TypeKroError(`${kind} has no rule for when it is ready`, {
      code: 'compose/no-readiness',
      remedy: 'leave waitForReady out: such an object is ready when it exists; or call withReadyWhen',
    });
  }
  const parts = readyWhen.split(/\bself\b/).flatMap((text, index) => [...(index > 0 ? [handle] : []), text]);
  return handle.withReadyWhen(Cel.expr(...parts.filter((part) => part !== '')));
}

/** The kind as a source of schemas, made from the CRD that an API server would have for it. */
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
