import { asText, createResource, mapValues } from '../../compose/index.ts';
import type { CommonConfig } from './common.ts';
import { given, idOf, metadataOf, simpleFactory } from './common.ts';
import type { ConfigMapResource } from './kinds.ts';

/** Arguments of `ConfigMap`. */
export interface ConfigMapConfig extends CommonConfig {
  /** Numbers and booleans are written as texts; `undefined` leaves the key out. */
  readonly data?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

/** A ConfigMap. */
export const ConfigMap = simpleFactory('ConfigMap', (config: ConfigMapConfig): ConfigMapResource => {
  const { binaryData, immutable } = config;
  return createResource(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadataOf(config),
      ...given({ data: mapValues(config.data, asText), binaryData, immutable }),
    },
    idOf(config),
  ) as ConfigMapResource;
});
