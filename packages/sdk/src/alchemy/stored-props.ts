import { createHash } from 'node:crypto';
import {
  type JsonObject,
  type JsonValue,
  isJsonObject,
  stringifyJson,
  TypeKroError,
  definedMembers,
} from '@typekro/kit/core';
import type { KroResourceProps, Secret, StoredConnection, StoredProps } from './kro-resource-props.ts';

/**
 * A spec in two forms. `plain` has all values and is sent to the cluster. `sealed` has `null` for each secret and is
 * stored in the state. The secrets are listed separately.
 */
interface Opened {
  readonly plain: JsonValue;
  readonly sealed: JsonValue;
  readonly secrets: { readonly path: string; readonly value: Secret }[];
}

const MAX_DEPTH = 100;

/**
 * Separates the secrets from a spec.
 *
 * @throws TypeKroError `alchemy/spec` for a value that is not JSON.
 */
export function openSpec(spec: unknown, isSecret: (value: unknown) => value is Secret): Opened {
  const secrets: Opened['secrets'] = [];
  const open = (value: unknown, path: string): { plain: JsonValue; sealed: JsonValue } => {
    // Alchemy's `isSecret` also accepts a plain object with a field `type: 'secret'`. Only a secret has `unencrypted`.
    if (isSecret(value) && 'unencrypted' in value) {
      secrets.push({ path, value });
      return { plain: open(value.unencrypted, path).plain, sealed: null };
    }
    if (path.split('/').length > MAX_DEPTH) throw notJson(path, 'is nested too deeply');
    if (Array.isArray(value)) {
      const items = value.map((item, index) => open(item, `${path}/${index}`));
      return { plain: items.map(({ plain }) => plain), sealed: items.map(({ sealed }) => sealed) };
    }
    if (isJsonObject(value) && isPlain(value)) {
      const fields = Object.entries(value)
        .filter(([, field]) => field !== undefined)
        .map(([key, field]) => ({ key, ...open(field, `${path}/${key}`) }));
      return {
        plain: Object.fromEntries(fields.map(({ key, plain }) => [key, plain])),
        sealed: Object.fromEntries(fields.map(({ key, sealed }) => [key, sealed])),
      };
    }
    if (isJsonScalar(value)) return { plain: value, sealed: value };
    throw notJson(path, `is ${kindOf(value)}`);
  };
  return { ...open(spec, ''), secrets };
}

/** Is the object a plain object? A promise, a date and an instance of another class are not. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isJsonScalar(value: unknown): value is null | string | number | boolean | bigint {
  return value === null || Number.isFinite(value) || ['string', 'boolean', 'bigint'].includes(typeof value);
}

function kindOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return `a ${typeof value === 'object' && value !== null ? value.constructor.name : typeof value}`;
}

function notJson(path: string, problem: string): TypeKroError {
  return new TypeKroError(`the spec of a KroResource must be JSON; ${path === '' ? 'it' : path} ${problem}`, {
    code: 'alchemy/spec',
    remedy: 'await promises and outputs of other resources first, then pass plain values or secrets',
  });
}

/** The connection to the cluster, without the values that must not be stored in Alchemy's state. */
function connectionOf(
  props: Pick<KroResourceProps<never, unknown, unknown>, 'kubeConfig' | 'transport'>,
  isSecret: (value: unknown) => value is Secret,
): StoredConnection {
  const { kubeConfig, transport } = props;
  if (transport !== undefined) return { by: 'transport' };
  if (kubeConfig === undefined) return { by: 'default' };
  const isPath =
    typeof kubeConfig === 'string' && !kubeConfig.includes('\n') && !kubeConfig.trimStart().startsWith('{');
  if (isPath || isSecret(kubeConfig)) return { by: 'kubeconfig', kubeConfig };
  throw new TypeKroError('the kubeConfig of a KroResource must be a path or a secret', {
    code: 'alchemy/plain-kubeconfig',
    remedy: 'its text would be readable in the state: pass alchemy.secret(text)',
  });
}

/** The kubeconfig of a connection in the form that factories accept. */
export function kubeConfigOf(connection: StoredConnection): string | undefined {
  if (connection.by !== 'kubeconfig') return undefined;
  return typeof connection.kubeConfig === 'string' ? connection.kubeConfig : connection.kubeConfig.unencrypted;
}

/**
 * The props that Alchemy stores for a declaration.
 *
 * @throws TypeKroError `alchemy/spec`, `alchemy/plain-kubeconfig`, and the errors of the composition for an invalid
 * spec.
 */
export function storedProps<Input, Spec, Status>(
  props: KroResourceProps<Input, Spec, Status>,
  isSecret: (value: unknown) => value is Secret,
): StoredProps {
  const { composition, mode = 'direct', namespace = 'default', transport, aspects } = props;
  const { timeout, waitForReady, createNamespace, allowBreakingChanges, progressCallback } = props;
  const { plain, sealed, secrets } = openSpec(props.spec, isSecret);
  const spec = plain as Input;
  const instance = composition.toInstance(spec, { namespace });
  const definition = composition.toDefinition({ target: 'typekro', ...(aspects === undefined ? {} : { aspects }) });
  const connection = connectionOf(props, isSecret);
  const kubeConfig = kubeConfigOf(connection);
  const settings = { ...definedMembers({ timeout, waitForReady, createNamespace, allowBreakingChanges }) };
  return {
    place: {
      mode,
      definition: composition.name,
      apiVersion: instance.apiVersion,
      kind: instance.kind,
      namespace: instance.metadata.namespace ?? namespace,
      name: instance.metadata.name ?? '',
    },
    digest: digestOf(definition),
    spec: stringifyJson(sealed),
    secrets,
    settings,
    connection,
    local: () => ({
      transport,
      async deploy() {
        const factory = composition.factory(mode, {
          namespace,
          ...settings,
          ...definedMembers({ aspects, progressCallback, kubeConfig, transport }),
        });
        try {
          return await factory.deploy(spec);
        } finally {
          await factory.dispose();
        }
      },
    }),
  };
}

const digestOf = (definition: JsonObject): string =>
  `sha256:${createHash('sha256').update(stringifyJson(definition)).digest('hex')}`;
