import type { KubeObject } from '@typekro/kit/core';
import type { ClusterClock } from '../cluster-clock.ts';
import { type TableSource, columnsOf } from './columns.ts';
import { checkIncludeObject, partialOf } from './partial-object.ts';

/** The options of a `Table`. */
export interface TableOptions {
  /**
   * The part of the object that each row contains: nothing (`None`), the whole object (`Object`), or (by default) the
   * metadata.
   */
  readonly includeObject: string;
  /**
   * Does the table contain the column definitions? True for a GET, a list, and the first object of a watch; false for
   * later objects of a watch and for bookmarks.
   */
  readonly withColumns: boolean;
  /** Version of `meta.k8s.io`. Default: `v1`. */
  readonly version?: string | undefined;
}

/**
 * A `Table` of objects for `kubectl get`. Ages are computed for the time of `clock`. Throws 400 for invalid options.
 */
export function tableOf(
  clock: Pick<ClusterClock, 'now'>,
  source: TableSource,
  objects: readonly KubeObject[],
  metadata: object,
  { includeObject, withColumns, version = 'v1' }: TableOptions,
): unknown {
  checkIncludeObject(includeObject);
  const { definitions, cells } = columnsOf(source);
  const now = clock.now();
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: withColumns ? definitions : null,
    rows: objects.map((object) => ({
      cells: cells(object, now),
      object: includeObject === 'None' ? null : includeObject === 'Object' ? object : partialOf(object, version),
    })),
  };
}
