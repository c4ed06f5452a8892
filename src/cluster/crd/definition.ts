import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { Schema } from '../../schema/index.ts';

/** A version of a definition. */
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
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly format: string;
    readonly description: string;
    readonly priority: number;
    readonly jsonPath: string;
  }[];
  readonly selectable: readonly string[];
}

/** Names of a definition. */
export interface DefinedNames {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
}

/** A CustomResourceDefinition, read. */
export interface Definition {
  readonly object: KubeObject;
  readonly group: string;
  readonly namespaced: boolean;
  readonly names: DefinedNames;
  readonly versions: readonly DefinedVersion[];
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
const texts = (value: JsonValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
const object = (value: JsonValue | undefined): JsonObject => (isJsonObject(value) ? value : {});
const list = (value: JsonValue | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

/** Reads a definition. */
export function readCrd(crd: KubeObject): Definition {
  const spec = crd.spec ?? {};
  return {
    object: crd,
    group: text(spec['group']),
    namespaced: spec['scope'] === 'Namespaced',
    names: readNames(object(spec['names'])),
    versions: list(spec['versions']).map(readVersion),
  };
}

/** Reads `spec.names` or `status.acceptedNames`. */
export function readNames(names: JsonObject): DefinedNames {
  return {
    plural: text(names['plural']),
    singular: text(names['singular']),
    kind: text(names['kind']),
    listKind: text(names['listKind']),
    shortNames: texts(names['shortNames']),
    categories: texts(names['categories']),
  };
}

function readVersion(version: JsonObject): DefinedVersion {
  const subresources = object(version['subresources']);
  const scale = subresources['scale'];
  const schema = object(version['schema'])['openAPIV3Schema'];
  return {
    name: text(version['name']),
    served: version['served'] === true,
    storage: version['storage'] === true,
    deprecated: version['deprecated'] === true,
    deprecationWarning: typeof version['deprecationWarning'] === 'string' ? version['deprecationWarning'] : undefined,
    schema: isJsonObject(schema) ? schema : undefined,
    hasStatus: isJsonObject(subresources['status']),
    scale: isJsonObject(scale)
      ? {
          specReplicasPath: text(scale['specReplicasPath']),
          statusReplicasPath: text(scale['statusReplicasPath']),
          labelSelectorPath:
            typeof scale['labelSelectorPath'] === 'string' && scale['labelSelectorPath'] !== ''
              ? scale['labelSelectorPath']
              : undefined,
        }
      : undefined,
    columns: list(version['additionalPrinterColumns']).map((column) => ({
      name: text(column['name']),
      type: text(column['type']),
      format: text(column['format']),
      description: text(column['description']),
      priority: typeof column['priority'] === 'number' ? column['priority'] : 0,
      jsonPath: text(column['jsonPath']),
    })),
    selectable: list(version['selectableFields']).map((field) => text(field['jsonPath'])),
  };
}

/** The member names of a simple JSON path such as `.spec.replicas`. */
export const pathParts = (path: string): string[] => path.split('.').filter((part) => part !== '');

/** The conditions that a definition's status states. */
export const conditionsOf = (object: KubeObject): JsonObject[] => {
  const conditions = object.status?.['conditions'];
  return Array.isArray(conditions) ? conditions.filter(isJsonObject) : [];
};

/** Its condition of a type. */
export const conditionOf = (object: KubeObject, type: string) =>
  conditionsOf(object).find((condition) => condition['type'] === type);

/** Is the condition there and true? */
export const hasCondition = (object: KubeObject, type: string): boolean =>
  conditionOf(object, type)?.['status'] === 'True';
