import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { BootstrapContext } from '../bootstrap.ts';
import { complete } from '../bootstrap.ts';
import { timestampOf } from '../clock.ts';
import { decodeObject } from '../types/decode.ts';

/** Stores a system object without the checks of a request. Does nothing when the resource is not served. */
export function putControllerObject(context: BootstrapContext, group: string, plural: string, value: JsonObject): void {
  const resource = context.registry.findAny(group, plural);
  if (resource === undefined) return;
  const named = { ...value, kind: resource.kind, apiVersion: resource.apiVersion };
  const decoded = decodeObject(resource.node, named).value as KubeObject;
  const { key, object } = complete(context, decoded, timestampOf(context.clock));
  resource.collection.put(key, resource.toStorage(object));
}
