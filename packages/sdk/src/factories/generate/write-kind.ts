import { type JsonValue, formatApiVersion, isJsonObject, pascalCase } from '@typekro/kit/core';
import { OWN_MEMBERS } from '../../compose/resource-factory.ts';
import { quoteJs } from '../../javascript/index.ts';
import type { Schema } from '@typekro/engine/schema';
import { docComment, toTypeScript } from '../../notations/to-typescript.ts';
import type { KindPlan } from './kind-plan.ts';
import { factoryName, identifier } from './identifiers.ts';
import type { FilePart } from './shared-parts.ts';

/** The names of one kind in a generated file. */
export interface KindNames {
  readonly fields: string;
  readonly spec: string;
  readonly status: string;
  readonly factory: string;
}

/** Names under a base such as `Certificate` or, for a version that is not preferred, `CertificateV1beta1`. */
export function namesUnder(base: string): KindNames {
  return { fields: `${base}Fields`, spec: `${base}Spec`, status: `${base}Status`, factory: factoryName(base) };
}

/** The base of a kind's names. */
export function baseName(plan: KindPlan): string {
  const kind = pascalCase(plan.kind);
  return plan.preferred ? kind : identifier(kind + pascalCase(plan.version));
}

/** The members of an object that are not fields of its kind. */
const ENVELOPE = new Set(['apiVersion', 'kind', 'metadata']);
/** Does the kind have a top-level field whose name is one of `OWN_MEMBERS`? If so, its factory takes whole objects. */
export function takesWholeObjects(plan: KindPlan): boolean {
  return Object.keys(plan.schema.properties ?? {}).some((name) => OWN_MEMBERS.has(name));
}

/** The parts of a kind for which types are written. */
export interface KindParts {
  readonly spec: FilePart | undefined;
  readonly status: FilePart | undefined;
  readonly fields: FilePart;
}

/** The parts of a kind, with names made from a base. */
export function partsOf(plan: KindPlan, base: string): KindParts {
  const { spec, status } = ownParts(plan.schema);
  const names = namesUnder(base);
  return {
    spec: spec && { name: names.spec, base, schema: spec },
    status: status && { name: names.status, base, schema: status },
    fields: { base, schema: fieldsOf(plan) },
  };
}

/** The options of `writeKind`. */
export interface WriteKindOptions {
  readonly schemas: boolean;
  /** The name of the type for a schema, if the file declares this type elsewhere. */
  readonly nameOf: (schema: Schema) => string | undefined;
}

/** Writes the types and the factory of one kind. */
export function writeKind(plan: KindPlan, names: KindNames, parts: KindParts, options: WriteKindOptions): string {
  const { spec, status, fields } = parts;
  const external = (node: Schema) =>
    node === spec?.schema ? names.spec : node === status?.schema ? names.status : options.nameOf(node);
  return [
    ...(spec === undefined ? [] : [writePart(names.spec, spec.schema, options)]),
    ...(status === undefined ? [] : [writePart(names.status, status.schema, options)]),
    toTypeScript(fields.schema, { name: names.fields, input: true, external }),
    writeFactory(plan, names, options),
  ].join('\n');
}

/**
 * Writes the type of a spec or status. When another kind has the same type, the declaration refers to the type of that
 * kind.
 */
function writePart(name: string, schema: Schema, { nameOf }: WriteKindOptions): string {
  const external = (node: Schema) => {
    const found = nameOf(node);
    return node === schema && found === name ? undefined : found;
  };
  return toTypeScript(schema, { name, input: true, external });
}

/** The schemas of `spec` and `status`, if the kind has them. */
function ownParts(schema: Schema): { readonly spec?: Schema; readonly status?: Schema } {
  const part = (name: 'spec' | 'status') => {
    const found = schema.properties;
    return found !== undefined && Object.hasOwn(found, name) ? found[name] : undefined;
  };
  const [spec, status] = [part('spec'), part('status')];
  return { ...(spec && { spec }), ...(status && { status }) };
}

/** The schema of the fields that a factory takes, without the metadata. */
function fieldsOf(plan: KindPlan): Schema {
  const { properties = {}, required, ...rest } = plan.schema;
  const own = Object.fromEntries(Object.entries(properties).filter(([name]) => !ENVELOPE.has(name)));
  return {
    ...rest,
    type: 'object',
    description: `The fields of ${article(plan.kind)} without its metadata.`,
    properties: own,
    ...(required !== undefined && { required: required.filter((name) => !ENVELOPE.has(name)) }),
  };
}

/** `a Certificate`, `an Issuer`. */
export const article = (kind: string): string => `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;

/** Writes the docstring of a factory: the object that it makes, the purpose of the kind, and its readiness rule. */
export function factoryDoc(plan: KindPlan): string {
  const { kind, namespaced, shortNames, deprecated, readiness } = plan;
  const apiVersion = formatApiVersion(plan);
  const short = shortNames.length === 0 ? '' : `; short ${shortNames.map((name) => `\`${name}\``).join(', ')}`;
  const scope = namespaced ? 'namespaced' : 'cluster-scoped';
  const paragraphs = [
    `Makes ${article(kind)} (\`${apiVersion}\`, ${scope}${short}).`,
    plan.description.trim(),
    `Ready when ${readiness.words}.`,
  ];
  const text = paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
  const comment = docComment(text);
  if (!deprecated) return comment;
  return comment.replace(/\n \*\/\n$/, '\n *\n * @deprecated The CRD marks this version as deprecated.\n */\n');
}

function writeFactory(plan: KindPlan, names: KindNames, options: WriteKindOptions): string {
  const apiVersion = JSON.stringify(formatApiVersion(plan));
  const make = takesWholeObjects(plan) ? 'wholeResourceFactory' : 'resourceFactory';
  const type = takesWholeObjects(plan) ? 'WholeResourceFactory' : 'ResourceFactory';
  const lines: string[] = [];
  const { cel } = plan.readiness;
  if (cel !== undefined) lines.push(`    readyWhen: ${quoteJs(cel)},\n`);
  if (plan.facts !== undefined && options.schemas) {
    lines.push(
      `    facts: () => ({\n      plural: ${quoteJs(plan.plural)},\n      namespaced: ${plan.namespaced},\n` +
        `      schema: ${literalText(plan.facts, 2, '      ')},\n    }),\n`,
    );
  }
  const settings = lines.length === 0 ? '' : `,\n  {\n${lines.join('')}  }`;
  const call = `/* @__PURE__ */ ${make}<${names.fields}>(\n  ${apiVersion},\n  ${JSON.stringify(plan.kind)}${settings},\n)`;
  return `${factoryDoc(plan)}export const ${names.factory}: ${type}<${names.fields}> = ${call};\n`;
}

/** Writes a JSON value as an expression. Objects in the outermost `open` levels have one line per member. */
export function literalText(value: JsonValue, open: number, indent: string): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return quoteJs(value);
  if (Array.isArray(value)) return `[${value.map((entry) => literalText(entry, 0, indent)).join(', ')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).flatMap(([name, child]) =>
    child === undefined ? [] : [`${keyOf(name)}: ${literalText(child, open - 1, `${indent}  `)}`],
  );
  if (entries.length === 0) return '{}';
  if (open <= 0) return `{ ${entries.join(', ')} }`;
  return `{\n${entries.map((entry) => `${indent}  ${entry},\n`).join('')}${indent}}`;
}

/**
 * A key of an object literal. `__proto__` is written as a computed key, because a plain one would set the prototype.
 */
const keyOf = (name: string): string =>
  name === '__proto__' ? '["__proto__"]' : /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoteJs(name);
