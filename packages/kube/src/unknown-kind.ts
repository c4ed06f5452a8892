import { KubeError } from './error.ts';
import type { ResourceType } from './types.ts';

/** The error of a request about a kind that the server does not have. */
export function unknownKind(type: ResourceType, cause?: unknown): KubeError {
  return new KubeError(`the server has no kind "${type.kind}" in version "${type.apiVersion}"`, {
    status: 404,
    reason: 'UnknownKind',
    ...(cause === undefined ? {} : { cause }),
  });
}
