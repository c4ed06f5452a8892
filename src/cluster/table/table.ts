import type { KubeObject } from '../../core/index.ts';
import type { Api } from '../api.ts';
import type { Resource } from '../registry/resource.ts';
import { partialOf } from './partial.ts';
import { columnsOf } from './columns.ts';

/** A `Table` of objects: what `kubectl get` prints. */
export function tableOf(
  api: Api,
  resource: Resource,
  objects: readonly KubeObject[],
  metadata: object,
  includeObject: string,
  withColumns: boolean,
  version = 'v1',
): unknown {
  const { definitions, cells } = columnsOf(resource);
  const now = api.clock.now();
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
