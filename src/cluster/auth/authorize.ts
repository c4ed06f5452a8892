import type { Api } from '../api.ts';
import type { ApiRequest } from '../http/request.ts';

/** Refuses requests that the user has no right to. Throws 403. */
export function authorizeRequest(_api: Api, _request: ApiRequest): void {
  return;
}
