import type { JsonObject, KubeObject } from '../core/index.ts';
import { jsonEquals } from '../core/index.ts';
import type { KroCompatibility } from '../graph/index.ts';
import { followsGraphEngine } from '../graph/index.ts';
import { applySetIdOf } from './applyset.ts';
import { STATUS_NODE } from './contributions.ts';
import { patchManager } from './field-managers.ts';
import { STATUS_MANAGER } from './keys.ts';

/** A request that writes the status of an instance. */
export interface StatusWrite {
  /** `update` replaces the whole status. `apply` is a server-side apply of the named fields. */
  readonly method: 'update' | 'apply';
  readonly manager: string;
  readonly status: JsonObject;
}

/** The fields of the status that belong to kro. All others are the author's. */
const SYSTEM_FIELDS: ReadonlySet<string> = new Set(['conditions', 'state']);

/**
 * The requests that change the status of an instance to `status`, in their order. kro 0.9 updates the whole status.
 * kro 0.10 updates the author's fields under the manager that the instance's record of contributions names, and then
 * applies conditions and state under a manager of their own; a part that does not change needs no request. The author's
 * fields come first, so that a client that sees the new conditions also sees the fields.
 */
export function statusWrites(instance: KubeObject, status: JsonObject, level: KroCompatibility): StatusWrite[] {
  if (!followsGraphEngine(level)) return [{ method: 'update', manager: 'kro', status }];
  const live = partsOf(instance.status ?? {});
  const wanted = partsOf(status);
  const manager = patchManager(applySetIdOf(instance), STATUS_NODE);
  return [
    ...(jsonEquals(live.author, wanted.author)
      ? []
      : [{ method: 'update', manager, status: { ...wanted.author, ...live.system } } as const]),
    ...(jsonEquals(live.system, wanted.system)
      ? []
      : [{ method: 'apply', manager: STATUS_MANAGER, status: wanted.system } as const]),
  ];
}

function partsOf(status: JsonObject): { readonly author: JsonObject; readonly system: JsonObject } {
  const author: JsonObject = {};
  const system: JsonObject = {};
  for (const [name, value] of Object.entries(status)) (SYSTEM_FIELDS.has(name) ? system : author)[name] = value;
  return { author, system };
}
