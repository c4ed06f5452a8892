/**
 * Writes how the API of each earlier version of Kubernetes differs from the API of the next later version:
 * `npm run docs -- kubernetes-difference`. The script reads the published OpenAPI documents, discovery documents and
 * default roles of the Go modules `k8s.io/kubernetes` and `k8s.io/api`, which `go mod download` downloads.
 *
 * `data/kubernetes-1.36/README.md` describes the format of the files. The same modules always produce the same files.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { bundleTypes } from '../packages/engine/src/schema/bundle.ts';
import { goFieldsOf, protobufNumbersOf } from './go-fields.ts';
import { defaultRolesOf } from './kubernetes-roles.ts';

/** The version whose data is complete, and the earlier ones, latest first. */
const MINORS = [36, 35, 34] as const;
const dataOf = (minor: number) => new URL(`../data/kubernetes-1.${minor}/`, import.meta.url);

/** Downloads a module into the module cache. Returns its folder. */
function moduleFolder(name: string, version: string): string {
  const printed = execFileSync('go', ['mod', 'download', '-json', `${name}@${version}`], {
    cwd: tmpdir(),
    encoding: 'utf8',
  });
  return (JSON.parse(printed) as { Dir: string }).Dir;
}

const jsonAt = (...path: string[]): JsonValue => JSON.parse(readFileSync(join(...path), 'utf8')) as JsonValue;

/** The OpenAPI documents of the versions that a server serves by default. */
function openApiDocuments(folder: string): JsonValue[] {
  const directory = join(folder, 'api/openapi-spec/v3');
  const names = readdirSync(directory).filter((name) => name.endsWith('_openapi.json') && !isOffByDefault(name));
  return names.sort().map((name) => jsonAt(directory, name));
}

const isOffByDefault = (name: string): boolean => /v\d+(?:alpha|beta)/.test(name);

type Groups = Record<string, Record<string, JsonObject>>;

/**
 * The served resources by group-version and name. The core group is left out: its document has another format, and its
 * resources are the same in all versions.
 */
function servedResources(folder: string): Groups {
  const { items } = jsonAt(folder, 'api/discovery/aggregated_v2.json') as { items: JsonObject[] };
  const groups: Groups = {};
  for (const { metadata, versions } of items as unknown as AggregatedGroup[]) {
    for (const { version, resources } of versions) {
      if (isOffByDefault(version)) continue;
      groups[`${metadata.name}/${version}`] = Object.fromEntries(
        resources.map((each) => [String(each['resource']), each]),
      );
    }
  }
  return groups;
}

interface AggregatedGroup {
  readonly metadata: { readonly name: string };
  readonly versions: readonly { readonly version: string; readonly resources: readonly JsonObject[] }[];
}

/** The JSON Merge Patch (RFC 7386) that turns `later` into `earlier`; `undefined` for equal values. */
function mergePatch(later: JsonValue | undefined, earlier: JsonValue | undefined): JsonValue | undefined {
  if (isDeepStrictEqual(later, earlier)) return undefined;
  if (earlier === undefined) return null;
  if (!isJsonObject(later) || !isJsonObject(earlier)) return earlier;
  const patch: JsonObject = {};
  for (const name of new Set([...Object.keys(later), ...Object.keys(earlier)])) {
    const change = mergePatch(later[name], earlier[name]);
    if (change !== undefined) patch[name] = change;
  }
  return patch;
}

/**
 * The types in the format of `types.json`, without two facts that say nothing about the API: the groups of
 * `DeleteOptions` and `WatchEvent`, which depend on the OpenAPI generator, and the list types of fields that are not
 * lists.
 */
function typesOf(folder: string): JsonObject {
  const types = structuredClone(bundleTypes(openApiDocuments(folder))) as unknown as Record<string, JsonObject>;
  for (const [name, facts] of Object.entries(types)) {
    if (name === 'meta.v1.DeleteOptions' || name === 'meta.v1.WatchEvent') delete facts['gvk'];
    for (const field of Object.values(facts['fields'] as Record<string, JsonObject>))
      if (!String(field['t']).endsWith('[]')) delete field['list'];
  }
  return types;
}

/**
 * Adds three facts to the fields that are in the patch but not in `later`: the number of the protobuf form, whether the
 * field is a pointer, and whether it is written when it is empty. Only the sources in Go have these facts.
 */
function completeFields(patch: JsonObject, later: JsonObject, folder: string): void {
  for (const [type, change] of Object.entries(patch)) {
    if (!isJsonObject(change) || !isJsonObject(change['fields'])) continue;
    const [group = '', version = '', name = ''] = type.split('.');
    const present = later[type];
    const known = isJsonObject(present) && isJsonObject(present['fields']) ? present['fields'] : {};
    for (const [field, facts] of Object.entries(change['fields'])) {
      if (facts === null || known[field] !== undefined) continue;
      const source = (file: string) => readFileSync(join(folder, group, version, file), 'utf8');
      const number = protobufNumbersOf(source('generated.proto'), name)[field];
      if (number === undefined) throw new Error(`${type}.${field} has no number`);
      const { pointer, always } = goFieldsOf(source('types.go'), name)[field] ?? { pointer: false, always: false };
      Object.assign(facts as JsonObject, { n: number, ...(pointer ? { p: 1 } : {}), ...(always ? { k: 1 } : {}) });
    }
  }
}

/** Writes an object as JSON with one line for each member, sorted by name. */
function linesOf(value: JsonObject): string {
  const lines = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, change]) => `${JSON.stringify(name)}:${JSON.stringify(change)}`);
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n}`;
}

const folders = MINORS.map((minor) => ({
  minor,
  kubernetes: moduleFolder('k8s.io/kubernetes', `v1.${minor}.0`),
  api: moduleFolder('k8s.io/api', `v0.${minor}.0`),
}));

const [latest] = folders;
const complete = jsonAt(new URL('rbac-defaults.json', dataOf(MINORS[0])).pathname);
if (
  latest === undefined ||
  !isDeepStrictEqual(defaultRolesOf(latest.kubernetes, parse), byName(complete as JsonObject))
)
  throw new Error('the default roles of the latest version differ from those in data/; update data/ first');

/** The lists of roles and bindings as objects by namespace and name. */
function byName(lists: JsonObject): JsonObject {
  const key = ({ namespace = '', name }: { namespace?: string; name: string }) => `${namespace}/${name}`;
  return Object.fromEntries(
    Object.entries(lists).map(([plural, list]) => [
      plural,
      Object.fromEntries((list as JsonObject[]).map((object) => [key(object['metadata'] as { name: string }), object])),
    ]),
  );
}

for (const [index, { minor, kubernetes, api }] of folders.entries()) {
  const later = folders[index - 1];
  if (later === undefined) continue;
  const laterTypes = typesOf(later.kubernetes);
  const types = mergePatch(laterTypes, typesOf(kubernetes)) as JsonObject;
  completeFields(types, laterTypes, api);
  const resources = (mergePatch(servedResources(later.kubernetes), servedResources(kubernetes)) ?? {}) as JsonObject;
  const roles = mergePatch(defaultRolesOf(later.kubernetes, parse), defaultRolesOf(kubernetes, parse)) as JsonObject;
  const target = dataOf(minor);
  mkdirSync(target, { recursive: true });
  const text = `{"kubernetes":"1.${minor}","later":"1.${later.minor}","types":${linesOf(types)},"resources":${linesOf(resources)},"roles":${linesOf(roles)}}\n`;
  writeFileSync(new URL('difference.json', target), text);
  console.log(`wrote data/kubernetes-1.${minor}/difference.json, ${text.length} bytes`);
}
