import type { JsonObject, KubeObject, ObjectRef } from '../../core/index.ts';
import { objectName, TypeKroError } from '../../core/index.ts';
import type { Report } from '../instance/print-report.ts';
import { printableLine } from '../printable.ts';

/** The owner of the objects of an instance. */
export type Owner = 'direct' | 'kro';

/** A plan of `typekro migrate` as its `-o json` prints it. Later versions of the same number only add fields. */
export interface Migration {
  readonly schemaVersion: 1;
  readonly to: Owner;
  /** Nothing was written. */
  readonly dryRun: boolean;
  readonly instances: readonly MovedInstance[];
}

/** What happens to one instance. */
export interface MovedInstance {
  readonly instance: ObjectRef;
  /** `done`: the instance has the owner already. `goes on`: an earlier migration began. */
  readonly state: 'done' | 'goes on' | 'moves';
  readonly writes: readonly MovedObject[];
  /** Objects that stay as they are. */
  readonly children: readonly ObjectRef[];
  /** What the new owner does later. */
  readonly notes: readonly string[];
}

/** An object that the migration writes or deletes. */
export interface MovedObject {
  readonly object: ObjectRef;
  readonly action: 'create' | 'delete';
  readonly why: string;
}

/** The plan in lines. */
export function migrationReport(migration: Migration): Report {
  return { data: migration, lines: () => migration.instances.flatMap((each) => linesOf(each, migration.to)) };
}

function linesOf({ instance, state, writes, children, notes }: MovedInstance, to: Owner): string[] {
  const name = objectName(instance);
  const owner = OWNERS[to];
  if (state === 'done') return [printableLine(`= ${name} belongs to ${owner} already`)];
  return [
    printableLine(`~ ${name} moves to ${owner}${state === 'goes on' ? ', where an earlier migration ended' : ''}`),
    ...[
      ...writes.map(({ object, action, why }) => `${action === 'create' ? '+' : '-'} ${objectName(object)}: ${why}`),
      ...children.map((child) => `= ${objectName(child)} stays as it is`),
      ...notes,
    ].map((line) => `    ${printableLine(line)}`),
  ];
}

const OWNERS: Readonly<Record<Owner, string>> = {
  kro: 'the controller of its definition',
  direct: 'direct mode',
};

/** The writes of a migration, in their order. */
export function writesOf(to: Owner, instance: ObjectRef, record: ObjectRef): readonly MovedObject[] {
  return to === 'kro'
    ? [
        { object: instance, action: 'create', why: 'with the spec and the inventory of the record, by typekro' },
        { object: record, action: 'delete', why: 'the record of direct mode' },
      ]
    : [
        {
          object: record,
          action: 'create',
          why: 'the record: definition, spec and inventory, by kro.run/applyset-parent',
        },
        { object: instance, action: 'delete', why: 'suspended, then deleted without what belongs to it' },
      ];
}

/** What the new owner writes into the children at its first pass. */
export function notesOf(to: Owner, children: readonly ObjectRef[]): string[] {
  if (children.length === 0) return [];
  const who = to === 'kro' ? 'the controller' : 'the next deploy of factory("direct")';
  return [`${who} then writes the uid of the new owner into the label kro.run/instance-id of each, and no other field`];
}

/** Why a definition of the cluster cannot take an instance over; `undefined` when it can. */
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
      remedy: 'apply it again when it is gone',
    });
  }
  const state = definition.status?.['state'];
  if (state === 'Active') return undefined;
  return new TypeKroError(
    `the definition ${name} is ${typeof state === 'string' ? state : 'without a state'}, not Active`,
    { code, remedy: `typekro why ${name} tells the reason; does a controller run?` },
  );
}

/** Why an instance of a controller cannot leave it; `undefined` when it can. */
export function refusalOfInstance(
  { kind, metadata }: KubeObject,
  owners: readonly { readonly name: string }[],
  partOf: string | undefined,
): TypeKroError | undefined {
  const what = `${kind} ${metadata.name ?? ''}`;
  if (partOf !== undefined) {
    return new TypeKroError(`${what} is itself an object of the instance ${partOf}, which would make it again`, {
      code: 'migrate/other-owner',
      remedy: `migrate ${partOf}, or take it out of that definition`,
    });
  }
  const [owner] = owners;
  if (owner === undefined) return undefined;
  return new TypeKroError(`${what} belongs to ${owner.name}, which would make it again`, {
    code: 'migrate/other-owner',
    remedy: 'let the owner go of it first',
  });
}

/** Why a record cannot become an instance: another client made an instance of the name. */
export function refusalOfPresent(live: KubeObject | undefined, isOfMigration: boolean): TypeKroError | undefined {
  if (live === undefined) return undefined;
  const what = `${live.kind} ${live.metadata.name ?? ''}`;
  if (live.metadata.deletionTimestamp !== undefined) {
    return new TypeKroError(`${what} is there and is being deleted with everything that belongs to it`, {
      code: 'migrate/being-deleted',
      remedy: 'wait until it is gone',
    });
  }
  if (isOfMigration) return undefined;
  return new TypeKroError(`${what} is there already, made by another client`, {
    code: 'migrate/instance-exists',
    remedy: 'two owners would fight over its objects: delete the one that is not wanted, by its own mode',
  });
}

/** A plain copy for a record. */
export const asDefinition = (object: KubeObject): JsonObject => object as unknown as JsonObject;
