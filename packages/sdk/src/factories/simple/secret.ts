import { type ArgumentTable, createResource } from '../../compose/index.ts';
import { type CommonConfig, COMMON, definedOnly, idOf, metadataOf, simpleFactory } from './common.ts';
import type { SecretResource } from './kinds.ts';

/** Arguments of `Secret`. */
export interface SecretConfig extends CommonConfig {
  /** Plain strings by key; the API server encodes them into `data`. */
  readonly stringData?: Readonly<Record<string, string | undefined>> | undefined;
  /** Values by key, in base64. */
  readonly data?: Readonly<Record<string, string>> | undefined;
  /**
   * Type of the Secret, which defines the meaning of its keys, such as `kubernetes.io/tls`. The API server refuses a
   * later change. Default `Opaque`.
   */
  readonly type?: string | undefined;
  /** If true, the API server refuses every later change of the data. Default false. */
  readonly immutable?: boolean | undefined;
}

const ARGUMENTS: ArgumentTable<SecretConfig> = {
  ...COMMON,
  stringData: 'optional',
  data: 'optional',
  type: 'optional',
  immutable: 'optional',
};

/** A Secret. */
export const Secret = simpleFactory('Secret', ARGUMENTS, (config: SecretConfig): SecretResource => {
  const { stringData, data, type, immutable } = config;
  return createResource(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadataOf(config),
      ...definedOnly({ stringData, data, type, immutable }),
    },
    idOf(config),
  ) as SecretResource;
});
