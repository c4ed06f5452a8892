/** The volume sources that mount files from ConfigMaps, Secrets, fields of the pod and tokens. */
import type { Field } from '../../errors/field-problems.ts';
import { validateFieldReference, validateResourceReference } from './pod-env.ts';
import { checkLocalPath } from './pod-security.ts';

/** Checks the path of a file in a volume. Names that start with `..` are reserved for the kubelet's own files. */
function checkFilePath(path: Field<string>) {
  checkLocalPath(path);
  if (path.value.startsWith('..') && !path.value.startsWith('../')) path.invalid("must not start with '..'");
}

const checkMode = (mode: Field<number | undefined>) =>
  mode.between(0, 0o777, 'must be a number between 0 and 0777 (octal), both inclusive');

/**
 * Checks a source that mounts the keys of a ConfigMap or Secret. `name` is the member that names the ConfigMap or
 * Secret.
 */
export function checkKeys(source: Field, name: string): void {
  source.text(name).notEmpty();
  checkMode(source.number('defaultMode'));
  for (const item of source.objects('items')) {
    item.text('key').notEmpty();
    item.text('path').notEmpty();
    checkFilePath(item.text('path'));
    checkMode(item.number('mode'));
  }
}

const DOWNWARD = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];

/** Checks a source that mounts fields of the pod. */
export function checkDownward(source: Field): void {
  checkMode(source.number('defaultMode'));
  // Errors name the source, and not the item.
  for (const item of source.objects('items')) checkDownwardFile(item.at(source.path));
}

function checkDownwardFile(item: Field) {
  item.text('path').notEmpty();
  checkFilePath(item.text('path'));
  const [field, resource] = [item.optional('fieldRef'), item.optional('resourceFieldRef')];
  if (field !== undefined) {
    validateFieldReference(field, DOWNWARD);
    if (resource !== undefined)
      item.invalid('fieldRef and resourceFieldRef can not be specified simultaneously', 'resource');
  } else if (resource !== undefined) validateResourceReference(resource, true);
  else item.required('one of fieldRef and resourceFieldRef is required');
  checkMode(item.number('mode'));
}

/**
 * Checks a projected source, which mounts the files of several sources. A path may occur only once in all items of
 * these sources. The path of a token is not compared.
 */
export function checkProjected(source: Field): void {
  const paths = new Set<string>();
  const take = (item: Field, shown: Field<string>) => {
    const path = item.text('path').value;
    if (paths.has(path)) source.invalid('conflicting duplicate paths', shown.value);
    if (path !== '') paths.add(path);
  };
  checkMode(source.number('defaultMode'));
  for (const entry of source.objects('sources')) {
    if (Object.keys(entry.value).length > 1) entry.forbidden('may not specify more than 1 volume type per source');
    for (const keys of [entry.optional('secret'), entry.optional('configMap')]) {
      if (keys === undefined) continue;
      checkKeys(keys, 'name');
      for (const item of keys.objects('items')) take(item, keys.text('name'));
    }
    const downward = entry.object('downwardAPI');
    for (const item of downward.objects('items')) {
      checkDownwardFile(item.at(downward.path));
      take(item, item.text('path'));
    }
    const token = entry.optional('serviceAccountToken');
    if (token !== undefined) checkToken(token, source);
  }
}

function checkToken(token: Field, volume: Field) {
  const seconds = token.number('expirationSeconds');
  seconds.atLeast(600, 'may not specify a duration less than 10 minutes');
  seconds.atMost(2 ** 32, 'may not specify a duration larger than 2^32 seconds');
  const path = token.text('path').at(`${volume.path}.path`);
  path.notEmpty();
  checkFilePath(path);
}
