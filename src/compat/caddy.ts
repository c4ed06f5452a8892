/**
 * Names of the entry point `typekro/caddy` of TypeKro 0.33. A program that imports them loads; the use of a name throws
 * an error that names the replacement.
 *
 * @packageDocumentation
 */
import { movedNames } from '../core/index.ts';

/** Removed in 1.0: write it as a composition: Deployment, Service and ConfigMap of typekro/simple. */
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
} = movedNames('write it as a composition: Deployment, Service and ConfigMap of typekro/simple', [
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
