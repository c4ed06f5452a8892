import { createResource } from '../../compose/index.ts';
import type { CommonConfig } from './common.ts';
import { given, idOf, metadataOf, simpleFactory } from './common.ts';
import type { SecretResource } from './kinds.ts';

/** Arguments of `Secret`. */
export interface SecretConfig extends CommonConfig {
  /** Plain texts; the API server encodes them. */
  readonly stringData?: Readonly<Record<string, string | undefined>> | undefined;
  /** Values in base64. */
  readonly data?: Readonly<Record<string, string>> | undefined;
  readonly type?: string;
  readonly immutable?: boolean;
}

/** A Secret. */
export const Secret = simpleFactory('Secret', (config: SecretConfig): SecretResource => {
  const { stringData, data, type, immutable } = config;
  return createResource(
    { apiVersion: 'v1', kind: 'Secret', metadata: metadataOf(config), ...given({ stringData, data, type, immutable }) },
    idOf(config),
  ) as SecretResource;
});
