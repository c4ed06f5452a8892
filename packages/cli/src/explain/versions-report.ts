import { tableLines } from '@typekro/app/text';
import type { GroupVersionKind, KubeObject } from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { CrdSchema } from '@typekro/engine/schema';

/** The versions of a kind, and how objects are converted between them. */
export interface VersionsReport {
  /** The versions; only for the kind itself, and only if it has several. */
  readonly versions?: ReturnType<typeof CrdSchema.facts>;
  /** The conversions; for a field, only their parts that are about the field. */
  readonly conversions?: ReturnType<typeof Conversion.facts>;
}

/** Reports on the versions of the kind of a CRD, or on a field of one version of it. */
export function versionsReport(
  crd: KubeObject,
  { version }: GroupVersionKind,
  path: readonly string[],
): VersionsReport {
  const all = Conversion.facts(crd);
  const conversions = path.length === 0 ? all : Conversion.factsOfField(all, version, path);
  const versions = path.length === 0 ? CrdSchema.facts(crd) : [];
  return { ...(versions.length < 2 ? {} : { versions }), ...(conversions.length === 0 ? {} : { conversions }) };
}

/** Prints the versions and the conversions as sections. */
export function versionsReportLines({ versions = [], conversions = [] }: VersionsReport): string[] {
  const storage = conversions.length > 0 ? 'hub' : 'storage version';
  const rows = versions.map((version) => {
    const words = [
      ...(version.storage ? [storage] : version.stored ? ['still stored'] : []),
      version.served ? 'served' : 'not served',
      ...(version.deprecated === undefined ? [] : [`deprecated: ${version.deprecated}`]),
    ];
    return [version.name, words.join(', ')] as const;
  });
  return [
    ...section('Versions', rows),
    ...conversions.flatMap(({ from, to, rules, kept }) => {
      const changed = [
        ...rules.map(({ field, value }) => [field === '' ? 'the object' : field, value] as const),
        ...kept.map((field) => [field, 'kept in an annotation'] as const),
      ];
      return section(`From ${from} to ${to}`, changed.length === 0 ? [['all fields', 'copied']] : changed);
    }),
  ];
}

function section(title: string, rows: readonly (readonly [string, string])[]): string[] {
  return rows.length === 0 ? [] : ['', title, ...tableLines(rows).map((line) => `  ${line}`)];
}
