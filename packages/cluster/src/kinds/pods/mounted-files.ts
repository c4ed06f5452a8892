/** The volume sources that mount files from ConfigMaps, Secrets, fields of the pod and tokens. */
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { numberAt, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import { validateFieldReference, validateResourceReference } from './pod-env.ts';
import { checkLocalPath } from './pod-security.ts';

/** Checks the path of a file in a volume. Names that start with `..` are reserved for the kubelet's own files. */
function checkFilePath(path: string, at: string, problems: Problems) {
  checkLocalPath(path, at, problems);
  if (path.startsWith('..') && !path.startsWith('../')) problems.invalid(at, path, "must not start with '..'");
}

function checkMode(mode: JsonValue | undefined, path: string, problems: Problems) {
  if (typeof mode === 'number' && (mode < 0 || mode > 0o777))
    problems.invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive');
}

/**
 * Checks a source that mounts the keys of a ConfigMap or Secret. `name` is the member that names the ConfigMap or
 * Secret.
 */
export function checkKeys(source: JsonObject, at: string, problems: Problems, name: string): void {
  if (textAt(source, name) === '') problems.required(`${at}.${name}`);
  checkMode(source['defaultMode'], `${at}.defaultMode`, problems);
  for (const [index, item] of objectsAt(source, 'items').entries()) {
    const place = `${at}.items[${index}]`;
    if (textAt(item, 'key') === '') problems.required(`${place}.key`);
    const path = textAt(item, 'path');
    if (path === '') problems.required(`${place}.path`);
    checkFilePath(path, `${place}.path`, problems);
    checkMode(item['mode'], `${place}.mode`, problems);
  }
}

const DOWNWARD = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];

/** Checks a source that mounts fields of the pod. */
export function checkDownward(source: JsonObject, at: string, problems: Problems): void {
  checkMode(source['defaultMode'], `${at}.defaultMode`, problems);
  for (const item of objectsAt(source, 'items')) checkDownwardFile(item, at, problems);
}

function checkDownwardFile(item: JsonObject, at: string, problems: Problems) {
  const path = textAt(item, 'path');
  if (path === '') problems.required(`${at}.path`);
  checkFilePath(path, `${at}.path`, problems);
  const [field, resource] = [optionalAt(item, 'fieldRef'), optionalAt(item, 'resourceFieldRef')];
  if (field !== undefined) {
    validateFieldReference(field, DOWNWARD, `${at}.fieldRef`, problems);
    if (resource !== undefined)
      problems.invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously');
  } else if (resource !== undefined) {
    validateResourceReference(resource, `${at}.resourceFieldRef`, problems, true);
  } else problems.required(at, 'one of fieldRef and resourceFieldRef is required');
  checkMode(item['mode'], `${at}.mode`, problems);
}

/**
 * Checks a projected source, which mounts the files of several sources. A path may occur only once in all items of
 * these sources. The path of a token is not compared.
 */
export function checkProjected(source: JsonObject, at: string, problems: Problems): void {
  const paths = new Set<string>();
  const take = (path: string, shown: string) => {
    if (paths.has(path)) problems.invalid(at, shown, 'conflicting duplicate paths');
    if (path !== '') paths.add(path);
  };
  checkMode(source['defaultMode'], `${at}.defaultMode`, problems);
  for (const [index, entry] of objectsAt(source, 'sources').entries()) {
    const place = `${at}.sources[${index}]`;
    if (Object.keys(entry).length > 1) problems.forbidden(place, 'may not specify more than 1 volume type per source');
    for (const kind of ['secret', 'configMap']) {
      const keys = optionalAt(entry, kind);
      if (keys === undefined) continue;
      checkKeys(keys, `${place}.${kind}`, problems, 'name');
      for (const item of objectsAt(keys, 'items')) take(textAt(item, 'path'), textAt(keys, 'name'));
    }
    for (const item of objectsAt(objectAt(entry, 'downwardAPI'), 'items')) {
      checkDownwardFile(item, `${place}.downwardAPI`, problems);
      take(textAt(item, 'path'), textAt(item, 'path'));
    }
    const token = optionalAt(entry, 'serviceAccountToken');
    if (token !== undefined) checkToken(token, at, `${place}.serviceAccountToken`, problems);
  }
}

function checkToken(token: JsonObject, volume: string, at: string, problems: Problems) {
  const seconds = numberAt(token, 'expirationSeconds') ?? 3600;
  if (seconds < 600)
    problems.invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > 2 ** 32)
    problems.invalid(`${at}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds');
  const path = textAt(token, 'path');
  if (path === '') problems.required(`${volume}.path`);
  else checkFilePath(path, `${volume}.path`, problems);
}
