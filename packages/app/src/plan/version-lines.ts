import { type JsonObject, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { objectsAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { Conversion } from '@typekro/engine/conversion';
import { CrdSchema } from '@typekro/engine/schema';
import { type DefinitionPreview, instanceKey } from '@typekro/controller/controller';
import type { SchemaLine, ValueLine } from '@typekro/controller/inspect';
import { changedFields } from '@typekro/sdk/deploy';
import { limited, writersIn } from '../instance/version-writers.ts';

/** The members of a version that no other line of a plan shows. */
const MEMBERS = ['deprecated', 'deprecationWarning', 'convertTo', 'convertFrom', 'lossy'] as const;

/**
 * The changed versions between two specs of a definition. New and removed versions have lines of their own.
 *
 * @param effects what the change does to instances. It breaks a version that shows something else of one
 */
export function conversionLines(
  before: JsonObject,
  after: JsonObject,
  effects: DefinitionPreview['effects'] = new Map(),
): SchemaLine[] {
  const former = new Map(objectsAt(before, 'schema', 'versions').map((version) => [textAt(version, 'name'), version]));
  return objectsAt(after, 'schema', 'versions').flatMap((version) => {
    const name = textAt(version, 'name');
    const old = former.get(name);
    if (old === undefined) return [];
    const isBroken = [...effects.values()].some(({ versions }) => versions.includes(name));
    return MEMBERS.flatMap((member) =>
      changedFields(valueAt(old, member), valueAt(version, member)).map(({ path, from, to }): SchemaLine => {
        const shown = [from, to].map((value) => (value === undefined ? 'none' : stringifyJson(value)));
        const rule = [member, path.replace(/^\["(.*)"\]$/, '$1')].join(' ').trim();
        return {
          change: 'changed',
          field: `version.${name}`,
          description: `${rule}: ${shown.join(' → ')}`,
          breaking: isBroken && !member.startsWith('deprecat'),
          setBy: [],
        };
      }),
    );
  });
}

/**
 * Sentences about the versions that the wanted CRD deprecates, no longer serves, or no longer has: who still writes in
 * them, and which kept values are lost.
 *
 * @param instances the instances as they are read, with their managed fields
 */
export function versionNotes(crd: KubeObject, wanted: KubeObject, instances: readonly KubeObject[]): string[] {
  const next = new Map(CrdSchema.versions(wanted).map((version) => [textAt(version, 'name'), version]));
  return CrdSchema.versions(crd).flatMap((version) => {
    const name = textAt(version, 'name');
    const end = endOf(version, next.get(name));
    if (end === undefined) return [];
    const writers = writersIn(`${textAt(crd.spec, 'group')}/${name}`, instances);
    const writing =
      writers.length === 0 ? 'no instance has been written in it' : `written in it by: ${writers.join(', ')}`;
    const losing = end === 'is removed' ? instances.flatMap((instance) => lossOf(instance, name)) : [];
    const loss =
      losing.length === 0 ? [] : [`values that are kept for ${name} are lost in ${limited(losing).join(', ')}`];
    return [`${name} ${end}; ${writing}`, ...loss];
  });
}

/**
 * The values that an object keeps for other versions and that a write drops. Kubernetes removes them when a client that
 * has applied them in another version applies the object in one that cannot hold them.
 */
export function keptLines(live: KubeObject | undefined, after: KubeObject): ValueLine[] {
  const kept = live === undefined ? [] : [...Conversion.keptFields(live).values()].flat();
  const left = new Set([...Conversion.keptFields(after).values()].flat().map(({ path }) => path.join('.')));
  const dropped = kept.flatMap(({ path, value }): [string, ValueLine][] => {
    const name = path.join('.');
    const isDropped = value !== undefined && !left.has(name) && valueAt(after, ...path) === undefined;
    return isDropped ? [[name, { path: name, from: value }]] : [];
  });
  return [...new Map(dropped).values()];
}

/** Sentences about instances of which versions would show something else after an allowed change. */
export const changeNotes = (effects: DefinitionPreview['effects'] = new Map()): string[] =>
  limited([...effects].flatMap(([instance, { change }]) => (change === undefined ? [] : [`${instance} ${change}`])));

function endOf(version: JsonObject, next: JsonObject | undefined): string | undefined {
  if (next === undefined) return 'is removed';
  if (version['served'] === true && next['served'] !== true) return 'is no longer served';
  return version['deprecated'] !== true && next['deprecated'] === true ? 'becomes deprecated' : undefined;
}

/** The instance and its fields whose values only the removed version can show. */
function lossOf(instance: KubeObject, version: string): string[] {
  const all = Conversion.keptFields(instance).get(version) ?? [];
  // Of a field that was absent, nothing is lost.
  const kept = all.filter(({ value, isTooLarge }) => value !== undefined || isTooLarge === true);
  if (kept.length === 0) return [];
  return [`${instanceKey(instance).replace(/^\//, '')} (${kept.map(({ path }) => path.join('.')).join(', ')})`];
}
