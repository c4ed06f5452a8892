import {
  type JsonObject,
  type KubeObject,
  formatApiVersion,
  typeMetaOf,
  namespacedName,
  refOf,
} from '@typekro/kit/core';
import { numberAt, textAt } from '@typekro/kit/kubernetes';
import { Conversion } from '@typekro/engine/conversion';
import type { ObjectType } from '@typekro/engine/runtime';
import { type Clock, type KubernetesApi, KubeError } from '@typekro/kube';
import { writeRefusalText } from '../../execute/index.ts';
import type { CrdEnsurer, LeavingVersions } from './crd-ensurer.ts';
import type { DefinitionObject } from './definition-object.ts';
import {
  type MigrationState,
  DEFAULT_RATE,
  held,
  migrated,
  PAUSE_MS,
  SETTLE_MS,
  unknown,
} from './storage-migration.ts';

/** The dependencies of a `VersionRemoval`. */
export interface VersionRemovalOptions {
  readonly client: KubernetesApi;
  readonly clock: Clock;
  readonly migrationRate?: number;
  /** Writes the CRD of a definition without versions. */
  readonly drop: CrdEnsurer['drop'];
}

/** The removal of versions from one CRD, as far as this process knows it. */
interface Removal {
  /** The versions that leave. */
  readonly versions: string;
  /** When this process first saw that they leave. */
  readonly since: number;
  /** The objects that still name a version; `undefined` when they must be listed. */
  left: KubeObject[] | undefined;
  done: number;
}

/**
 * Removes versions that a definition no longer has. They are not served any more, but field managers of objects name
 * them. Each pass rewrites the metadata of a few objects. When a list shows that no object is left, the versions leave
 * the CRD. The objects themselves show how far the work has come, so another process continues it after a crash.
 */
export class VersionRemoval {
  readonly #options: VersionRemovalOptions;
  /** By the name of the definition. */
  readonly #removals = new Map<string, Removal>();

  constructor(options: VersionRemovalOptions) {
    this.#options = options;
  }

  /** Continues the removal. */
  async step(
    definition: DefinitionObject,
    type: ObjectType,
    leaving: LeavingVersions | undefined,
    signal: AbortSignal,
  ): Promise<MigrationState | undefined> {
    const { client, clock, migrationRate = DEFAULT_RATE } = this.#options;
    if (leaving === undefined) {
      this.#removals.delete(definition.name);
      return undefined;
    }
    const { names: left, remaining } = leaving;
    const versions = left.join(', ');
    const known = this.#removals.get(definition.name);
    const removal = known?.versions === versions ? known : begin(definition, versions, clock.now());
    this.#removals.set(definition.name, removal);
    const progress = (): JsonObject => {
      const total = Math.max(removal.done + (removal.left?.length ?? 0), totalOf(definition, versions));
      return { to: type.version, removing: versions, migrated: removal.done, total };
    };
    // Other API servers of the cluster serve the versions a moment longer.
    if (clock.now() < removal.since + SETTLE_MS) {
      const condition = unknown('Removing', `${versions} is no longer served, and will leave the CRD`);
      return { condition, progress: progress(), retryAt: removal.since + SETTLE_MS };
    }
    const names = new Set(left.map((version) => formatApiVersion({ ...type, version })));
    try {
      if (removal.left === undefined) {
        removal.left = await listed(client, type, names, signal);
        if (removal.left.length === 0) {
          await this.#options.drop(definition, `${type.plural}.${type.group}`, left, signal);
          this.#removals.delete(definition.name);
          return { condition: migrated(type.version) };
        }
      }
      for (const object of removal.left.slice(0, migrationRate)) {
        await rewrite(client, object, names, remaining, signal);
        removal.left.shift();
        removal.done += 1;
      }
    } catch (thrown) {
      const refusal = writeRefusalText(thrown);
      if (refusal === undefined) throw thrown;
      const at = removal.left?.[0];
      const what = at === undefined ? '' : `${type.kind} ${namespacedName(at.metadata)}: `;
      return held(clock, progress(), `${versions} cannot be removed: ${what}${refusal}`);
    }
    const state = progress();
    // The next list also finds objects that somebody else has changed in the meantime.
    if (removal.left.length === 0) removal.left = undefined;
    const message = `field managers of ${removal.done} of ${numberAt(state, 'total')} objects no longer name ${versions}`;
    return { condition: unknown('Removing', message), progress: state, retryAt: clock.now() + PAUSE_MS };
  }
}

const begin = ({ status }: DefinitionObject, versions: string, now: number): Removal => ({
  versions,
  since: now,
  left: undefined,
  done: textAt(status, 'migration', 'removing') === versions ? (numberAt(status, 'migration', 'migrated') ?? 0) : 0,
});

const totalOf = ({ status }: DefinitionObject, versions: string): number =>
  textAt(status, 'migration', 'removing') === versions ? (numberAt(status, 'migration', 'total') ?? 0) : 0;

/** The metadata of the objects that need one of the versions. */
async function listed(
  client: KubernetesApi,
  type: ObjectType,
  versions: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const kind = typeMetaOf(type);
  const { items } = await client.list(kind, { metadataOnly: true, signal });
  return items
    .filter((item) => Conversion.metadataWithout(item, versions) !== undefined)
    .map(({ apiVersion, kind: own, metadata: { name = '', namespace } }) => ({
      apiVersion,
      kind: own,
      metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    }));
}

/** Writes the metadata of one object. The next list finds an object that somebody else writes at the same time. */
async function rewrite(
  client: KubernetesApi,
  { apiVersion, kind, metadata }: KubeObject,
  versions: ReadonlySet<string>,
  remaining: LeavingVersions['remaining'],
  signal: AbortSignal,
): Promise<void> {
  const live = await client.find(refOf({ apiVersion, kind, metadata }), { signal });
  const change = live === undefined ? undefined : Conversion.metadataWithout(live, versions, remaining);
  if (live === undefined || change === undefined) return;
  const { resourceVersion = null } = live.metadata;
  try {
    await client.patch(refOf(live), { metadata: { resourceVersion, ...change } }, { fieldManager: 'kro', signal });
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || (thrown.status !== 404 && thrown.status !== 409)) throw thrown;
  }
}
