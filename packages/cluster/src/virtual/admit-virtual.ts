import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { ApiRequest } from '../protocol/request.ts';
import type { BodyType } from '../verbs/body.ts';
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
 * Calls the webhooks and policies for the creation of an object that is not stored, such as an Eviction. Returns the
 * object with their changes. Throws `ApiError` when one of them refuses.
 */
export function admitVirtual<Virtual extends JsonObject | KubeObject>(
  services: WriteServices,
  write: VirtualWrite,
  type: BodyType,
  object: Virtual,
): Virtual {
  if (services.admission === undefined) return object;
  const sent = object as KubeObject;
  return services.admission.admitRequest(writeOf(services, write), 'CREATE', sent, type) as Virtual;
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
