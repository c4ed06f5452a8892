import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { ApiRequest } from '../protocol/request.ts';
import type { BodyType } from '../verbs/body.ts';
import { checkPlace } from '../verbs/create.ts';
import type { WriteRequestOptions } from '../verbs/request-options.ts';
import { type Route, noOptions } from '../verbs/route.ts';
import type { WriteRequest, WriteServices } from '../verbs/write.ts';

/** A request to a subresource whose object is not stored. */
interface VirtualWrite {
  readonly request: ApiRequest;
  readonly route: Route;
  readonly warnings: string[];
  /** The options of the write. Default: no options, as for a connection. */
  readonly options?: WriteRequestOptions;
}

/**
 * Checks the namespace of an object that is not stored, such as an Eviction, and calls the webhooks and policies for its
 * creation. Returns the object with their changes. Throws `ApiError` when one of them refuses.
 */
export function admitVirtual(
  services: WriteServices,
  write: VirtualWrite,
  type: BodyType,
  object: KubeObject,
): KubeObject {
  checkPlace(write.route, object);
  return services.admission?.admitRequest(writeOf(services, write), 'CREATE', object, type) ?? object;
}

/** Calls the webhooks and policies for a connection. Throws `ApiError` when one of them refuses. */
export function admitConnection(services: WriteServices, write: VirtualWrite, options: () => JsonObject): void {
  if (services.admission === undefined) return;
  const sent = options() as KubeObject;
  services.admission.admitRequest(writeOf(services, write), 'CONNECT', sent, undefined);
}

function writeOf(
  services: WriteServices,
  { request, route, warnings, options = noOptions(false) }: VirtualWrite,
): WriteRequest {
  const { resource, namespace, name, subresource } = route;
  return { services, resource, namespace, name, subresource, user: request.user, options, warnings };
}
