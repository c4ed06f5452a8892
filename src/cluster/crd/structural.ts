import type { JsonObject, JsonValue } from '../../core/index.ts';
import type { Schema, ValidationRule } from '../../schema/index.ts';
import { applyDefaults, prune, validate } from '../../schema/index.ts';
import { RE2JS } from 're2js';
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../http/problems.ts';
import type { FieldProblem } from '../http/status.ts';
import { compileRule, fieldPathParts } from './rules.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Schemas deeper than this are refused. */
const MAX_DEPTH = 100;

/** Checks that a schema is structural; `path` is the field of the schema in the definition. */
export function checkStructural(schema: Schema, path: string, problems: FieldProblem[]): void {
  if (schema.type !== 'object') {
    problems.push(schema.type === undefined || schema.type === '' ? fieldRequired(`${path}.type`, 'must not be empty at the root') : fieldInvalid(`${path}.type`, schema.type, 'must be object at the root'));
    return;
  }
  checkMetadata(schema, path, problems);
  new StructuralCheck(schema, problems).node(schema, path, 0);
}

function checkMetadata(schema: Schema, path: string, problems: FieldProblem[]) {
  const metadata = schema.properties?.['metadata'];
  if (metadata === undefined) return;
  const foreign = Object.keys(metadata.properties ?? {}).some((name) => name !== 'name' && name !== 'generateName');
  if (foreign || Object.keys(metadata).some((key) => !['type', 'properties', 'description', 'required'].includes(key))) {
    problems.push(fieldForbidden(`${path}.properties[metadata]`, 'must not specify anything other than name and generateName, but metadata is implicitly specified'));
  }
}

class StructuralCheck {
  readonly #root: Schema;
  readonly #problems: FieldProblem[];

  constructor(root: Schema, problems: FieldProblem[]) {
    this.#root = root;
    this.#problems = problems;
  }

  node(schema: Schema, path: string, depth: number): void {
    const problems = this.#problems;
    if (depth > MAX_DEPTH) {
      problems.push(fieldForbidden(path, 'schema is nested too deeply'));
      return;
    }
    const free = schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
    const { type } = schema;
    if (type === undefined || type === '') {
      if (!free) problems.push(fieldRequired(`${path}.type`, place(path)));
    } else if (!TYPES.includes(type)) problems.push(fieldNotSupported(`${path}.type`, type, TYPES));
    this.#extensions(schema, path);
    this.#children(schema, path, depth);
    this.#combinations(schema, path, depth);
    this.#values(schema, path);
    for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) this.#rule(rule, schema, `${path}.x-kubernetes-validations[${index}]`);
  }

  #children(schema: Schema, path: string, depth: number) {
    const problems = this.#problems;
    const { properties, additionalProperties, items } = schema;
    if (schema.type === 'array' && items === undefined) problems.push(fieldRequired(`${path}.items`, 'must be specified'));
    if (Array.isArray(items)) problems.push(fieldForbidden(`${path}.items`, 'items must be a schema object and not an array'));
    else if (items !== undefined) this.node(items, `${path}.items`, depth + 1);
    const hasProperties = properties !== undefined && Object.keys(properties).length > 0;
    if (typeof additionalProperties === 'object') {
      if (hasProperties) problems.push(fieldForbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
      this.node(additionalProperties, `${path}.additionalProperties`, depth + 1);
    } else if (additionalProperties === false && hasProperties) {
      problems.push(fieldForbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
    }
    for (const [name, child] of Object.entries(properties ?? {})) {
      if (depth === 0 && name === 'metadata') continue;
      this.node(child, `${path}.properties[${name}]`, depth + 1);
    }
    for (const key of ['definitions', 'dependencies', 'patternProperties', 'uniqueItems', '$ref'] as const) {
      const value = (schema as JsonObject)[key];
      if (value === undefined || value === false) continue;
      const detail = key === 'uniqueItems' ? 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic' : `${key} is not supported`;
      problems.push(fieldForbidden(`${path}.${key}`, detail));
    }
  }

  /** Inside of alternatives nothing may be stated that would be needed to prune or default. */
  #combinations(schema: Schema, path: string, depth: number) {
    for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
      for (const [index, child] of (schema[key] ?? []).entries()) this.#junctor(child, schema, `${path}.${key}[${index}]`, depth + 1);
    }
    if (schema.not !== undefined) this.#junctor(schema.not, schema, `${path}.not`, depth + 1);
  }

  #junctor(schema: Schema, structural: Schema | undefined, path: string, depth: number): void {
    const problems = this.#problems;
    if (depth > MAX_DEPTH) return;
    const intOrString = structural?.['x-kubernetes-int-or-string'] === true;
    if (schema.type !== undefined && schema.type !== '' && !intOrString) problems.push(fieldForbidden(`${path}.type`, 'must be empty to be structural'));
    for (const key of ['default', 'description', 'title', 'nullable', 'additionalProperties', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string', 'x-kubernetes-list-type', 'x-kubernetes-map-type'] as const) {
      const value = schema[key];
      if (value === undefined || value === false || value === '') continue;
      problems.push(fieldForbidden(`${path}.${key}`, ['default', 'additionalProperties'].includes(key) ? 'must be undefined to be structural' : key === 'nullable' || key.startsWith('x-') ? 'must be false to be structural' : 'must be empty to be structural'));
    }
    for (const [name, child] of Object.entries(schema.properties ?? {})) {
      const own = structural?.properties?.[name];
      if (own === undefined && structural?.['x-kubernetes-preserve-unknown-fields'] !== true && (structural?.properties !== undefined || structural?.additionalProperties === undefined) && structural !== undefined && structural.properties !== undefined) {
        problems.push(fieldRequired(`${path.replace(/\.(allOf|anyOf|oneOf)\[\d+\].*$|\.not.*$/, '')}.properties[${name}]`, `because it is defined in ${path}.properties[${name}]`));
      }
      this.#junctor(child, own, `${path}.properties[${name}]`, depth + 1);
    }
    if (schema.items !== undefined) this.#junctor(schema.items, structural?.items, `${path}.items`, depth + 1);
    for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
      for (const [index, child] of (schema[key] ?? []).entries()) this.#junctor(child, structural, `${path}.${key}[${index}]`, depth + 1);
    }
    if (schema.not !== undefined) this.#junctor(schema.not, structural, `${path}.not`, depth + 1);
  }

  #extensions(schema: Schema, path: string) {
    const problems = this.#problems;
    const listType: string | undefined = schema['x-kubernetes-list-type'];
    if (listType !== undefined) {
      if (!['atomic', 'set', 'map'].includes(listType)) problems.push(fieldNotSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
      if (schema.type !== 'array') problems.push(fieldInvalid(`${path}.type`, schema.type ?? '', 'must be array if x-kubernetes-list-type is specified'));
    }
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    if (listType === 'map') this.#mapKeys(schema, keys, path);
    else if (keys.length > 0) problems.push(fieldInvalid(`${path}.x-kubernetes-list-type`, listType ?? '', 'must be map if x-kubernetes-list-map-keys is non-empty'));
    const mapType: string | undefined = schema['x-kubernetes-map-type'];
    if (mapType !== undefined) {
      if (!['atomic', 'granular'].includes(mapType)) problems.push(fieldNotSupported(`${path}.x-kubernetes-map-type`, mapType, ['granular', 'atomic']));
      if (schema.type !== 'object') problems.push(fieldInvalid(`${path}.type`, schema.type ?? '', 'must be object if x-kubernetes-map-type is specified'));
    }
    if (schema['x-kubernetes-embedded-resource'] === true) {
      if (schema.type !== 'object') problems.push(fieldInvalid(`${path}.type`, schema.type ?? '', 'must be object if x-kubernetes-embedded-resource is true'));
      if (schema['x-kubernetes-preserve-unknown-fields'] !== true && Object.keys(schema.properties ?? {}).length === 0) {
        problems.push(fieldRequired(`${path}.properties`, 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'));
      }
    }
  }

  #mapKeys(schema: Schema, keys: readonly string[], path: string) {
    const problems = this.#problems;
    if (keys.length === 0) problems.push(fieldRequired(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'));
    const items = schema.items;
    if (items === undefined) return;
    if (items.type !== 'object') problems.push(fieldInvalid(`${path}.items.type`, items.type ?? '', 'must be object if parent array\'s x-kubernetes-list-type is map'));
    const seen = new Set<string>();
    for (const [index, key] of keys.entries()) {
      const child = items.properties?.[key];
      if (seen.has(key)) problems.push({ reason: 'FieldValueInvalid', field: `${path}.x-kubernetes-list-map-keys[${index}]`, message: `Invalid value: ${JSON.stringify(key)}: must not contain duplicate entries` });
      seen.add(key);
      if (child === undefined) problems.push(fieldInvalid(`${path}.x-kubernetes-list-map-keys`, keys, 'entries must all be names of item properties'));
      else if (child.type === 'object' || child.type === 'array') problems.push(fieldInvalid(`${path}.items.properties[${key}].type`, child.type, 'must be a scalar type if parent array\'s x-kubernetes-list-type is map'));
      else if (child.default === undefined && !(items.required ?? []).includes(key)) {
        problems.push(fieldRequired(`${path}.items.properties[${key}].default`, 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'));
      }
    }
  }

  /** Patterns must compile and defaults must be valid and survive pruning. */
  #values(schema: Schema, path: string) {
    const problems = this.#problems;
    if (typeof schema.pattern === 'string' && schema.pattern !== '') {
      const wrong = patternError(schema.pattern);
      if (wrong !== undefined) problems.push(fieldInvalid(`${path}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${wrong}`));
    }
    if (schema.default === undefined) return;
    const field = `${path}.default`;
    const value: JsonValue = schema.default;
    const pruned = typeof value === 'object' && value !== null ? prune(schema, value, { resource: schema['x-kubernetes-embedded-resource'] === true }) : undefined;
    if (pruned !== undefined && pruned.unknown.length > 0) {
      problems.push(fieldInvalid(field, value, 'must not have unknown fields'));
      return;
    }
    for (const error of validate(schema, applyDefaults(schema, value), {})) {
      const inner = error.field === '<nil>' || error.field === '' ? field : `${field}.${error.field}`;
      problems.push({ ...error, field: inner, message: error.message.replaceAll(/<nil> in body/g, ' in body') });
    }
  }

  #rule(rule: ValidationRule, schema: Schema, path: string) {
    const problems = this.#problems;
    if ((rule.rule ?? '').trim() === '') {
      problems.push(fieldRequired(`${path}.rule`, 'rule is not specified'));
      return;
    }
    if (rule.message !== undefined && rule.message !== '' && rule.message.includes('\n')) problems.push(fieldInvalid(`${path}.message`, rule.message, 'message must not contain line breaks'));
    if (rule.fieldPath !== undefined && rule.fieldPath !== '' && !this.#leadsSomewhere(rule.fieldPath, schema)) {
      problems.push(fieldInvalid(`${path}.fieldPath`, rule.fieldPath, 'must be a valid path'));
    }
    const wrong = compileRule(rule, schema, schema === this.#root);
    if (wrong !== undefined) problems.push(fieldInvalid(`${path}.rule`, shownRule(rule), wrong));
  }

  #leadsSomewhere(path: string, schema: Schema): boolean {
    let node: Schema | undefined = schema;
    for (const part of fieldPathParts(path) ?? ['']) {
      const next: Schema | undefined = node?.properties?.[part] ?? (typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined);
      if (next === undefined) return false;
      node = next;
    }
    return fieldPathParts(path) !== undefined;
  }
}

const shownRule = (rule: ValidationRule) => ({
  Rule: rule.rule,
  Message: rule.message ?? '',
  MessageExpression: rule.messageExpression ?? '',
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? '',
  OptionalOldSelf: rule.optionalOldSelf ?? null,
});

/** Where a type is missing, by what the schema belongs to. */
function place(path: string): string {
  if (path.endsWith('.items')) return 'must not be empty for specified array items';
  return 'must not be empty for specified object fields';
}

function patternError(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Error) return thrown.message;
    throw thrown;
  }
}
