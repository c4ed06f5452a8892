import { type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { keys, Secrets } from '@typekro/engine/runtime';
import { isCopyOfObject, maskedValue } from '@typekro/app/instance';

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
 * tools keep in annotations. In a Secret, only fields that cannot contain secret values are visible: for example its
 * name, its type, and labels without a value of another Secret.
 *
 * @param isSecret is the field with this path and value secret?
 */
export function maskedObject(
  { apiVersion, kind, metadata, ...rest }: KubeObject,
  isSecret: (path: string, value: JsonValue) => boolean,
): MaskedObject {
  const masked: string[] = [];
  // Labels of a Secret are visible unless the graph says that their value comes from another Secret.
  const hidesInOne = (path: string, value: JsonValue): boolean =>
    !isReservedAnnotation(path) && (Secrets.hides(path) || isSecret(path, value));
  const hides = kind === 'Secret' && apiVersion === 'v1' ? hidesInOne : isSecret;
  const { managedFields: _fields, annotations, ...kept } = metadata;
  const plain = Object.entries(isJsonObject(annotations) ? annotations : {}).filter(
    ([key, text]) => !isCopyOfObject(key, text),
  );
  // The members in the usual order of a manifest.
  const whole = {
    apiVersion,
    kind,
    metadata: { ...kept, ...(plain.length === 0 ? {} : { annotations: Object.fromEntries(plain) }) },
    ...rest,
  };
  const object = maskedValue(whole, '', hides, (path) => {
    masked.push(path);
    return Secrets.MASK;
  }) as KubeObject;
  return { object, masked: masked.slice(0, MAX_PATHS) };
}

function isReservedAnnotation(path: string): boolean {
  const annotation = /^metadata\.annotations\["(.*)"\]$/.exec(path)?.[1];
  return annotation !== undefined && keys.isReservedKey(annotation);
}
