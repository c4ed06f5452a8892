import { getOwn, isJsonObject, jsonEquals, type JsonObject, type JsonValue, type KubeObject } from '@typekro/kit/core';
import {
  asList,
  asObject,
  asText,
  conditionOf,
  dns1035Label,
  dnsSubdomain,
  listAt,
  objectsAt,
  optionalAt,
  textAt,
  type FieldError,
} from '@typekro/kit/kubernetes';
import { Failure, goJson, parseRequestUrl } from '@typekro/kit/golang';
import { crdNarrowings } from './crd-narrowings.ts';
import { columnErrors, conversionErrors, namesErrors, scaleErrors, selectableErrors } from './crd-parts.ts';
import { invalid, notSupported, required } from '../validation/field-error.ts';
import { structuralSchema } from '../lazy.ts';
import { structuralErrors, type SchemaChecks } from '../structural/structural.ts';
import { statusRootErrors } from '../structural/structural-root.ts';

/** The checks of a CustomResourceDefinition that need CEL. */
export interface CrdRules extends SchemaChecks {
  /**
   * Returns problems that concern all rules of a schema together, such as their total cost. Called once per schema,
   * after the other checks were made for all nodes of the schema.
   */
  readonly checkAllRules?: (schemaPath: string) => readonly FieldError[];
}

/**
 * The errors for which an API server refuses to create a CustomResourceDefinition. They concern names, group, scope,
 * versions, structural schemas, defaults, columns, subresources and conversion. Fields that the server defaults
 * (singular, listKind, conversion) may be missing.
 */
export function crdErrors(crd: KubeObject, options: CrdRules = {}): FieldError[] {
  const { spec, names } = partsOf(crd);
  return [
    ...nameErrors(crd.metadata.name ?? '', `${asText(names['plural'])}.${asText(spec['group'])}`),
    ...approvalErrors(crd),
    ...specErrors(crd, options),
  ];
}

/**
 * The errors for which an API server refuses an update of a stored CRD. Group and plural are immutable. Scope and kind
 * are immutable once the CRD is established. A version in which objects may be stored must not be removed.
 */
export function crdUpdateErrors(crd: KubeObject, old: KubeObject, options: CrdRules = {}): FieldError[] {
  const [next, before] = [partsOf(crd), partsOf(old)];
  const fixed = (field: string, value: JsonValue | undefined, stored: JsonValue | undefined): FieldError[] =>
    jsonEquals(value ?? null, stored ?? null) ? [] : [invalid(field, value, 'field is immutable')];
  const errors = [
    ...specErrors(crd, options, before.versions),
    ...fixed('spec.group', next.spec['group'], before.spec['group']),
    ...fixed('spec.names.plural', next.names['plural'], before.names['plural']),
    ...storedVersionErrors(crd, old),
    ...approvalErrors(crd, old),
  ];
  if (!isEstablished(old)) return errors;
  return [
    ...errors,
    ...fixed('spec.scope', next.spec['scope'], before.spec['scope']),
    ...fixed('spec.names.kind', next.names['kind'], before.names['kind']),
  ];
}

/** Is the CRD established, so that the server serves its objects? */
export const isEstablished = (crd: KubeObject): boolean => conditionOf(crd, 'Established')?.['status'] === 'True';

/**
 * Errors of removed versions. A former storage version may be removed only if `status.storedVersions` does not list it.
 */
function* storedVersionErrors(crd: KubeObject, old: KubeObject): Iterable<FieldError> {
  const names = new Set(partsOf(crd).versions.map((version) => asText(version['name'])));
  for (const [index, entry] of listAt(old.status, 'storedVersions').entries()) {
    const name = asText(entry);
    if (names.has(name)) continue;
    const detail = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    yield invalid(`status.storedVersions[${index}]`, name, detail);
  }
}

function partsOf(crd: KubeObject): { spec: JsonObject; names: JsonObject; versions: JsonObject[] } {
  const spec = asObject(crd.spec);
  return { spec, names: asObject(spec['names']), versions: objectsAt(spec, 'versions') };
}

function specErrors(crd: KubeObject, options: CrdRules, stored: readonly JsonObject[] = []): FieldError[] {
  const { spec, names, versions } = partsOf(crd);
  return [
    ...groupErrors(spec),
    ...scopeErrors(spec),
    ...versionErrors(versions),
    ...namesErrors(names),
    ...sharedErrors(versions, options, stored),
    ...conversionErrors(spec['conversion']),
    ...(spec['preserveUnknownFields'] === true ? [invalid('spec.preserveUnknownFields', true, PRESERVE)] : []),
  ];
}

const PRESERVE =
  'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';

function* nameErrors(name: string, wanted: string): Iterable<FieldError> {
  if (name === '') {
    yield required('metadata.name', 'name or generateName is required');
    return;
  }
  for (const problem of dnsSubdomain(name)) yield invalid('metadata.name', name, problem);
  if (name !== wanted) yield invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group');
}

function* groupErrors(spec: JsonObject): Iterable<FieldError> {
  const group = asText(spec['group']);
  if (group === '') {
    yield required('spec.group');
    return;
  }
  const problems = dnsSubdomain(group);
  if (problems.length > 0) yield invalid('spec.group', group, problems.join(','));
  else if (!group.includes('.')) yield invalid('spec.group', group, 'should be a domain with at least one dot');
}

function* scopeErrors(spec: JsonObject): Iterable<FieldError> {
  const scope = asText(spec['scope']);
  if (scope === '') yield required('spec.scope');
  else if (scope !== 'Cluster' && scope !== 'Namespaced')
    yield notSupported('spec.scope', scope, ['Cluster', 'Namespaced']);
}

function* versionErrors(versions: readonly JsonObject[]): Iterable<FieldError> {
  const seen = new Set<string>();
  let stored = 0;
  for (const [index, version] of versions.entries()) {
    const name = asText(version['name']);
    const problems = dns1035Label(name);
    seen.add(name);
    if (version['storage'] === true) stored += 1;
    if (problems.length > 0) {
      // The server reports an invalid name of the first version also for `spec.version`, the field of v1beta1.
      if (index === 0 && name !== '') yield invalid('spec.version', name, problems.join(','));
      yield invalid(`spec.versions[${index}].name`, name, problems.join(','));
    }
    const warning = version['deprecationWarning'] ?? undefined;
    for (const problem of warning === undefined ? [] : warningProblems(version, asText(warning))) {
      yield raw(`spec.versions[${index}].deprecationWarning`, goJson(warning), problem);
    }
  }
  const printed = () => printVersions(versions);
  if (seen.size < versions.length) yield raw('spec.versions', printed(), 'must contain unique version names');
  if (stored !== 1) yield raw('spec.versions', printed(), 'must have exactly one version marked as storage version');
  const [first, ...others] = versions.filter((version) => version['storage'] === true).map(({ name }) => asText(name));
  for (const other of others)
    yield invalid('status.storedVersions', [first ?? ''], `must have the storage version ${other}`);
  if (stored === 0) yield invalid('status.storedVersions', null, 'must have at least one stored version');
}

function warningProblems(version: JsonObject, warning: string): string[] {
  if (version['deprecated'] !== true) return ['can only be set for deprecated versions'];
  const problems: string[] = [];
  if (Buffer.byteLength(warning) > 256) problems.push('must be <= 256 characters long');
  if (warning === '') problems.push('must not be an empty string');
  const unprintable = /[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/u.exec(warning);
  if (unprintable !== null) {
    const index = Buffer.byteLength(warning.slice(0, unprintable.index));
    problems.push(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`);
  }
  return problems;
}

const raw = (field: string, value: string, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${value}: ${detail}`,
});

/**
 * Formats the versions like the server: with the member names of its Go type, and with null for schemas, subresources,
 * columns and selectable fields.
 */
function printVersions(versions: readonly JsonObject[]): string {
  const printed = versions.map((version) => {
    const member = (name: string) => JSON.stringify(version[name] ?? null);
    const flags = `"Served":${version['served'] === true},"Storage":${version['storage'] === true},"Deprecated":${version['deprecated'] === true}`;
    const rest = '"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null';
    return `{"Name":${member('name')},${flags},"DeprecationWarning":${member('deprecationWarning')},${rest}}`;
  });
  return `[${printed.join(',')}]`;
}

/**
 * Errors of schemas, columns and subresources. An error in a value that all versions share is reported once, under the
 * value's path in `apiextensions/v1beta1`, such as `spec.validation`.
 */
function* sharedErrors(
  versions: readonly JsonObject[],
  options: CrdRules,
  stored: readonly JsonObject[],
): Iterable<FieldError> {
  const schemaOf = (version: JsonObject) =>
    isJsonObject(version['schema']) ? version['schema']['openAPIV3Schema'] : undefined;
  for (const [index, version] of versions.entries()) {
    if (!isJsonObject(schemaOf(version))) yield required(`spec.versions[${index}].schema.openAPIV3Schema`);
  }
  const schemas = places(versions, schemaOf, 'spec.validation', (index) => `spec.versions[${index}].schema`);
  for (const { value, path, index, isShared } of schemas) {
    if (!isJsonObject(value)) continue;
    const field = `${path}.openAPIV3Schema`;
    const owners = versions.filter((_version, at) => isShared || at === index);
    if (owners.some((version) => optionalAt(version, 'subresources', 'status') !== undefined))
      yield* statusRootErrors(value, field);
    yield* structuralErrors(value, field, options);
    if (options.checkAllRules !== undefined) yield* options.checkAllRules(field);
  }
  const parts = (name: string) =>
    places(
      versions,
      (version) => version[name],
      `spec.${name}`,
      (index) => `spec.versions[${index}].${name}`,
    );
  for (const { value, path } of parts('additionalPrinterColumns')) {
    for (const [index, column] of asList(value).entries())
      if (isJsonObject(column)) yield* columnErrors(column, `${path}[${index}]`);
  }
  for (const { value, path, index, isShared } of parts('selectableFields')) {
    if (!Array.isArray(value) || value.length === 0) continue;
    const schema = schemaOf(versions[index] ?? {});
    const before = stored.find(({ name }) => name === versions[index]?.['name'])?.['selectableFields'];
    if (isJsonObject(schema)) yield* selectableErrors(value, structuralSchema(schema), path, before);
    else yield invalid(path, '', isShared ? NO_SHARED_SCHEMA : NO_SCHEMA);
  }
  for (const { value, path } of parts('subresources')) {
    if (isJsonObject(value) && isJsonObject(value['scale'])) yield* scaleErrors(value['scale'], `${path}.scale`);
  }
}

const NO_SHARED_SCHEMA = 'may only be set when validations.schema is included';
const NO_SCHEMA = 'may only be set when `version.schema.openAPIV3Schema` is not included';

/** A value of one version, or a value that all versions share. */
interface SharedValue {
  readonly value: JsonValue;
  readonly path: string;
  readonly index: number;
  readonly isShared: boolean;
}

function* places(
  versions: readonly JsonObject[],
  read: (version: JsonObject) => JsonValue | undefined,
  shared: string,
  own: (index: number) => string,
): Iterable<SharedValue> {
  const values = versions.map(read);
  const [first] = values;
  const isShared = values.every((value) => jsonEquals(value ?? null, first ?? null));
  for (const [index, value] of values.entries()) {
    if (value === undefined || value === null || (isShared && index > 0)) continue;
    yield { value, path: isShared ? shared : own(index), index, isShared };
  }
}

/** The rules of an API server for CRDs. */
export const CrdRules = { errors: crdErrors, updateErrors: crdUpdateErrors, narrowings: crdNarrowings, isEstablished };

const APPROVAL = 'api-approved.kubernetes.io';
const PROTECTED = /(?:^|\.)(?:k8s|kubernetes)\.io$/;

type Approval = 'absent' | 'bypassed' | 'approved' | 'invalid';

/**
 * The state of the annotation that approves a CRD. The annotation's value is a URL, or a reason that begins with
 * `unapproved`.
 */
function approvalOf({ metadata: { annotations = {} } }: KubeObject): {
  readonly state: Approval;
  readonly text: string;
} {
  const text = getOwn(annotations, APPROVAL) ?? '';
  if (text === '') return { state: 'absent', text };
  if (text.startsWith('unapproved')) return { state: 'bypassed', text };
  const url = parseRequestUrl(text);
  const isAddress = !(url instanceof Failure) && url.scheme !== '' && url.host !== '';
  return { state: isAddress ? 'approved' : 'invalid', text };
}

/**
 * Errors of CRDs in protected API groups (`k8s.io`, `kubernetes.io`), which require an approval annotation. An update
 * is valid if the state of the annotation does not change.
 */
function* approvalErrors(crd: KubeObject, old?: KubeObject): Iterable<FieldError> {
  if (!PROTECTED.test(textAt(crd.spec, 'group'))) return;
  const { state, text } = approvalOf(crd);
  if (old !== undefined && approvalOf(old).state === state) return;
  const field = `metadata.annotations[${APPROVAL}]`;
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  const wanted = `protected groups must have approval annotation "${APPROVAL}"`;
  if (state === 'absent') yield required(field, `${wanted}, ${see}`);
  else if (state === 'invalid')
    yield invalid(field, text, `${wanted} with either a URL or a reason starting with "unapproved", ${see}`);
}
