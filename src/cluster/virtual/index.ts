import type { Api } from '../api.ts';
import type { Output } from '../protocol/negotiate.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import type { Route, VirtualSubresource } from '../verbs/route.ts';
import { portForwardReply, proxyReply, streamReply } from './connect.ts';
import { bindingReply, bindingsReply, evictionReply } from './pod-actions.ts';
import { logReply } from './pod-log.ts';
import { reviewReply } from './reviews.ts';
import { scaleReply } from './scale.ts';
import { tokenReply } from './tokens.ts';

type VirtualHandler = (
  api: Api,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
) => ApiReply | undefined;

const HANDLERS: Readonly<Record<VirtualSubresource, VirtualHandler>> = {
  scale: scaleReply,
  eviction: evictionReply,
  binding: bindingReply,
  log: logReply,
  token: tokenReply,
  exec: streamReply,
  attach: streamReply,
  portforward: portForwardReply,
  proxy: proxyReply,
};

const SUBRESOURCES: ReadonlyMap<string, VirtualHandler> = new Map(Object.entries(HANDLERS));

/** Answers requests whose object is not the stored one: scale, reviews, tokens, evictions, logs, connections. */
export function virtualReply(
  api: Api,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
): ApiReply | undefined {
  if (route.subresource === '') {
    return bindingsReply(api, request, route, output, warnings) ?? reviewReply(api, request, route, output, warnings);
  }
  return SUBRESOURCES.get(route.subresource)?.(api, request, route, output, warnings);
}
