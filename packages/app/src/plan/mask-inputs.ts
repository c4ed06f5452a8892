import type { GroupVersionKind, JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { gvkOf, isJsonObject, tryParseJson } from '@typekro/kit/core';
import { type Graph, Path } from '@typekro/engine/graph';
import { asText, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { Secrets } from '@typekro/engine/runtime';
import { isCopyAt, maskedValue } from '../instance/masked-value.ts';

/** The fields of a kind of instances that feed only Secrets, and the defaults of these fields. */
export interface SecretInputs {
  readonly definition: string;
  readonly kind: Pick<GroupVersionKind, 'group' | 'kind'>;
  /** Is the value of the instance's field used only in Secrets? */
  readonly hides: (path: string) => boolean;
  /** The values that the schema lists as allowed. They are public, and a masked list refuses every instance. */
  readonly listed: ReadonlySet<JsonValue>;
  /** The schema of an instance. Absent if the definition does not compile. */
  readonly schema?: JsonObject;
}

/** Masks a secret scalar. */
type Mask = (value: JsonValue) => JsonValue;

/** Returns the inputs of a graph. Without a graph, every field counts as an input if no other graph of the kind is known. */
export function secretInputs(definition: string, kind: SecretInputs['kind'], graph: Graph | undefined): SecretInputs {
  if (graph === undefined) return { definition, kind, hides: () => true, listed: new Set() };
  const [version] = objectsAt(graph.instance.crd.spec, 'versions');
  const schema = objectAt(version, 'schema', 'openAPIV3Schema');
  return { definition, kind, hides: Secrets.specOf(graph).hides, listed: new Set(listedValues(schema)), schema };
}

function listedValues(schema: JsonValue): JsonValue[] {
  if (Array.isArray(schema)) return schema.flatMap(listedValues);
  if (!isJsonObject(schema)) return [];
  const { enum: listed, ...rest } = schema;
  const others = Object.values(rest).flatMap((each) => (each === undefined ? [] : listedValues(each)));
  return Array.isArray(listed) ? [...listed, ...others] : others;
}

/**
 * Masks the inputs of Secrets in an instance, and their defaults in the CRD of its kind, in its definition and in the
 * revisions of the definition. Numeric defaults stay, because a definition whose numbers are masked does not compile.
 */
export function withMaskedInputs(object: KubeObject, inputs: readonly SecretInputs[], mask: Mask): KubeObject {
  const { spec, kind, metadata } = object;
  if (!isJsonObject(spec)) return object;
  const { group } = gvkOf(object);
  const ofKind = (a: string, b: string) => {
    const all = inputs.filter((each) => each.kind.group === a && each.kind.kind === b);
    const known = all.filter(({ schema }) => schema !== undefined);
    return known.length > 0 ? known : all;
  };
  const own = ofKind(group, kind);
  if (own.length > 0) {
    const annotations = maskedValue(metadata.annotations ?? {}, 'metadata.annotations', isCopyAt, (_at, each) =>
      mask(each),
    );
    const copies = metadata.annotations === undefined ? {} : { annotations: annotations as Record<string, string> };
    return { ...object, metadata: { ...metadata, ...copies }, spec: hidden(spec, 'spec', own, mask) as JsonObject };
  }
  const ofCrd = ofKind(textAt(spec, 'group'), textAt(spec, 'names', 'kind'));
  if (kind === 'CustomResourceDefinition' && ofCrd.length > 0) {
    const versions = objectsAt(spec, 'versions').map((version) => {
      const openAPIV3Schema = ofSchema(objectAt(version, 'schema', 'openAPIV3Schema'), '', ofCrd, mask);
      return { ...version, schema: { ...objectAt(version, 'schema'), openAPIV3Schema } };
    });
    return { ...object, spec: { ...spec, versions } };
  }
  const snapshot = kind === 'GraphRevision' ? objectAt(spec, 'snapshot') : undefined;
  const name = snapshot === undefined ? metadata.name : textAt(snapshot, 'name');
  const ofName = inputs.filter(({ definition }) => definition === name);
  if (ofName.length === 0 || (snapshot === undefined && kind !== 'ResourceGraphDefinition')) return object;
  if (snapshot === undefined) return { ...object, spec: ofDefinition(spec, ofName, mask) };
  const masked = { ...snapshot, spec: ofDefinition(objectAt(snapshot, 'spec'), ofName, mask) };
  return { ...object, spec: { ...spec, snapshot: masked } };
}

const hidden = (value: JsonValue, path: string, inputs: readonly SecretInputs[], mask: Mask): JsonValue =>
  maskedValue(
    value,
    path,
    (at, each) => each !== null && inputs.some(({ hides, listed }) => hides(at) && !listed.has(each)),
    (_at, each) => mask(each),
  );

/** Masks the defaults of a schema that are strings. */
function ofSchema(schema: JsonObject, path: string, inputs: readonly SecretInputs[], mask: Mask): JsonObject {
  const texts: Mask = (value) => (typeof value === 'string' ? mask(value) : value);
  const each = (members: JsonObject, at: (name: string) => string): JsonObject =>
    Object.fromEntries(
      Object.entries(members).map(([name, member]) => [
        name,
        isJsonObject(member) ? ofSchema(member, at(name), inputs, mask) : member,
      ]),
    );
  const { properties, default: value } = schema;
  return {
    ...each(schema, () => path),
    ...(value === undefined ? {} : { default: hidden(value, path, inputs, texts) }),
    ...(isJsonObject(properties) ? { properties: each(properties, (name) => Path.append(path, name)) } : {}),
  };
}

/** Masks the defaults in the SimpleSchema of a definition that are defaults of inputs. */
function ofDefinition(spec: JsonObject, inputs: readonly SecretInputs[], mask: Mask): JsonObject {
  const defaults = new Set<JsonValue>();
  for (const { schema = {}, ...each } of inputs) ofSchema(schema, '', [each], (value) => (defaults.add(value), value));
  const isUnknown = inputs.some(({ schema }) => schema === undefined);
  const literal = (text: string): string => {
    // kro unescapes a default twice: as the value of a marker, and as JSON.
    const forms = [text, tryParseJson(`"${text}"`), tryParseJson(`"${text.replaceAll(/\\(["\\])/g, '$1')}"`)];
    const isDefault = isUnknown || forms.some((form) => defaults.has(form ?? ''));
    return isDefault && text !== '' ? asText(mask(text)) : text;
  };
  const inLine = (line: string): string =>
    line.replace(DEFAULT_OF_FIELD, (_all, marker: string, value: string) => {
      const literals = /^"[[{]/.test(value) ? ESCAPED_LITERAL : LITERAL;
      if (!/^["[{]/.test(value)) return `${marker}${/^\s*string\b/.test(line) ? literal(value) : value}`;
      return `${marker}${value.replaceAll(literals, (all: string, quote: string, text: string, key?: string) => (key === undefined ? `${quote}${literal(text)}${quote}` : all))}`;
    });
  const schema = maskedValue(
    objectAt(spec, 'schema'),
    'schema',
    (at, each) => typeof each === 'string' && /^schema\.(?:spec|types)\b/.test(at),
    (_at, each) => inLine(asText(each)),
  );
  return { ...spec, schema };
}

/** Matches the marker `default` of SimpleSchema, and its value. */
export const DEFAULT_OF_FIELD = /(\bdefault\s*=\s*)("(?:\\.|[^"\\])*"|[[{].*|[^\s"]+)/s;

/** Matches a string of JSON. The last group matches for the name of a member. */
const LITERAL = /(")((?:\\.|[^"\\])*)"(\s*:)?/g;

/** Matches a string of JSON inside a quoted marker. */
const ESCAPED_LITERAL = /(\\")((?:[^"\\]|\\[^"])*)\\"(\s*:)?/g;
