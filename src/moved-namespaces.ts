import { movedName } from './core/index.ts';

/** @deprecated Removed: use typekro/helm for its chart, `typekro generate` for its CRDs. */
export const apisix = movedName('apisix', 'use typekro/helm for its chart, `typekro generate` for its CRDs');
/** @deprecated Removed: import * as certManager from 'typekro/cert-manager'. */
export const certManager = movedName('certManager', "import * as certManager from 'typekro/cert-manager'");
/** @deprecated Removed: use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values. */
export const clickstack = movedName(
  'clickstack',
  'use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values',
);
/** @deprecated Removed: use typekro/helm for its chart, `typekro generate` for its CRDs. */
export const envoyAIGateway = movedName(
  'envoyAIGateway',
  'use typekro/helm for its chart, `typekro generate` for its CRDs',
);
/** @deprecated Removed: import * as externalDns from 'typekro/external-dns'. */
export const externalDns = movedName('externalDns', "import * as externalDns from 'typekro/external-dns'");
/** @deprecated Removed: use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values. */
export const harbor = movedName(
  'harbor',
  'use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values',
);
/** @deprecated Removed: use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values. */
export const hatchet = movedName(
  'hatchet',
  'use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values',
);
/** @deprecated Removed: import * as nats from 'typekro/nats'. */
export const nats = movedName('nats', "import * as nats from 'typekro/nats'");
/** @deprecated Removed: import * as ory from 'typekro/ory'. */
export const ory = movedName('ory', "import * as ory from 'typekro/ory'");
/** @deprecated Removed: use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values. */
export const pebble = movedName(
  'pebble',
  'use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values',
);
/** @deprecated Removed: import * as rook from 'typekro/rook'. */
export const rook = movedName('rook', "import * as rook from 'typekro/rook'");
