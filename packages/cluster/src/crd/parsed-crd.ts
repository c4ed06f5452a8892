import { type JsonObject, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { asObject, asObjects, asText, asTexts, conditionOf, objectsAt } from '@typekro/kit/kubernetes';
import type { Schema } from '@typekro/engine/schema';
import type { PrinterColumn } from '../table/columns.ts';

/** A version of a CRD. */
export interface DefinedVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated: boolean;
  readonly deprecationWarning: string | undefined;
  readonly schema: Schema | undefined;
  readonly hasStatus: boolean;
  readonly scale:
    | {
        readonly specReplicasPath: string;
        readonly statusReplicasPath: string;
        readonly labelSelectorPath: string | undefined;
      }
    | undefined;
  readonly columns: readonly PrinterColumn[];
  readonly selectable: readonly string[];
}

/** The finalizer that keeps a deleted CRD until its objects are gone. */
export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

/** The names of the kind that a CRD declares. */
export interface DefinedNames {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

/** The webhook that converts the objects of a CRD between its versions. */
export interface ConversionWebhook {
  /** `spec.conversion.webhook.clientConfig`: the address of the webhook and its CA bundle. */
  readonly clientConfig: JsonObject;
  /** The versions of ConversionReview that the webhook understands, the preferred one first. */
  readonly reviewVersions: readonly string[];
}

/** The parsed content of a CustomResourceDefinition. */
export interface ParsedCrd {
  readonly object: KubeObject;
  readonly group: string;
  readonly namespaced: boolean;
  readonly names: DefinedNames;
  readonly versions: readonly DefinedVersion[];
  /** `undefined` for the strategy `None`, with which a conversion changes only `apiVersion`. */
  readonly conversion: ConversionWebhook | undefined;
}

/** Parses a CRD. */
export function readCrd(crd: KubeObject): ParsedCrd {
  const spec = crd.spec ?? {};
  return {
    object: crd,
    group: asText(spec['group']),
    namespaced: spec['scope'] === 'Namespaced',
    names: readNames(asObject(spec['names'])),
    versions: asObjects(spec['versions']).map(readVersion),
    conversion: readConversion(asObject(spec['conversion'])),
  };
}

function readConversion(conversion: JsonObject): ConversionWebhook | undefined {
  if (conversion['strategy'] !== 'Webhook') return undefined;
  const webhook = asObject(conversion['webhook']);
  return {
    clientConfig: asObject(webhook['clientConfig']),
    reviewVersions: asTexts(webhook['conversionReviewVersions']),
  };
}

/** Parses `spec.names` or `status.acceptedNames`. */
export function readNames(names: JsonObject): DefinedNames {
  return {
    plural: asText(names['plural']),
    singular: asText(names['singular']),
    kind: asText(names['kind']),
    listKind: asText(names['listKind']),
    shortNames: asTexts(names['shortNames']),
    categories: asTexts(names['categories']),
  };
}

function readVersion(version: JsonObject): DefinedVersion {
  const subresources = asObject(version['subresources']);
  const scale = subresources['scale'];
  const schema = asObject(version['schema'])['openAPIV3Schema'];
  return {
    name: asText(version['name']),
    served: version['served'] === true,
    storage: version['storage'] === true,
    deprecated: version['deprecated'] === true,
    deprecationWarning: typeof version['deprecationWarning'] === 'string' ? version['deprecationWarning'] : undefined,
    schema: isJsonObject(schema) ? schema : undefined,
    hasStatus: isJsonObject(subresources['status']),
    scale: isJsonObject(scale)
      ? {
          specReplicasPath: asText(scale['specReplicasPath']),
          statusReplicasPath: asText(scale['statusReplicasPath']),
          labelSelectorPath:
            typeof scale['labelSelectorPath'] === 'string' && scale['labelSelectorPath'] !== ''
              ? scale['labelSelectorPath']
              : undefined,
        }
      : undefined,
    columns: asObjects(version['additionalPrinterColumns']).map((column) => ({
      name: asText(column['name']),
      type: asText(column['type']),
      format: asText(column['format']),
      description: asText(column['description']),
      priority: typeof column['priority'] === 'number' ? column['priority'] : 0,
      jsonPath: asText(column['jsonPath']),
    })),
    selectable: asObjects(version['selectableFields']).map((field) => asText(field['jsonPath'])),
  };
}

/** The member names of a simple JSON path such as `.spec.replicas`. */
export const pathParts = (path: string): string[] => path.split('.').filter((part) => part !== '');

/** The conditions in the status of a CRD. */
export const conditionsOf = (object: KubeObject): JsonObject[] => objectsAt(object.status, 'conditions');

/** Does the object have the condition with status True? */
export const hasCondition = (object: KubeObject, type: string): boolean =>
  conditionOf(object, type)?.['status'] === 'True';
