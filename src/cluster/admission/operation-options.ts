import type { JsonObject } from '../../core/index.ts';
import type { DeleteRequestOptions } from '../verbs/options.ts';
import type { WriteRequest } from '../verbs/write.ts';
import type { Operation } from './attributes.ts';

/**
 * The kinds of the options by operation. A connection has none here: its options (`PodExecOptions`) are the object.
 * `deleteOptionsOf` makes those of a deletion.
 */
const OPTIONS: Readonly<Record<Operation, string | undefined>> = {
  CONNECT: undefined,
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: undefined,
};

const OPTIONS_VERSION = 'meta.k8s.io/v1';

/** The options of a deletion, as webhooks get them. */
export function deleteOptionsOf(options: DeleteRequestOptions): JsonObject {
  const { dryRun, gracePeriodSeconds, orphanDependents, preconditions, propagationPolicy } = options;
  return {
    kind: 'DeleteOptions',
    apiVersion: OPTIONS_VERSION,
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions: { ...preconditions } }),
    ...(orphanDependents === undefined ? {} : { orphanDependents }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(dryRun ? { dryRun: ['All'] } : {}),
  };
}

/** The options of a request, as webhooks get them. Empty for a connection, whose options are the object. */
export function optionsOf({ options, optionsKind }: WriteRequest, operation: Operation): JsonObject {
  const kind = optionsKind ?? OPTIONS[operation];
  if (kind === undefined) return {};
  const { dryRun, manager, fieldValidation, force } = options;
  return {
    kind,
    apiVersion: OPTIONS_VERSION,
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...(force && kind === 'PatchOptions' ? { force } : {}),
    ...(manager === '' ? {} : { fieldManager: manager }),
    fieldValidation,
  };
}
