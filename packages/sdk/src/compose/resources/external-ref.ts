import { variable } from '../ir/build.ts';
import { listOf } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { defineFactory } from '../value/native-functions.ts';
import { wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { createResource, makeRecord } from './create-resource.ts';
import { defineResourceFactory } from './define-resource-factory.ts';
import { activeTrace, currentTrace } from '../trace/current-trace.ts';
import { TypeKroError } from '@typekro/kit/core';
import type { Resource } from '../public-types.ts';

/** Identifies an object of another program by the name of the object. */
export interface ExternalReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly id?: string;
  /** Accepted and ignored: the schema of the kind states whether the kind is namespaced. */
  readonly scope?: 'Namespaced' | 'Cluster';
}

/**
 * Makes a reference to an object that exists outside the composition. The graph reads the object and never writes it.
 *
 * @example externalRef('v1', 'ConfigMap', 'settings', 'shared').data
 */
export const externalRef = defineResourceFactory(
  <
    Fields extends object = {
      spec: Record<string, unknown>;
      status: Record<string, unknown>;
      data: Record<string, string>;
    },
  >(
    apiVersion: string | ExternalReference,
    kind?: string,
    name?: string,
    namespace?: string,
  ): Resource<Fields> => {
    const reference = typeof apiVersion === 'string' ? positional(apiVersion, kind, name, namespace) : apiVersion;
    const { id, scope: _scope, ...manifest } = reference;
    return createResource<Fields>({ ...manifest }, { external: true, ...(id === undefined ? {} : { id }) });
  },
);

/**
 * The same as `externalRef({ apiVersion, kind, metadata })`, under another name.
 *
 * @example observedResource({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token' } }).data
 */
export const observedResource = defineResourceFactory(
  <
    Fields extends object = {
      spec: Record<string, unknown>;
      status: Record<string, unknown>;
      data: Record<string, string>;
    },
  >(
    reference: ExternalReference,
  ): Resource<Fields> => externalRef<Fields>(reference),
);

/** A label selector of Kubernetes. Without members it selects all objects. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values?: readonly string[];
  }[];
}

/** Selects objects of other programs by the labels of the objects. */
export interface ExternalReferences {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly selector: LabelSelector;
    /**
     * Namespace of the objects. By default, a Graph selects objects of all namespaces, and a composition selects
     * objects of the instance's namespace.
     */
    readonly namespace?: string;
  };
  readonly id?: string;
}

/**
 * Makes a list that refers to all objects of one kind whose labels match a selector. The graph reads the objects and
 * never writes them. Call this function inside the function of a graph or of a composition.
 *
 * @example externalRefs({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { selector: { matchLabels: { feed: 'yes' } } } }).map((feed) => feed.metadata.name)
 */
export const externalRefs = defineFactory(
  <
    Fields extends object = {
      spec: Record<string, unknown>;
      status: Record<string, unknown>;
      data: Record<string, string>;
    },
  >({
    id,
    ...manifest
  }: ExternalReferences): Resource<Fields>[] => {
    if (currentTrace() === undefined) {
      throw new TypeKroError('externalRefs() is called outside a composition', {
        code: 'compose/outside',
        remedy: 'call it inside the function of a composition or a graph',
      });
    }
    if (activeTrace().loops.length > 0) {
      refuse(
        'unsupported',
        `objects of kind ${manifest.kind} are selected in a loop`,
        'select them before the loop, and filter the list inside it',
      );
    }
    const record = makeRecord({ ...manifest }, { external: true, ...(id === undefined ? {} : { id }) });
    const all = variable(record.variable, listOf(record.type));
    return wrap(new Sym(all, { waits: true, label: record.id })) as Resource<Fields>[];
  },
);

function positional(apiVersion: string, kind = '', name = '', namespace?: string): ExternalReference {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}
