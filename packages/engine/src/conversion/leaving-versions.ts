import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  definedMembers,
  isJsonObject,
  mergeJson,
  setOwn,
} from '@typekro/kit/core';
import { asObject, asObjects, asText, asTexts, textAt } from '@typekro/kit/kubernetes';
import { CrdSchema } from '../schema/index.ts';
import { type ConversionProgram, CONVERSIONS_ANNOTATION, printProgram } from './conversion-program.ts';
import type { Converter } from './converter.ts';
import { KEPT_FIELDS_ANNOTATION, keptFieldsOf, withKeptFields } from './kept-fields.ts';
import { hasProgram, programOf } from './program-of-crd.ts';

/** The versions of a CRD that the wanted CRD lacks, if one of them has conversions. */
export function leavingVersions(existing: KubeObject, wanted: KubeObject): JsonObject[] {
  if (!hasProgram(existing) && !hasProgram(wanted)) return [];
  const names = new Set(CrdSchema.versions(wanted).map((version) => textAt(version, 'name')));
  return CrdSchema.versions(existing).filter((version) => !names.has(textAt(version, 'name')));
}

/** Is the stored version of the wanted CRD the hub of the existing conversions? */
export const hasSameHub = (existing: KubeObject, wanted: KubeObject): boolean =>
  programOf(existing)?.hub === storedVersion(wanted);

/** The CRD without versions that no object needs. All objects are stored in its hub. */
export function withoutVersions(crd: KubeObject, names: ReadonlySet<string>): KubeObject {
  const { hub = '', versions: all = {} } = programOf(crd) ?? {};
  const rules = Object.entries(all).filter(([name]) => !names.has(name));
  const { [CONVERSIONS_ANNOTATION]: _former, ...others } = crd.metadata.annotations ?? {};
  const program = rules.length === 0 ? undefined : printProgram({ hub, versions: Object.fromEntries(rules) });
  const annotations = { ...others, ...definedMembers({ [CONVERSIONS_ANNOTATION]: program }) };
  const { conversion: _conversion, ...spec } = crd.spec ?? {};
  const versions = CrdSchema.versions(crd).filter((version) => !names.has(textAt(version, 'name')));
  return { ...crd, metadata: { ...crd.metadata, annotations }, spec: { ...spec, versions } };
}

/** The name of the version in which a CRD stores objects. */
export const storedVersion = (crd: KubeObject): string =>
  textAt(
    CrdSchema.versions(crd).find((version) => version['storage'] === true),
    'name',
  );

/**
 * The wanted CRD with what it needs of the existing one, as long as objects need it: versions that the wanted one lacks,
 * unserved, with their conversions, and the rules of former hubs. If the stored version changes at the same time, the
 * conversions of the versions do not fit, and the versions are left out.
 */
export function continuing(existing: KubeObject, wanted: KubeObject): KubeObject {
  const live = programOf(existing);
  if (live === undefined) return wanted;
  const leaving = live.hub === storedVersion(wanted) ? leavingVersions(existing, wanted) : [];
  const names = new Set(leaving.map((version) => textAt(version, 'name')));
  const rules = Object.entries(live.versions).filter(([name]) => names.has(name));
  const next = programOf(wanted);
  const last = live.hub === next?.hub ? live.former : live;
  const stored = new Set([...asTexts(existing.status?.['storedVersions']), ...(last === live ? [live.hub] : [])]);
  const former = next === undefined ? undefined : needed(last && withFirst(last, stored), next, stored);
  if (leaving.length === 0 && former === undefined) return wanted;
  const program = {
    hub: next?.hub ?? live.hub,
    versions: { ...next?.versions, ...Object.fromEntries(rules) },
    ...(former === undefined ? {} : { former }),
  };
  const annotations = { ...wanted.metadata.annotations, [CONVERSIONS_ANNOTATION]: printProgram(program) };
  const versions = [...CrdSchema.versions(wanted), ...leaving.map((version) => ({ ...version, served: false }))];
  return { ...wanted, metadata: { ...wanted.metadata, annotations }, spec: { ...wanted.spec, versions } };
}

/** The program with the version before all conversions, if objects are still stored in it. */
function withFirst({ former, ...program }: ConversionProgram, stored: ReadonlySet<string>): ConversionProgram {
  if (former !== undefined) return { ...program, former: withFirst(former, stored) };
  const [first, ...others] = [...stored].filter((version) => Object.hasOwn(program.versions, version));
  return first === undefined || others.length > 0 ? program : { ...program, former: { hub: first, versions: {} } };
}

/** The former programs that objects in stored versions need, as far as the next program still has their hubs. */
function needed(
  program: ConversionProgram | undefined,
  next: ConversionProgram,
  stored: ReadonlySet<string>,
): ConversionProgram | undefined {
  if (program === undefined || !Object.hasOwn(next.versions, program.hub)) return undefined;
  const { hub, versions } = program;
  const former = needed(program.former, next, stored);
  if (former === undefined && !stored.has(hub)) return undefined;
  return { hub, versions, ...(former === undefined ? {} : { former }) };
}

/**
 * The metadata with which an object no longer needs versions of its CRD; `undefined` if it needs none. An API server
 * refuses each apply to an object whose `managedFields` name a version that the CRD lacks, and other writes then drop
 * all field managers. The entries of the versions therefore move to the version in which the object is read, with those
 * of their fields that it has there. The values that are kept for the versions alone are dropped.
 *
 * @param versions the versions that end, as `group/version`
 * @param converter the conversions without them. A value that another version may have is then kept for that one
 * @returns a merge patch of the metadata, without a precondition
 */
export function metadataWithout(
  object: KubeObject,
  versions: ReadonlySet<string>,
  converter?: Converter,
): JsonObject | undefined {
  const managedFields = movedFields(object, versions);
  const annotations = withoutKept(object, versions, converter);
  if (managedFields === undefined && annotations === undefined) return undefined;
  return {
    ...(managedFields === undefined ? {} : { managedFields }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function movedFields(object: KubeObject, versions: ReadonlySet<string>): JsonObject[] | undefined {
  const entries = asObjects(object.metadata.managedFields);
  const isMoved = (entry: JsonObject) => versions.has(textAt(entry, 'apiVersion'));
  if (!entries.some(isMoved)) return undefined;
  // An API server keeps one entry for each of these keys.
  const moved = new Map<string, JsonObject>();
  for (const entry of entries) {
    const fieldsV1 = isMoved(entry) ? fieldsIn(object, asObject(entry['fieldsV1'])) : asObject(entry['fieldsV1']);
    if (Object.keys(fieldsV1).length === 0) continue;
    const next = isMoved(entry) ? { ...entry, apiVersion: object.apiVersion, fieldsV1 } : entry;
    const key = ['manager', 'operation', 'apiVersion', 'subresource'].map((member) => asText(next[member])).join('\n');
    const other = moved.get(key);
    moved.set(key, other === undefined ? next : united(other, next));
  }
  // An empty list does not change the entries; a list of one empty entry removes them.
  return moved.size === 0 ? [{}] : [...moved.values()];
}

/** One entry of two of the same manager, with the fields of both and the later time. */
const united = (one: JsonObject, other: JsonObject): JsonObject => ({
  ...(textAt(one, 'time') > textAt(other, 'time') ? one : other),
  fieldsV1: mergeJson(asObject(one['fieldsV1']), asObject(other['fieldsV1'])),
});

/** The fields of a set that a value has. Items of lists stay, because they are not found by their position. */
function fieldsIn(value: JsonValue | undefined, fields: JsonObject): JsonObject {
  if (Array.isArray(value)) return fields;
  const found: JsonObject = {};
  for (const [member, below] of Object.entries(fields)) {
    if (member === '.' || !isJsonObject(below)) {
      setOwn(found, member, below ?? {});
      continue;
    }
    const name = member.slice('f:'.length);
    if (!member.startsWith('f:') || !isJsonObject(value) || !Object.hasOwn(value, name)) continue;
    const inner = fieldsIn(value[name], below);
    if (Object.keys(below).length === 0 || Object.keys(inner).length > 0) setOwn(found, member, inner);
  }
  return found;
}

/** The change of the annotations that drops what is kept for the versions; `undefined` if nothing is. */
function withoutKept(
  object: KubeObject,
  versions: ReadonlySet<string>,
  converter: Converter | undefined,
): JsonObject | undefined {
  const kept = keptFieldsOf(object);
  const group = object.apiVersion.slice(0, object.apiVersion.lastIndexOf('/') + 1);
  const left = new Map([...kept].filter(([version]) => !versions.has(`${group}${version}`)));
  if (left.size === kept.size) return undefined;
  const dropped = [...kept].flatMap(([version, fields]) => (left.has(version) ? [] : fields));
  const { metadata } = withKeptFields(object, converter?.sharedWith(left, dropped) ?? left);
  const text = textAt(asObject(metadata), 'annotations', KEPT_FIELDS_ANNOTATION);
  return { [KEPT_FIELDS_ANNOTATION]: text === '' ? null : text };
}
