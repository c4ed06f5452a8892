import { type JsonObject, type KubeObject, type ObjectRef, objectName, TypeKroError } from '@typekro/kit/core';
import { PIN_ANNOTATION, pinnedRevision } from '@typekro/controller/controller';
import { changedFields } from '@typekro/sdk/deploy';
import { valueAt } from '@typekro/kit/kubernetes';
import { Finalizers } from '@typekro/engine/runtime';
import type { Report } from '@typekro/app/instance';
import { printableLine } from '@typekro/app/text';

/** The owner of the objects of an instance. */
export type Owner = 'direct' | 'kro';

/**
 * The plan of `typekro migrate`, as `-o json` prints it. A later release with the same `schemaVersion` only adds
 * fields.
 */
export interface Migration {
  readonly schemaVersion: 1;
  readonly to: Owner;
  /** True with `--dry-run`: the command writes nothing. */
  readonly dryRun: boolean;
  readonly instances: readonly MovedInstance[];
}

/** The migration of one instance. */
export interface MovedInstance {
  readonly instance: ObjectRef;
  /**
   * `done`: the instance already has the new owner. `goes on`: this run continues an unfinished migration. `moves`: the
   * migration starts now.
   */
  readonly state: 'done' | 'goes on' | 'moves';
  readonly writes: readonly MovedObject[];
  /** The objects of the instance. The migration does not change them. */
  readonly children: readonly ObjectRef[];
  /** Sentences about the writes that the new owner makes after the migration. */
  readonly notes: readonly string[];
}

/** An object that the migration writes or deletes. */
export interface MovedObject {
  readonly object: ObjectRef;
  readonly action: 'create' | 'delete';
  readonly why: string;
}

/** Builds the report about a migration. */
export function migrationReport(migration: Migration): Report {
  return { data: migration, lines: () => migration.instances.flatMap((each) => linesOf(each, migration.to)) };
}

function linesOf({ instance, state, writes, children, notes }: MovedInstance, to: Owner): string[] {
  const name = objectName(instance);
  const owner = OWNERS[to];
  if (state === 'done') return [printableLine(`= ${name} belongs to ${owner} already`)];
  return [
    printableLine(`~ ${name} moves to ${owner}${state === 'goes on' ? '; this continues an earlier migration' : ''}`),
    ...[
      ...writes.map(({ object, action, why }) => `${action === 'create' ? '+' : '-'} ${objectName(object)}: ${why}`),
      ...children.map((child) => `= ${objectName(child)} stays as it is`),
      ...notes,
    ].map((line) => `    ${printableLine(line)}`),
  ];
}

const OWNERS: Readonly<Record<Owner, string>> = { kro: 'the controller of its definition', direct: 'direct mode' };

/** Returns the writes of a migration, in order. */
export function writesOf(to: Owner, instance: ObjectRef, record: ObjectRef): readonly MovedObject[] {
  return to === 'kro'
    ? [
        {
          object: instance,
          action: 'create',
          why: 'gets the spec and the inventory of the record (field manager typekro)',
        },
        { object: record, action: 'delete', why: 'the record of direct mode' },
      ]
    : [
        {
          object: record,
          action: 'create',
          why: 'the record of direct mode: definition, spec and inventory (field manager kro.run/applyset-parent)',
        },
        { object: instance, action: 'delete', why: 'is suspended, then deleted; its objects stay' },
      ];
}

/** The maximum number of changed parts of a definition that a note lists. */
const MAX_PARTS = 5;

/**
 * Describes the writes of the new owner to the children in its first pass.
 *
 * @param changed the parts in which the new owner's definition differs from the former owner's. `undefined` when the
 *   former owner's definition is not known
 */
export function notesOf(to: Owner, children: readonly ObjectRef[], changed: readonly string[] | undefined): string[] {
  if (children.length === 0) return [];
  const writer = to === 'kro' ? 'the controller' : 'the next deploy of factory("direct")';
  const label = `${writer} then writes the uid of the new owner into the label kro.run/instance-id of each object`;
  if (changed === undefined) {
    return [
      label,
      `the definition that the objects follow now is not in the cluster, so ${writer} may change other fields, too`,
    ];
  }
  if (changed.length === 0) return [`${label}, and changes no other field`];
  const [now, before] =
    to === 'kro'
      ? ['the definition of the cluster', 'the definition of the last deploy of direct mode']
      : ['the definition of the file', 'the definition of the controller'];
  const more = changed.length > MAX_PARTS ? ` and ${changed.length - MAX_PARTS} more parts` : '';
  return [
    label,
    `${now} differs from ${before} in ${changed.slice(0, MAX_PARTS).join(', ')}${more}; ${writer} also changes the fields that depend on this difference`,
  ];
}

/** Lists the parts of two definitions that differ and affect the objects: resources and fields of the spec. */
export function changedParts(before: JsonObject, after: JsonObject): string[] {
  return PARTS.flatMap((part) =>
    changedFields(valueAt(before, ...part), valueAt(after, ...part), part.join('.')).map(({ path }) => path),
  );
}

const PARTS: readonly (readonly string[])[] = [
  ['spec', 'resources'],
  ['spec', 'schema', 'spec'],
  ['spec', 'schema', 'types'],
];

/** Describes what an instance loses in direct mode, which has neither revisions nor suspension. */
export function lostInDirectMode(instance: KubeObject): string[] {
  const pin = pinnedRevision(instance) === undefined ? undefined : instance.metadata.annotations?.[PIN_ANNOTATION];
  return [
    ...(pin === undefined ? [] : [`its pin to revision ${pin} ends: direct mode uses the definition of the file`]),
    ...(Finalizers.isSuspended(instance)
      ? ['its suspension ends: the next deploy of factory("direct") writes its objects again']
      : []),
  ];
}

/** Returns an error when a definition of the cluster cannot adopt an instance, or `undefined` when it can. */
export function refusalOfDefinition(definition: KubeObject | undefined, name: string): TypeKroError | undefined {
  const code = 'migrate/definition-not-active';
  if (definition === undefined) {
    return new TypeKroError(`the cluster has no definition ${name}, so no controller would work on the instance`, {
      code,
      remedy: 'apply the definition first: typekro apply FILE',
    });
  }
  if (definition.metadata.deletionTimestamp !== undefined) {
    return new TypeKroError(`the definition ${name} is being deleted`, {
      code,
      remedy: 'apply it again after the deletion',
    });
  }
  const state = definition.status?.['state'];
  if (state === 'Active') return undefined;
  return new TypeKroError(
    `the definition ${name} is ${typeof state === 'string' ? state : 'without a state'}, not Active`,
    { code, remedy: `typekro why ${name} explains the reason; also check that a controller runs` },
  );
}

/** Returns an error when an instance cannot leave its controller, or `undefined` when it can. */
export function refusalOfInstance(
  { kind, metadata }: KubeObject,
  owners: readonly { readonly name: string }[],
  partOf: string | undefined,
): TypeKroError | undefined {
  const what = `${kind} ${metadata.name ?? ''}`;
  if (partOf !== undefined) {
    return new TypeKroError(`${what} is itself an object of the instance ${partOf}, which would create it again`, {
      code: 'migrate/other-owner',
      remedy: `migrate ${partOf} instead, or take ${what} out of the definition of ${partOf}`,
    });
  }
  const [owner] = owners;
  if (owner === undefined) return undefined;
  return new TypeKroError(`${what} belongs to ${owner.name}, which would create it again`, {
    code: 'migrate/other-owner',
    remedy: `remove ${what} from ${owner.name} first`,
  });
}

/**
 * Returns an error when a record cannot become an instance, because an instance with the same name exists. Returns
 * `undefined` when there is no such instance, or when an earlier migration created it.
 */
export function refusalOfPresent(live: KubeObject | undefined, isOfMigration: boolean): TypeKroError | undefined {
  if (live === undefined) return undefined;
  const what = `${live.kind} ${live.metadata.name ?? ''}`;
  if (live.metadata.deletionTimestamp !== undefined) {
    return new TypeKroError(`${what} exists and is being deleted with all of its objects`, {
      code: 'migrate/being-deleted',
      remedy: 'wait until it is deleted',
    });
  }
  if (isOfMigration) return undefined;
  return new TypeKroError(`${what} exists already, created by another client`, {
    code: 'migrate/instance-exists',
    remedy:
      'its controller and direct mode would write the same objects: delete this instance, or the direct deployment with factory("direct")',
  });
}
