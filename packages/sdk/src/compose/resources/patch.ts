import { pascalCase, parseApiVersion } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import { kindType } from '../library/kind-type.ts';
import { getMember } from '../library/member.ts';
import type { ResourceHandle } from '../public-types.ts';
import { refuse } from '../refusal/refusal.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { resolveMerged } from '../value/merge.ts';
import { defineFactory } from '../value/native-functions.ts';
import { mergedPieces } from '../value/value-nodes.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { addRecord, checkId, copyOf, defaultId, refuseInPredicate } from './create-resource.ts';
import type { ExternalReference } from './external-ref.ts';
import { refuseOutsideGraph } from './def.ts';
import { schemaFor, schemasOf } from './run-schemas.ts';

/** The metadata that a patch may set. */
export interface PatchMetadata {
  readonly labels?: Readonly<Record<string, string | undefined>>;
  readonly annotations?: Readonly<Record<string, string | undefined>>;
}

/** A value of the type `T` in which objects may lack members. Lists must be complete. */
export type PartOf<T> = T extends string | number | boolean | bigint | null | undefined
  ? T
  : T extends readonly unknown[]
    ? T
    : T extends object
      ? { readonly [Key in keyof T]?: PartOf<T[Key]> }
      : T;

/** The fields that a patch adds to an object of a known type. */
export type PatchFields<Target> = { readonly metadata?: PatchMetadata } & {
  readonly [Key in Exclude<keyof Target, keyof ResourceHandle>]?: PartOf<Target[Key]>;
};

/** Options of `patch`. */
export interface PatchOptions {
  /** Id of the node in the graph; derived from the object when absent. */
  readonly id?: string;
}

/**
 * Adds fields to an object that exists: a `patch` node of the kind Graph. The graph owns these fields, and no others;
 * it releases them when the node is removed. A field with another owner is a conflict, which the Graph reports.
 * The object is named by a resource of the graph, by an element of `externalRefs()`, or by apiVersion, kind and
 * metadata.
 *
 * A patch of `status` goes to the subresource `status`. Such a patch must not have other fields.
 */
export interface Patch {
  <Target extends ResourceHandle>(target: Target, fields: PatchFields<Target>, options?: PatchOptions): void;
  (target: ExternalReference, fields: Readonly<Record<string, unknown>>, options?: PatchOptions): void;
}

/**
 * Adds fields to an object that exists: a `patch` node of the kind Graph.
 *
 * @example patch({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } }, { metadata: { labels: { tier: 'gold' } } });
 * @throws TypeKroError outside the function of `graph()`; for `status` together with other fields; for fields that
 * belong to the owner of the object.
 */
export const patch: Patch = defineFactory((target: unknown, fields: unknown, options: PatchOptions = {}): void => {
  refuseOutsideGraph('patch');
  refuseInPredicate('a patch');
  const { apiVersion, kind, metadata, name, written = { apiVersion, kind } } = identityOf(target);
  const { metadata: more, ...own } = contributed(fields, kind);
  const { group, version } = parseApiVersion(apiVersion);
  const schema = schemaFor(activeTrace(), { group, version, kind }, undefined);
  addRecord({
    id: options.id === undefined ? name : checkId(options.id),
    node: 'patch',
    explicitId: options.id !== undefined,
    manifest: copyOf({ ...written, metadata: { ...metadata, ...(more as object | undefined) }, ...own }) as Record<
      string,
      unknown
    >,
    apiVersion,
    kind,
    schema,
    type: kindType(group, kind, schema, []),
    options: {},
  });
});

/** The object that a patch changes, and the id of the node. */
interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: object;
  /**
   * The apiVersion and kind of a target that is a resource of the graph, as its template has them: each can be a
   * computed value.
   */
  readonly written?: object;
  readonly name: string;
}

function identityOf(raw: unknown): Identity {
  const target = resolveMerged(raw);
  const inner = symbolic(target);
  if (inner instanceof Sym) {
    const record = recordOf(inner);
    if (record !== undefined) return identityOfRecord(inner, record);
  }
  const given = target as Partial<ExternalReference> | undefined;
  const known = inner === undefined && typeof given === 'object';
  const { apiVersion, kind, metadata } = known ? given : {};
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || metadata?.name === undefined) {
    return refuse(
      'argument',
      'the target of patch() names no object',
      "pass a resource, or { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } }",
    );
  }
  const { name, namespace } = metadata;
  const id = defaultId(kind, { metadata: { name } });
  return {
    apiVersion,
    kind,
    metadata: namespace === undefined ? { name } : { name, namespace },
    name: `patch${pascalCase(id)}`,
  };
}

/** The record of the resource that the value represents, or of the collection that contains the value. */
function recordOf(value: Sym): ResourceRecord | undefined {
  const made = value.resource ?? activeTrace().resources.find(({ type }) => type === value.type);
  return made?.node === 'template' || made?.node === 'ref' ? made : undefined;
}

/** The identity of a node's object, as expressions that read the metadata of the observed object. */
function identityOfRecord(object: Sym, record: ResourceRecord): Identity {
  const { apiVersion, kind } = record;
  const own = getMember(wrap(object), 'metadata');
  const name = getMember(own, 'name');
  const namespaced = isNamespaced(record);
  const namespace = namespaced === false ? undefined : getMember(own, 'namespace');
  const metadata =
    namespaced === false ? { name } : { name, namespace: namespaced ? namespace : optionalNamespace(namespace) };
  const written = { apiVersion: record.manifest['apiVersion'], kind: record.manifest['kind'] };
  return { apiVersion, kind, written, metadata, name: `patch${pascalCase(record.id)}` };
}

function isNamespaced({ apiVersion, kind }: ResourceRecord): boolean | undefined {
  return schemasOf(activeTrace()).resourceOf({ ...parseApiVersion(apiVersion), kind })?.namespaced;
}

/** The namespace of an object. An object of an unknown kind may have none. */
function optionalNamespace(namespace: unknown): unknown {
  const inner = symbolic(namespace);
  if (!(inner instanceof Sym) || inner.absence === undefined) return namespace;
  return wrap(new Sym(inner.node, { absence: { ...inner.absence, waits: false }, label: inner.label }));
}

/** Checks the fields of a patch, and returns those that are given. */
function contributed(raw: unknown, kind: string): Record<string, unknown> {
  const fields = resolveMerged(raw);
  if (typeof fields !== 'object' || fields === null || symbolic(fields) !== undefined || mergedPieces(fields)) {
    return refuse(
      'types',
      `the fields of a patch of ${kind} are not known`,
      'write them as an object: { metadata: { … } }',
    );
  }
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => resolveMerged(value) !== undefined));
  const names = Object.keys(given);
  if (names.length === 0)
    refuse('argument', `the patch of ${kind} contributes no fields`, 'add the fields to set, or remove the patch');
  for (const name of ['apiVersion', 'kind'])
    if (names.includes(name))
      refuse('argument', `the patch of ${kind} sets ${name}`, 'the target has it; remove it here');
  if (names.includes('status') && names.length > 1) {
    const others = names.filter((name) => name !== 'status').join(', ');
    refuse(
      'argument',
      `the patch of ${kind} sets status together with ${others}; the API server accepts status only at a separate endpoint`,
      'write two patches: one with status only, one with the other fields',
    );
  }
  checkMetadata(resolveMerged(given['metadata']), kind);
  return given;
}

function checkMetadata(metadata: unknown, kind: string): void {
  if (metadata === undefined) return;
  if (typeof metadata !== 'object' || metadata === null || symbolic(metadata) !== undefined || mergedPieces(metadata)) {
    return refuse(
      'types',
      `the metadata of a patch of ${kind} is not known`,
      'write it as an object: { labels: { … } }',
    );
  }
  for (const key of ['name', 'namespace'])
    if (key in metadata)
      refuse(
        'argument',
        `the patch of ${kind} sets metadata.${key}`,
        `remove ${key} here: the target of the patch names the object`,
      );
  const refused = GraphObject.OWNING_METADATA.find((key) => key in metadata);
  if (refused === undefined) return;
  refuse(
    'argument',
    `the patch of ${kind} sets metadata.${refused}, which belongs to the owner of the object`,
    'set labels, annotations or other fields; create the object in this graph to own it',
  );
}
