import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type FieldError, dns1035Label } from '@typekro/kit/kubernetes';
import { type PathPart, fieldPath, invalid, required } from './field-error.ts';
import type { Schema } from '../model.ts';
import { anywhere, walkPlaces } from '../walk.ts';

const embedded = (schema: Schema): boolean => schema['x-kubernetes-embedded-resource'] === true;
const hasEmbedded = anywhere(embedded);

/** A resource that another object embeds. */
export interface EmbeddedResource {
  readonly value: JsonObject;
  readonly path: readonly PathPart[];
}

/** The embedded resources in a value (`x-kubernetes-embedded-resource`), outer resources first. */
export function* embeddedResources(schema: Schema, value: JsonValue, base = ''): Iterable<EmbeddedResource> {
  if (!hasEmbedded(schema)) return;
  for (const place of walkPlaces({ schema, value, old: undefined, path: base === '' ? [] : [base] }, hasEmbedded)) {
    if (embedded(place.schema) && isJsonObject(place.value)) yield { value: place.value, path: place.path };
  }
}

/**
 * Errors of embedded resources, which must have `apiVersion` and `kind`. This function does not check their metadata.
 */
export function embeddedErrors(schema: Schema, value: JsonValue, base: string): FieldError[] {
  const resources = [...embeddedResources(schema, value, base)];
  return resources.flatMap((resource) => [...identityErrors(resource.value, resource.path)]);
}

const API_VERSION = /^[^/]*(?:\/[^/]*)?$/;

const MIXED = 'may have mixed case, but should otherwise match: ';

function* identityErrors(value: JsonObject, path: readonly PathPart[]): Iterable<FieldError> {
  for (const name of ['apiVersion', 'kind'] as const) {
    const field = fieldPath([...path, name]);
    const text = Object.hasOwn(value, name) ? value[name] : undefined;
    if (text === undefined) yield required(field);
    else if (typeof text !== 'string') yield invalid(field, text, 'must be a string');
    else if (text === '') yield invalid(field, text, 'must not be empty');
    else if (name === 'apiVersion' && !API_VERSION.test(text)) {
      yield invalid(field, text, `unexpected GroupVersion string: ${text}`);
    } else if (name === 'kind') {
      const problems = dns1035Label(text.toLowerCase());
      if (problems.length > 0) yield invalid(field, text, MIXED + problems.join(','));
    }
  }
}
