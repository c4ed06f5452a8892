import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { PathStep } from '../../graph/index.ts';
import { appendStep } from '../../graph/index.ts';
import { SECRET_MASK } from '../../inspect/index.ts';
import { LAST_APPLIED_ANNOTATION } from '../../kubernetes/index.ts';
import { keys } from '../../runtime/index.ts';
import { hidesInSecret } from '../instance/secret-fields.ts';

/** An object without values of Secrets. */
export interface MaskedObject {
  readonly object: KubeObject;
  /** The paths of the masked fields. */
  readonly masked: readonly string[];
}

/** The maximum number of paths in a list of masked fields. */
const MAX_PATHS = 200;

/**
 * Masks the values of an object that can come from a Secret. Removes its managed fields, and the copies of objects that
 * tools keep in annotations. In a Secret, only fields that cannot contain its values are visible, such as its name, its
 * labels and its type.
 *
 * @param isSecret is the field with this path secret?
 */
export function maskedObject(
  { apiVersion, kind, metadata, ...rest }: KubeObject,
  isSecret: (path: string) => boolean,
): MaskedObject {
  const masked: string[] = [];
  const hides = kind === 'Secret' && apiVersion === 'v1' ? hidesInLiveSecret : isSecret;
  const { managedFields: _fields, annotations, ...kept } = metadata;
  const plain = Object.entries(isJsonObject(annotations) ? annotations : {}).filter(
    ([key, text]) => key !== LAST_APPLIED_ANNOTATION && !isCopyOfObject(text),
  );
  // The usual order of a manifest.
  const whole = {
    apiVersion,
    kind,
    metadata: { ...kept, ...(plain.length === 0 ? {} : { annotations: Object.fromEntries(plain) }) },
    ...rest,
  };
  const object = mask(whole as unknown as JsonObject, '', hides, masked) as unknown as KubeObject;
  return { object, masked: masked.slice(0, MAX_PATHS) };
}

/** Fields of a live Secret that the API server and the controller write, and that contain none of its values. */
const WRITTEN_BY_SERVER =
  /^metadata\.(?:uid|creationTimestamp|deletionTimestamp|deletionGracePeriodSeconds|resourceVersion|generation|ownerReferences|finalizers)(?=[.[]|$)/;

function hidesInLiveSecret(path: string): boolean {
  const annotation = /^metadata\.annotations\["(.*)"\]$/.exec(path)?.[1];
  if (annotation !== undefined && keys.isReservedKey(annotation)) return false;
  return hidesInSecret(path) && !WRITTEN_BY_SERVER.test(path);
}

/** Is the text of an annotation a copy of an object? A copy can hold values that are masked in the object. */
const isCopyOfObject = (text: unknown): boolean =>
  typeof text === 'string' && /^\s*[[{]/.test(text) && text.includes('"kind"');

function mask(value: JsonValue, path: string, isSecret: (path: string) => boolean, masked: string[]): JsonValue {
  const member = (step: PathStep, each: JsonValue): JsonValue => mask(each, appendStep(path, step), isSecret, masked);
  if (Array.isArray(value)) return value.map((item, index) => member(index, item));
  if (isJsonObject(value)) {
    // A key such as `__proto__` of a hostile object stays a key.
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [[key, member(key, each)]])),
    );
  }
  if (!isSecret(path)) return value;
  masked.push(path);
  return SECRET_MASK;
}
