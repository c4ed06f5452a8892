import type { Api } from '../api.ts';
import type { ApiReply, ApiRequest } from '../http/request.ts';
import { replyText } from '../http/respond.ts';

/** Answers `/openapi/…`. */
export function openApiReply(_api: Api, _request: ApiRequest): ApiReply {
  return replyText(404, '404 page not found\n');
}
