import { type JsonObject, type KubeObject, jsonEquals, setOwn } from '@typekro/kit/core';
import { type KroCompatibility, KroLevel } from '../../graph/index.ts';
import { OBJECT_RECORD } from '../../graph/crd.ts';
import { applySetIdOf } from '../reports/applyset.ts';
import { STATUS_NODE } from '../contributions.ts';
import { patchManager } from '../objects/field-managers.ts';
import { RECORD_MANAGER, STATUS_MANAGER } from '../objects/keys.ts';
import { INSTANCE_STATES } from '../model.ts';
import { recordedRevision } from '../revision-condition.ts';

/** A request that writes the status of an instance. */
export interface StatusWrite {
  /** `update` replaces the whole status. `apply` is a server-side apply of the named fields. */
  readonly method: 'update' | 'apply';
  readonly manager: string;
  readonly status: JsonObject;
}

/** Options for writing the status of a definition's instances. */
export interface StatusWriteOptions {
  /** The kro level that the controller follows. */
  readonly level: KroCompatibility;
  /** Does the status have a record of the objects? If so, the record has its own field manager. Default false. */
  readonly recordsObjects?: boolean | undefined;
}

/** The status fields that belong to kro. All other fields belong to the author, except the record of the objects. */
const SYSTEM_FIELDS: ReadonlySet<string> = new Set(['conditions', 'state']);

/**
 * The requests that change the status of an instance to `status`, in the order in which they must be sent. kro 0.9
 * updates the whole status. kro 0.10 writes up to three parts, each with its own field manager: first the author's
 * fields, then the record of the objects, then conditions and state. The instance's record of contributions names the
 * manager of the author's fields. A part that does not change needs no request. The conditions come last, so that a
 * client that sees the new conditions also sees the new fields and the new record.
 */
export function statusWrites(
  instance: KubeObject,
  status: JsonObject,
  { level, recordsObjects = false }: StatusWriteOptions,
): StatusWrite[] {
  if (!KroLevel.followsGraphEngine(level)) return [{ method: 'update', manager: 'kro', status }];
  const live = partsOf(instance.status ?? {}, recordsObjects);
  const wanted = partsOf(status, recordsObjects);
  const manager = patchManager(applySetIdOf(instance), STATUS_NODE);
  return [
    ...(jsonEquals(live.author, wanted.author)
      ? []
      : [{ method: 'update', manager, status: { ...wanted.author, ...live.record, ...live.system } } as const]),
    ...(jsonEquals(live.record, wanted.record)
      ? []
      : [{ method: 'apply', manager: RECORD_MANAGER, status: wanted.record } as const]),
    ...(jsonEquals(live.system, wanted.system)
      ? []
      : [{ method: 'apply', manager: STATUS_MANAGER, status: wanted.system } as const]),
  ];
}

interface StatusParts {
  readonly author: JsonObject;
  readonly record: JsonObject;
  readonly system: JsonObject;
}

function partsOf(status: JsonObject, recordsObjects: boolean): StatusParts {
  const parts = { author: {}, record: {}, system: {} } as { readonly [Part in keyof StatusParts]: JsonObject };
  for (const [name, value] of Object.entries(status)) {
    const isRecord = recordsObjects && name === OBJECT_RECORD;
    setOwn(parts[SYSTEM_FIELDS.has(name) ? 'system' : isRecord ? 'record' : 'author'], name, value);
  }
  return parts;
}

/** The status of an instance. */
export const RecordedStatus = { STATES: INSTANCE_STATES, revision: recordedRevision, writes: statusWrites };
