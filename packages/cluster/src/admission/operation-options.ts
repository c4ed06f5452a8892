import type { JsonObject } from '@typekro/kit/core';
import type { DeleteRequestOptions } from '../verbs/request-options.ts';
import type { WriteRequest } from '../verbs/write.ts';
import type { Operation } from './attributes.ts';

/**
 * The kind of the options per operation. Undefined for a connection, because its options (such as `PodExecOptions`) are
 * the object of the request. Also undefined for a deletion, because `deleteOptionsOf` makes its options.
 */
const OPTIONS: Readonly<Record<Operation, string | undefined>> = {
  CONNECT: undefined,
  CREATE: 'CreateOptions',
  UPDATE: 'UpdateOptions',
  DELETE: undefined,
};

const OPTIONS_VERSION = 'meta.k8s.io/v1';

/** Returns the options of a deletion in the form for webhooks. */
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

/**
 * Returns the options of a request in the form for webhooks. Empty for a connection, because its options are the object
 * of the request.
 */
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
