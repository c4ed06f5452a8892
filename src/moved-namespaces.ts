import { movedName } from './core/index.ts';

/** @deprecated Gone from here: use typekro/helm for its chart, `typekro generate` for its CRDs. */
export const apisix = movedName('apisix', 'use typekro/helm for its chart, `typekro generate` for its CRDs');
/** @deprecated Gone from here: import * as certManager from 'typekro/cert-manager'. */
export const certManager = movedName('certManager', "import * as certManager from 'typekro/cert-manager'");
/** @deprecated Gone from here: use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values. */
export const clickstack = movedName(
  'clickstack',
  'use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values',
);
/** @deprecated Gone from here: use typekro/helm for its chart, `typekro generate` for its CRDs. */
export const envoyAIGateway = movedName(
  'envoyAIGateway',
  'use typekro/helm for its chart, `typekro generate` for its CRDs',
);
/** @deprecated Gone from here: import * as externalDns from 'typekro/external-dns'. */
export const externalDns = movedName('externalDns', "import * as externalDns from 'typekro/external-dns'");
/** @deprecated Gone from here: use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values. */
export const harbor = movedName(
  'harbor',
  'use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values',
);
/** @deprecated Gone from here: use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values. */
export const hatchet = movedName(
  'hatchet',
  'use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values',
);
/** @deprecated Gone from here: import * as nats from 'typekro/nats'. */
export const nats = movedName('nats', "import * as nats from 'typekro/nats'");
/** @deprecated Gone from here: import * as ory from 'typekro/ory'. */
export const ory = movedName('ory', "import * as ory from 'typekro/ory'");
/** @deprecated Gone from here: use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values. */
export const pebble = movedName(
  'pebble',
  'use helmRelease of typekro/helm for its chart; `typekro generate --chart` types its values',
);
/** @deprecated Gone from here: import * as rook from 'typekro/rook'. */
export const rook = movedName('rook', "import * as rook from 'typekro/rook'");
