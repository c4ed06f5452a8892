import type { ArgumentTable } from '../../compose/index.ts';
import { textArgument, createResource, mapValues } from '../../compose/index.ts';
import type { CommonConfig } from './common.ts';
import { COMMON, definedOnly, idOf, metadataOf, simpleFactory } from './common.ts';
import type { ConfigMapResource } from './kinds.ts';

/** Arguments of `ConfigMap`. */
export interface ConfigMapConfig extends CommonConfig {
  /** Texts by key. Numbers and booleans are written as texts; `undefined` leaves the key out. */
  readonly data?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Bytes by key, in base64. A key must not be in `data` as well. */
  readonly binaryData?: Readonly<Record<string, string>> | undefined;
  /** With true, the API server refuses every later change of the data. Default false. */
  readonly immutable?: boolean | undefined;
}

const ARGUMENTS: ArgumentTable<ConfigMapConfig> = {
  ...COMMON,
  data: 'optional',
  binaryData: 'optional',
  immutable: 'optional',
};

/** A ConfigMap. */
export const ConfigMap = simpleFactory('ConfigMap', ARGUMENTS, (config: ConfigMapConfig): ConfigMapResource => {
  const { binaryData, immutable } = config;
  return createResource(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadataOf(config),
      ...definedOnly({ data: mapValues(config.data, textArgument), binaryData, immutable }),
    },
    idOf(config),
  ) as ConfigMapResource;
});
