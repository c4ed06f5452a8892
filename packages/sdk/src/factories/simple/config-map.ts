import { type ArgumentTable, textArgument, createResource, mapValues } from '../../compose/index.ts';
import { type CommonConfig, COMMON, definedOnly, idOf, metadataOf, simpleFactory } from './common.ts';
import type { ConfigMapResource } from './kinds.ts';

/** Arguments of `ConfigMap`. */
export interface ConfigMapConfig extends CommonConfig {
  /**
   * The values of the keys. Numbers and booleans are written as strings; a key with the value `undefined` is left out.
   */
  readonly data?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Binary values of keys, in base64. A key in `binaryData` must not also be in `data`. */
  readonly binaryData?: Readonly<Record<string, string>> | undefined;
  /** If true, the API server refuses every later change of the data. Default false. */
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
