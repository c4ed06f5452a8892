import { movedName } from '@typekro/kit/core';

/**
 * @deprecated Removed: deploy the chart of APISIX with helmRelease of typekro/helm; make factories from the CRDs of
 * APISIX with `typekro generate`.
 */
export const apisix = movedName(
  'apisix',
  'deploy the chart of APISIX with helmRelease of typekro/helm; make factories from the CRDs of APISIX with `typekro generate`',
);
/** @deprecated Removed: import * as certManager from 'typekro/cert-manager'. */
export const certManager = movedName('certManager', "import * as certManager from 'typekro/cert-manager'");
/**
 * @deprecated Removed: deploy the chart of ClickStack with helmRelease of typekro/helm; `typekro generate --chart`
 * makes types for the values of the chart.
 */
export const clickstack = movedName(
  'clickstack',
  'deploy the chart of ClickStack with helmRelease of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
);
/**
 * @deprecated Removed: deploy the chart of Envoy AI Gateway with helmRelease of typekro/helm; make factories from the
 * CRDs of Envoy AI Gateway with `typekro generate`.
 */
export const envoyAIGateway = movedName(
  'envoyAIGateway',
  'deploy the chart of Envoy AI Gateway with helmRelease of typekro/helm; make factories from the CRDs of Envoy AI Gateway with `typekro generate`',
);
/** @deprecated Removed: import * as externalDns from 'typekro/external-dns'. */
export const externalDns = movedName('externalDns', "import * as externalDns from 'typekro/external-dns'");
/**
 * @deprecated Removed: deploy the chart of Harbor with helmRelease of typekro/helm; `typekro generate --chart` makes
 * types for the values of the chart.
 */
export const harbor = movedName(
  'harbor',
  'deploy the chart of Harbor with helmRelease of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
);
/**
 * @deprecated Removed: deploy the chart of Hatchet with helmRelease of typekro/helm; `typekro generate --chart` makes
 * types for the values of the chart.
 */
export const hatchet = movedName(
  'hatchet',
  'deploy the chart of Hatchet with helmRelease of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
);
/** @deprecated Removed: import * as nats from 'typekro/nats'. */
export const nats = movedName('nats', "import * as nats from 'typekro/nats'");
/** @deprecated Removed: import * as ory from 'typekro/ory'. */
export const ory = movedName('ory', "import * as ory from 'typekro/ory'");
/**
 * @deprecated Removed: deploy the chart of Pebble with helmRelease of typekro/helm; `typekro generate --chart` makes
 * types for the values of the chart.
 */
export const pebble = movedName(
  'pebble',
  'deploy the chart of Pebble with helmRelease of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
);
/** @deprecated Removed: import * as rook from 'typekro/rook'. */
export const rook = movedName('rook', "import * as rook from 'typekro/rook'");
