import { goJsonKind, goJsonSyntaxError } from '@typekro/kit/golang';
import { configMapKey, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, jsonEquals, setOwn } from '@typekro/kit/core';
import { type Problems, fieldRequired } from '../errors/field-problems.ts';
import type { Strategy } from './strategy.ts';
import { fill } from '../types/parts.ts';

const MAX_DATA_BYTES = 1024 * 1024;

function checkKeys(values: JsonObject, path: string, problems: Problems) {
  for (const key of Object.keys(values)) problems.invalidFor(`${path}[${key}]`, key, configMapKey(key));
}

/**
 * Checks the size of an object's data. `path` is the path that an error names. `encoding` is the encoding of the values
 * in `data`.
 */
function checkSize(object: KubeObject, path: string, encoding: 'utf8' | 'base64', problems: Problems) {
  const bytes = (part: string, written: 'utf8' | 'base64') =>
    Object.values(objectAt(object, part)).reduce<number>(
      (sum, value) => sum + (typeof value === 'string' ? Buffer.byteLength(value, written) : 0),
      0,
    );
  // For base64, the size of the decoded bytes counts.
  const size = bytes('data', encoding) + bytes('binaryData', 'base64');
  if (size > MAX_DATA_BYTES) problems.tooLong(path, MAX_DATA_BYTES);
}

function checkImmutable(object: KubeObject, old: KubeObject, parts: readonly string[], problems: Problems) {
  if (old['immutable'] !== true) return;
  if (object['immutable'] !== true) problems.forbidden('immutable', 'field is immutable when `immutable` is set');
  for (const part of parts) {
    if (!jsonEquals(object[part], old[part])) problems.forbidden(part, 'field is immutable when `immutable` is set');
  }
}

export const configMapStrategy: Partial<Strategy> = {
  validatesWholeOnUpdate: true,
  validate(object, problems) {
    const [data, binary] = [objectAt(object, 'data'), objectAt(object, 'binaryData')];
    for (const key of Object.keys(data)) {
      problems.invalidFor(`data[${key}]`, key, configMapKey(key));
      if (Object.hasOwn(binary, key)) problems.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
    }
    checkKeys(binary, 'binaryData', problems);
    checkSize(object, '[]', 'utf8', problems);
  },
  validateUpdate(object, old, problems, context) {
    checkImmutable(object, old, ['data', 'binaryData'], problems);
    configMapStrategy.validate?.(object, problems, context);
  },
};

const SSH_KEY = 'ssh-privatekey';

/** Maps the type of a Secret to the keys that such a Secret must have. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': [SSH_KEY],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

export const secretStrategy: Partial<Strategy> = {
  validatesWholeOnUpdate: true,
  defaults(object) {
    fill(object, { type: 'Opaque' });
    const strings = objectAt(object, 'stringData');
    if (Object.keys(strings).length > 0) {
      const data: JsonObject = { ...objectAt(object, 'data') };
      for (const [key, value] of Object.entries(strings))
        setOwn(data, key, Buffer.from(String(value)).toString('base64'));
      object['data'] = data;
    }
    delete object['stringData'];
  },
  validate(object, problems) {
    const data = objectAt(object, 'data');
    checkKeys(data, 'data', problems);
    checkSize(object, 'data', 'base64', problems);
    const type = textAt(object, 'type');
    for (const key of Object.hasOwn(REQUIRED, type) ? (REQUIRED[type] ?? []) : []) {
      const value = data[key];
      // An empty value counts as a missing value only for the SSH key.
      if (value === undefined || (key === SSH_KEY && value === '')) problems.required(`data[${key}]`);
      else if (type.startsWith('kubernetes.io/dockerc')) {
        const problem = mapProblem(Buffer.from(String(value), 'base64').toString('utf8'));
        if (problem !== undefined) problems.invalid(`data[${key}]`, '<secret contents redacted>', problem);
      }
    }
    const annotations = object.metadata.annotations ?? {};
    if (
      type === 'kubernetes.io/service-account-token' &&
      (annotations['kubernetes.io/service-account.name'] ?? '') === ''
    ) {
      problems.required('metadata.annotations[kubernetes.io/service-account.name]');
    }
    if (type === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined) {
      problems.push(fieldRequired('data[username]'), fieldRequired('data[password]'));
    }
  },
  validateUpdate(object, old, problems, context) {
    const type = textAt(object, 'type');
    if (type !== textAt(old, 'type')) problems.invalid('type', type, 'field is immutable');
    checkImmutable(object, old, ['data'], problems);
    secretStrategy.validate?.(object, problems, context);
  },
};

/** The message of Go's decoder for a string that is neither a JSON object nor `null`; otherwise `undefined`. */
function mapProblem(text: string): string | undefined {
  const syntaxError = goJsonSyntaxError(text);
  if (syntaxError !== undefined) return syntaxError;
  const value = JSON.parse(text) as JsonValue;
  return value === null || isJsonObject(value)
    ? undefined
    : `json: cannot unmarshal ${goJsonKind(value)} into Go value of type map[string]interface {}`;
}

/** The strategy of ServiceAccounts. Of a reference to a Secret, only the name is kept. */
export const serviceAccountStrategy: Partial<Strategy> = {
  defaults(object) {
    const secrets = object['secrets'];
    if (Array.isArray(secrets))
      object['secrets'] = objectsAt(object, 'secrets').map((secret) =>
        secret['name'] === undefined ? {} : { name: secret['name'] },
      );
  },
};
