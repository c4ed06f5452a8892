/**
 * Names of the entry point `typekro/caddy` of TypeKro 0.33. Importing these names does not fail. The first use of one
 * throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/** Removed in 1.0: write Caddy as a composition with Deployment, Service and ConfigMap of typekro/simple. */
export const {
  CaddyIngressConfigSchema,
  CaddyIngressEphemeralConfigSchema,
  CaddyIngressStatusSchema,
  DEFAULT_CADDY_HTTPS_PORT,
  DEFAULT_CADDY_HTTP_PORT,
  DEFAULT_CADDY_IMAGE,
  DEFAULT_CADDY_NAMESPACE,
  DEFAULT_CADDY_PVC_SIZE,
  DEFAULT_CADDY_VERSION,
  caddyIngress,
  makeCaddyIngress,
  renderCaddyfile,
} = movedNames('write Caddy as a composition with Deployment, Service and ConfigMap of typekro/simple', [
  'CaddyIngressConfigSchema',
  'CaddyIngressEphemeralConfigSchema',
  'CaddyIngressStatusSchema',
  'DEFAULT_CADDY_HTTPS_PORT',
  'DEFAULT_CADDY_HTTP_PORT',
  'DEFAULT_CADDY_IMAGE',
  'DEFAULT_CADDY_NAMESPACE',
  'DEFAULT_CADDY_PVC_SIZE',
  'DEFAULT_CADDY_VERSION',
  'caddyIngress',
  'makeCaddyIngress',
  'renderCaddyfile',
]);
