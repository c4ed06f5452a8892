import type { Api } from '../api.ts';
import type { Output } from '../http/negotiate.ts';
import type { ApiReply, ApiRequest } from '../http/request.ts';
import type { Route } from '../http/router.ts';
import { scaleReply } from './scale.ts';

type VirtualHandler = (
  api: Api,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
) => ApiReply | Promise<ApiReply> | undefined;

const SUBRESOURCES = new Map<string, VirtualHandler>([['scale', scaleReply]]);

/** Answers requests whose object is not the stored one: scale, reviews, tokens, evictions, logs. */
export function virtualReply(
  api: Api,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
): ApiReply | Promise<ApiReply> | undefined {
  return SUBRESOURCES.get(route.subresource)?.(api, request, route, output, warnings);
}
