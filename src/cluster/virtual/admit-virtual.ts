import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { ApiRequest } from '../protocol/request.ts';
import type { WriteRequestOptions } from '../verbs/options.ts';
import type { Route } from '../verbs/route.ts';
import { noOptions } from '../verbs/route.ts';
import type { WriteServices } from '../verbs/write.ts';

/** The request of a subresource whose object is not stored. */
interface VirtualWrite {
  readonly request: ApiRequest;
  readonly route: Route;
  readonly warnings: string[];
  /** Default: no options, as for a connection. */
  readonly options?: WriteRequestOptions;
}

/**
 * Asks the webhooks and policies about a request whose object is not stored, such as an eviction or a connection. They
 * cannot change the object. Throws `ApiError` when one of them refuses.
 */
export function admitVirtual(
  services: WriteServices,
  { request, route, warnings, options = noOptions(false) }: VirtualWrite,
  operation: 'CONNECT' | 'CREATE',
  object: () => JsonObject,
): void {
  if (services.admission === undefined) return;
  const { resource, namespace, name, subresource } = route;
  const write = { services, resource, namespace, name, subresource, user: request.user, options, warnings };
  services.admission.admitRequest(write, operation, object() as unknown as KubeObject);
}
