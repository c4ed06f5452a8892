import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, jsonEquals } from '../../core/index.ts';
import { fieldInvalid, fieldNotSupported, fieldRequired } from '../http/problems.ts';
import type { FieldProblem } from '../http/status.ts';
import { dns1035Label, dnsSubdomain } from '../kinds/names.ts';
import { listAt, objectAt, objectsAt, optionalAt, textAt } from '../kinds/parts.ts';
import { parseJsonPath } from '../table/json-path.ts';
import type { DefinedVersion, Definition } from './definition.ts';
import { readDefinition } from './definition.ts';
import { checkStructural } from './structural.ts';

const APPROVAL = 'api-approved.kubernetes.io';

/** Checks a definition. */
export function validateDefinition(object: KubeObject, problems: FieldProblem[], old?: KubeObject): void {
  const definition = readDefinition(object);
  const spec = object.spec ?? {};
  const { group, names } = definition;
  if (old === undefined && object.metadata.name !== `${names.plural}.${group}` && group !== '') {
    problems.push(fieldInvalid('metadata.name', object.metadata.name, 'must be spec.names.plural+"."+spec.group'));
  }
  if (group === '') problems.push(fieldRequired('spec.group'));
  else {
    for (const text of dnsSubdomain(group)) problems.push(fieldInvalid('spec.group', group, text));
    if (group.split('.').length < 2) problems.push(fieldInvalid('spec.group', group, 'should be a domain with at least one dot'));
  }
  checkApproval(object, group, old, problems);
  const scope = textAt(spec, 'scope');
  if (scope === '') problems.push(fieldRequired('spec.scope'));
  else if (scope !== 'Cluster' && scope !== 'Namespaced') problems.push(fieldNotSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  if (spec['preserveUnknownFields'] === true) {
    problems.push(fieldInvalid('spec.preserveUnknownFields', true, 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'));
  }
  checkVersions(definition, problems);
  checkNames(definition, problems);
  checkConversion(spec, problems);
  checkSchemas(definition, old, problems);
  checkStored(object, definition, problems);
}

/** Groups of the project itself are for those who were approved. */
function checkApproval(object: KubeObject, group: string, old: KubeObject | undefined, problems: FieldProblem[]) {
  const protectedGroup = ['k8s.io', 'kubernetes.io'].some((domain) => group === domain || group.endsWith(`.${domain}`));
  if (!protectedGroup || old !== undefined) return;
  const approval = object.metadata.annotations?.[APPROVAL] ?? '';
  const field = `metadata.annotations[${APPROVAL}]`;
  if (approval === '') {
    problems.push(fieldRequired(field, `protected groups must have approval annotation ${JSON.stringify(APPROVAL)}, see https://github.com/kubernetes/enhancements/pull/1111`));
  } else if (!approval.startsWith('unapproved') && !/^https?:\/\/\S+$/.test(approval)) {
    problems.push(fieldInvalid(field, approval, 'protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111'));
  }
}

/** Versions as the server's internal type prints them. */
const shownVersions = (definition: Definition, shared: boolean) =>
  definition.versions.map((version) => ({
    Name: version.name,
    Served: version.served,
    Storage: version.storage,
    Deprecated: version.deprecated,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: shared || version.schema === undefined ? null : { OpenAPIV3Schema: version.schema },
    Subresources: null,
    AdditionalPrinterColumns: null,
    SelectableFields: null,
  }));

function checkVersions(definition: Definition, problems: FieldProblem[]) {
  const { versions } = definition;
  const shown = () => shownVersions(definition, isShared(versions));
  if (versions.length === 0) problems.push(fieldRequired('spec.versions', 'must have at least one version'));
  else if (versions.filter((version) => version.storage).length !== 1) {
    problems.push(fieldInvalid('spec.versions', shown(), 'must have exactly one version marked as storage version'));
  }
  if (new Set(versions.map((version) => version.name)).size !== versions.length) {
    problems.push(fieldInvalid('spec.versions', shown(), 'must contain unique version names'));
  }
  for (const [index, version] of versions.entries()) {
    for (const text of dns1035Label(version.name)) {
      problems.push(fieldInvalid(`spec.versions[${index}].name`, version.name, text));
      if (index === 0) problems.push(fieldInvalid('spec.version', version.name, text));
    }
    if (version.deprecationWarning === undefined) continue;
    const field = `spec.versions[${index}].deprecationWarning`;
    if (!version.deprecated) problems.push(fieldInvalid(field, version.deprecationWarning, 'can only be set for deprecated versions'));
    else if (version.deprecationWarning === '') problems.push(fieldInvalid(field, '', 'must not be empty'));
    else if (version.deprecationWarning.length > 256) problems.push(fieldInvalid(field, version.deprecationWarning, 'must be <= 256 characters long'));
  }
}

function checkNames({ names }: Definition, problems: FieldProblem[]) {
  const required: (readonly [string, string])[] = [['plural', names.plural], ['singular', names.singular], ['kind', names.kind], ['listKind', names.listKind]];
  for (const [key, value] of required) {
    if (value === '') {
      problems.push(fieldRequired(`spec.names.${key}`));
      continue;
    }
    for (const text of dns1035Label(value.toLowerCase())) {
      const detail = key === 'kind' || key === 'listKind' ? `may have mixed case, but should otherwise match: ${text}` : text;
      problems.push(fieldInvalid(`spec.names.${key}`, value, detail));
    }
  }
  for (const key of ['plural', 'singular'] as const) {
    if (names[key] !== names[key].toLowerCase()) for (const text of dns1035Label(names[key])) problems.push(fieldInvalid(`spec.names.${key}`, names[key], text));
  }
  for (const [index, name] of names.shortNames.entries()) for (const text of dns1035Label(name)) problems.push(fieldInvalid(`spec.names.shortNames[${index}]`, name, text));
  for (const [index, name] of names.categories.entries()) for (const text of dns1035Label(name)) problems.push(fieldInvalid(`spec.names.categories[${index}]`, name, text));
  if (names.kind !== '' && names.kind === names.listKind) problems.push(fieldInvalid('spec.names.listKind', names.listKind, 'kind and listKind may not be the same'));
}

function checkConversion(spec: JsonObject, problems: FieldProblem[]) {
  const conversion = objectAt(spec, 'conversion');
  const strategy = textAt(conversion, 'strategy');
  if (strategy === '') problems.push(fieldRequired('spec.conversion.strategy'));
  else if (strategy !== 'None' && strategy !== 'Webhook') problems.push(fieldNotSupported('spec.conversion.strategy', strategy, ['None', 'Webhook']));
  if (strategy !== 'Webhook') return;
  const webhook = optionalAt(conversion, 'webhook');
  if (optionalAt(webhook, 'clientConfig') === undefined) problems.push(fieldRequired('spec.conversion.webhookClientConfig', 'required when strategy is set to Webhook'));
  if (listAt(webhook, 'conversionReviewVersions').length === 0) problems.push(fieldRequired('spec.conversion.conversionReviewVersions'));
}

/** What all versions have alike the server keeps, and names, at the top. */
function isShared(versions: readonly DefinedVersion[]): boolean {
  const json = (version: DefinedVersion | undefined) => version?.schema as JsonValue | undefined;
  return versions.every((version) => jsonEquals(json(version), json(versions[0])));
}

function checkSchemas(definition: Definition, old: KubeObject | undefined, problems: FieldProblem[]) {
  const { versions, object } = definition;
  const shared = isShared(versions);
  const before = old === undefined ? undefined : objectsAt(old.spec, 'versions');
  for (const [index, version] of versions.entries()) {
    const at = shared ? 'spec' : `spec.versions[${index}]`;
    const raw = objectsAt(object.spec, 'versions')[index];
    if (version.schema === undefined) {
      problems.push(fieldRequired(`spec.versions[${index}].schema.openAPIV3Schema`));
      continue;
    }
    if (shared && index > 0) continue;
    const unchanged = before?.some((entry) => jsonEquals(entry['schema'], raw?.['schema'])) ?? false;
    if (!unchanged) checkStructural(version.schema, shared ? 'spec.validation.openAPIV3Schema' : `${at}.schema.openAPIV3Schema`, problems);
    checkScale(version, at, raw, problems);
    checkColumns(version, at, problems);
  }
}

function checkScale(version: DefinedVersion, at: string, raw: JsonObject | undefined, problems: FieldProblem[]) {
  const { scale } = version;
  if (scale === undefined || !isJsonObject(raw)) return;
  const field = `${at}.subresources.scale`;
  const check = (key: string, path: string, roots: readonly string[], text: string) => {
    if (path === '') problems.push(fieldRequired(`${field}.${key}`));
    else if (!roots.some((root) => path.startsWith(`${root}.`)) || path.includes('[')) problems.push(fieldInvalid(`${field}.${key}`, path, text));
  };
  check('specReplicasPath', scale.specReplicasPath, ['.spec'], 'should be a json path under .spec');
  check('statusReplicasPath', scale.statusReplicasPath, ['.status'], 'should be a json path under .status');
  if (scale.labelSelectorPath !== undefined) check('labelSelectorPath', scale.labelSelectorPath, ['.spec', '.status'], 'should be a json path under either .spec or .status');
}

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];

function checkColumns(version: DefinedVersion, at: string, problems: FieldProblem[]) {
  for (const [index, column] of version.columns.entries()) {
    const field = `${at}.additionalPrinterColumns[${index}]`;
    if (column.name === '') problems.push(fieldRequired(`${field}.name`));
    if (column.type === '') problems.push(fieldRequired(`${field}.type`, `must be one of ${COLUMN_TYPES.join(',')}`));
    else if (!COLUMN_TYPES.includes(column.type)) problems.push(fieldInvalid(`${field}.type`, column.type, `must be one of ${COLUMN_TYPES.join(',')}`));
    if (column.jsonPath === '') problems.push(fieldRequired(`${field}.JSONPath`));
    else if (!column.jsonPath.startsWith('.') || parseJsonPath(column.jsonPath) === undefined) {
      problems.push(fieldInvalid(`${field}.JSONPath`, column.jsonPath, 'must be a simple json path starting with .'));
    }
  }
}

function checkStored(object: KubeObject, definition: Definition, problems: FieldProblem[]) {
  const stored = listAt(object.status, 'storedVersions');
  if (stored.length === 0) problems.push(fieldInvalid('status.storedVersions', null, 'must have at least one stored version'));
  for (const [index, name] of stored.entries()) {
    if (definition.versions.some((version) => version.name === name)) continue;
    problems.push(
      fieldInvalid(
        `status.storedVersions[${index}]`,
        name,
        `missing from spec.versions; ${String(name)} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${String(name)} and removes ${String(name)} from status.storedVersions`,
      ),
    );
  }
}

/** Checks what may not change in a definition once it is established. */
export function validateDefinitionUpdate(object: KubeObject, old: KubeObject, problems: FieldProblem[]): void {
  const established = objectsAt(old.status, 'conditions').some((condition) => condition['type'] === 'Established' && condition['status'] === 'True');
  const immutable = (field: string, after: JsonValue | undefined, before: JsonValue | undefined) => {
    if (!jsonEquals(after, before)) problems.push(fieldInvalid(field, after ?? null, 'field is immutable'));
  };
  const names = (source: KubeObject) => objectAt(source.spec, 'names');
  immutable('spec.group', object.spec?.['group'], old.spec?.['group']);
  immutable('spec.names.plural', names(object)['plural'], names(old)['plural']);
  if (!established) return;
  immutable('spec.scope', object.spec?.['scope'], old.spec?.['scope']);
  immutable('spec.names.kind', names(object)['kind'], names(old)['kind']);
}
