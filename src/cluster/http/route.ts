import type { Resource } from '../registry/resource.ts';
import type { WriteOptions } from '../verbs/options.ts';

/** A path below a group and version, taken apart. */
export interface Route {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** Segments behind the subresource, as of `proxy`. */
  readonly rest: readonly string[];
  /** The old form with `watch/` before the resource. */
  readonly watchPath: boolean;
}

/** Options of a write that has none. */
export const noOptions = (dryRun: boolean): WriteOptions => ({
  dryRun,
  manager: '',
  fieldValidation: 'Ignore',
  force: false,
});

/** The verb of a request, as discovery and authorization name it. */
export function verbOf(method: string, named: boolean, watch: boolean): string {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return watch ? 'watch' : named ? 'get' : 'list';
  }
}
