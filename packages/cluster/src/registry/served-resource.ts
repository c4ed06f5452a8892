import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { ConversionWebhook, DefinedNames } from '../crd/parsed-crd.ts';
import type { GroupResource } from '../errors/api-error.ts';
import type { Collection } from '../store/store.ts';
import type { Conversions, ServedVersion } from '../store/stored.ts';
import type { ObjectNode } from '../types/type-node.ts';
import type { Strategy } from '../kinds/strategy.ts';
import type { PrinterColumn } from '../table/columns.ts';

/** A subresource of a resource. */
export interface Subresource {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: ReadonlySet<string>;
}

/** The properties that only custom resources have. */
export interface CustomType {
  readonly strategy: Strategy;
  /** Prunes an object, adds its defaults, and decodes its metadata. `unknown` has the paths that were pruned. */
  decode(object: JsonObject): { value: JsonObject; unknown: readonly string[] };
  /** The paths of the values of the scale subresource. */
  readonly scale:
    | {
        readonly specReplicas: readonly string[];
        readonly statusReplicas: readonly string[];
        readonly selector: readonly string[] | undefined;
      }
    | undefined;
  /** The columns that the definition declares. */
  readonly columns: readonly PrinterColumn[];
  /** Paths that field selectors may name, in addition to name and namespace. */
  readonly selectable: ReadonlySet<string>;
  /** The `group/version` in which objects are stored. */
  readonly storageVersion: string;
  /** The warning that is added to each response. Set only when the version is deprecated. */
  readonly deprecation: string | undefined;
  /** The conversion webhook of the definition; `undefined` for the conversion strategy `None`. */
  readonly conversion:
    | {
        readonly webhook: ConversionWebhook;
        /** The form in which a stored object is sent to the webhook: with the defaults of its version. */
        sourceOf(object: KubeObject): KubeObject;
      }
    | undefined;
}

/** A resource in one version, for discovery and for the verbs. */
export interface ServedResource extends GroupResource, ServedVersion, DefinedNames {
  readonly group: string;
  readonly version: string;
  readonly namespaced: boolean;
  readonly verbs: ReadonlySet<string>;
  readonly subresources: ReadonlyMap<string, Subresource>;
  readonly apiVersion: string;
  /** The stored objects, which all versions of the resource share. */
  readonly collection: Collection;
  readonly node: ObjectNode;
  readonly custom: CustomType | undefined;
  /**
   * The object as later reads return it. In a built-in kind, a list that is always present becomes null when it is
   * empty.
   */
  settle(object: KubeObject): KubeObject;
  /** Converts an object to the storage version. `conversions` is required when a webhook converts the object. */
  toStorage(object: KubeObject, conversions?: Conversions): KubeObject;
  /** Converts an object of this version to another version of the resource. */
  convert(object: KubeObject, target: ServedResource, conversions?: Conversions): KubeObject;
  /**
   * The resource in another version; `undefined` when it does not exist. For a custom resource, the version need not be
   * served.
   */
  inVersion(apiVersion: string): ServedResource | undefined;
}
