/** Computes the files of a pod's volumes, and the links at the mount paths of containers. */
import { posix } from 'node:path';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { numberAt, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { type ConfigProblem, type ConfigSource, configEntries, isProblem } from './config-source.ts';
import { type PodFacts, fieldText, resourceText } from './downward.ts';
import type { TokenRequest } from './pod-tokens.ts';
import { expandVariables, missingVariables } from './container-settings.ts';

/** A file of a volume. */
export interface VolumeFile {
  /** A relative path without `..`. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

/** The sources of the files of a volume. */
export interface VolumeInput {
  readonly pod: KubeObject;
  readonly config: ConfigSource;
  readonly facts: PodFacts;
  /** Returns a token of the pod's service account, or a problem when the account is missing. */
  token(request: TokenRequest): string | ConfigProblem;
}

const DEFAULT_MODE = 0o644;
const DEFAULT_EXPIRATION_SECONDS = 3600;

/**
 * Removes empty segments and `.` from a path. Returns `undefined` for an absolute path, and for a path with a segment
 * `..` or a NUL character.
 */
export function innerPath(path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\0')) return undefined;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}

/** Computes the files of a volume, or returns the problem that prevents this. */
export function volumeFiles(input: VolumeInput, volume: JsonObject): readonly VolumeFile[] | ConfigProblem {
  const projected = optionalAt(volume, 'projected');
  const sources = projected === undefined ? [asSource(volume)] : objectsAt(projected, 'sources');
  const unsupported = projected === undefined ? undefined : sources.find((source) => !isSupported(source));
  if (unsupported !== undefined) {
    const [member = ''] = Object.keys(unsupported);
    return { problem: `the source ${member} of the volume ${goQuote(textAt(volume, 'name'))} is not supported` };
  }
  const mode =
    ['projected', 'configMap', 'secret', 'downwardAPI']
      .map((member) => numberAt(volume, member, 'defaultMode'))
      .find((value) => value !== undefined) ?? DEFAULT_MODE;
  const files: VolumeFile[] = [];
  for (const source of sources) {
    const found = sourceFiles(input, source, mode);
    if (isProblem(found)) return found;
    files.push(...found);
  }
  for (const { path } of files) {
    const inner = innerPath(path);
    if (inner === undefined || inner === '') {
      return {
        problem: `the path ${goQuote(path)} does not name a file inside the volume ${goQuote(textAt(volume, 'name'))}`,
      };
    }
  }
  return files;
}

/** Can this cluster write the files of this source of a projected volume? */
const isSupported = (source: JsonObject): boolean =>
  ['configMap', 'secret', 'downwardAPI', 'serviceAccountToken'].some((member) => Object.hasOwn(source, member));

/** Converts a volume to the equivalent source of a projected volume. */
function asSource(volume: JsonObject): JsonObject {
  const secret = optionalAt(volume, 'secret');
  return secret === undefined ? volume : { secret: { ...secret, name: secret['secretName'] ?? '' } };
}

function sourceFiles(input: VolumeInput, source: JsonObject, mode: number): readonly VolumeFile[] | ConfigProblem {
  for (const [member, kind] of [
    ['configMap', 'configmap'],
    ['secret', 'secret'],
  ] as const) {
    const reference = optionalAt(source, member);
    if (reference !== undefined) return keyFiles(input, reference, kind, mode);
  }
  const token = optionalAt(source, 'serviceAccountToken');
  if (token !== undefined) {
    const expirationSeconds = numberAt(token, 'expirationSeconds') ?? DEFAULT_EXPIRATION_SECONDS;
    const content = input.token({ audience: textAt(token, 'audience'), expirationSeconds });
    if (typeof content !== 'string') return content;
    return [{ path: textAt(token, 'path'), content: Buffer.from(content), mode }];
  }
  return fieldFiles(input, objectsAt(source, 'downwardAPI', 'items'), mode);
}

function keyFiles(input: VolumeInput, reference: JsonObject, kind: 'configmap' | 'secret', mode: number) {
  const name = textAt(reference, 'name');
  const object = input.config.find(kind, name);
  const isOptional = reference['optional'] === true;
  if (object === undefined) return isOptional ? [] : { problem: `${kind} ${goQuote(name)} not found` };
  const entries = configEntries(kind, object);
  const items = objectsAt(reference, 'items');
  if (items.length === 0) return [...entries].map(([path, content]) => ({ path, content, mode }));
  const files: VolumeFile[] = [];
  for (const item of items) {
    const key = textAt(item, 'key');
    const content = entries.get(key);
    if (content !== undefined)
      files.push({ path: textAt(item, 'path'), content, mode: numberAt(item, 'mode') ?? mode });
    else if (!isOptional) return { problem: `${kind} ${goQuote(name)} has no key ${goQuote(key)}` };
  }
  return files;
}

function fieldFiles({ pod, facts }: VolumeInput, items: readonly JsonObject[], mode: number) {
  const files: VolumeFile[] = [];
  for (const item of items) {
    const resource = optionalAt(item, 'resourceFieldRef');
    const path = textAt(item, 'fieldRef', 'fieldPath');
    const text = resource === undefined ? fieldText(pod, path, facts) : resourceText(pod, {}, resource);
    if (text === undefined) return { problem: `the file ${goQuote(textAt(item, 'path'))} has an unknown source` };
    files.push({ path: textAt(item, 'path'), content: Buffer.from(text), mode: numberAt(item, 'mode') ?? mode });
  }
  return files;
}

/** A link in the folder of a container: its path (the mount path), and its target path in a volume. */
export interface MountLink {
  readonly place: string;
  readonly volume: string;
  readonly path: string;
}

/**
 * Computes the links for the mounts of a container. Normalizes mount paths as container runtimes do.
 *
 * @param variables the variables of the container
 */
export function mountLinks(
  container: JsonObject,
  variables: ReadonlyMap<string, string>,
): readonly MountLink[] | ConfigProblem {
  const links: MountLink[] = [];
  for (const mount of objectsAt(container, 'volumeMounts')) {
    const mountPath = textAt(mount, 'mountPath');
    const place = innerPath(posix.normalize(`/${mountPath}`).slice(1));
    const expression = textAt(mount, 'subPathExpr');
    const missing = missingVariables(expression, variables);
    if (missing.length > 0) return { problem: `missing value for ${missing.map(goQuote).join(', ')}` };
    const subPath = textAt(mount, 'subPath') || expandVariables(expression, variables);
    const path = innerPath(subPath);
    if (place === undefined || place === '') return { problem: `the mount path ${goQuote(mountPath)} is not possible` };
    if (path === undefined) return { problem: `the sub-path ${goQuote(subPath)} leaves its volume` };
    links.push({ place, volume: textAt(mount, 'name'), path });
  }
  // Shorter paths come first, because a mount may be below another mount.
  return links.toSorted((a, b) => a.place.length - b.place.length);
}

/** Maps the name of a pod's volume to its specification. */
export const volumesOf = ({ spec }: KubeObject): ReadonlyMap<string, JsonObject> =>
  new Map(objectsAt(spec, 'volumes').map((volume) => [textAt(volume, 'name'), objectAt({ volume }, 'volume')]));
