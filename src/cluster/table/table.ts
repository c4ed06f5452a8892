import type { KubeObject } from '../../core/index.ts';
import type { ClusterClock } from '../clock.ts';
import type { TableSource } from './columns.ts';
import { columnsOf } from './columns.ts';
import { partialOf } from './partial.ts';

/** The options of a `Table`. */
export interface TableOptions {
  /** The object in each row: `None`, `Object`, or by default its metadata. */
  readonly includeObject: string;
  /** True for a GET or a list, and for the first object of a watch; false for its later objects and for bookmarks. */
  readonly withColumns: boolean;
  /** Version of `meta.k8s.io`. Default `v1`. */
  readonly version?: string | undefined;
}

/** A `Table` of objects, which `kubectl get` prints. Ages are those at the time of `clock`. */
export function tableOf(
  clock: Pick<ClusterClock, 'now'>,
  source: TableSource,
  objects: readonly KubeObject[],
  metadata: object,
  { includeObject, withColumns, version = 'v1' }: TableOptions,
): unknown {
  const { definitions, cells } = columnsOf(source);
  const now = clock.now();
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: withColumns ? definitions : null,
    rows: objects.map((object) => ({
      cells: cells(object, now),
      object: includeObject === 'None' ? null : includeObject === 'Object' ? object : partialOf(object),
    })),
  };
}
