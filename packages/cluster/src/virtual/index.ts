import type { VirtualSubresource, RouteReply } from '../verbs/route.ts';
import { portForwardReply, streamReply } from './stream-reply.ts';
import { type PodActionContext, bindingReply, bindingsReply, evictionReply } from './pod-actions.ts';
import { type LogContext, logReply } from './pod-log.ts';
import { type ConnectContext, proxyReply } from './proxy-reply.ts';
import { type ReviewContext, reviewReply } from './reviews.ts';
import { type ScaleContext, scaleReply } from './scale-reply.ts';
import { type TokenReplyContext, tokenReply } from './tokens.ts';
import type { RoleContext } from '../auth/authorizer.ts';

/** The parts of the cluster that the virtual resources use. */
export type VirtualContext = RoleContext &
  ConnectContext &
  LogContext &
  ScaleContext &
  PodActionContext &
  TokenReplyContext &
  ReviewContext;

type VirtualHandler = RouteReply<VirtualContext>;

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

/**
 * Handles requests for resources that are not stored: scale, reviews, tokens, evictions, bindings, logs, connections.
 * Returns `undefined` for other requests.
 */
export const virtualReply: RouteReply<VirtualContext> = (context, request, route, output, warnings) => {
  if (route.subresource === '') {
    return (
      bindingsReply(context, request, route, output, warnings) ?? reviewReply(context, request, route, output, warnings)
    );
  }
  return SUBRESOURCES.get(route.subresource)?.(context, request, route, output, warnings);
};
