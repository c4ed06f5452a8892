import { goTrim } from '@typekro/kit/golang';
import type { FieldStep, Schema } from '../model.ts';
import { type GatedMarkerKey, type Marker, GATED_MARKER_KEYS } from './simple-lexer.ts';

/**
 * A printer column of a `printColumn` marker. A marker in a custom type yields one column per use of the type.
 * `graph/crd.ts` adds these columns to the author's columns, or to the default columns.
 */
export interface SimpleColumn {
  readonly name: string;
  /** The JSON type of the field. */
  readonly type: string;
  /** The member names from `spec` to the field. */
  readonly steps: readonly string[];
  /** The path of the marker's line: `spec` or `types`, then member names. */
  readonly path: readonly FieldStep[];
  /** The offset of the marker in its line, in UTF-16 units. */
  readonly offset: number;
}

/** A field with the marker `scale`. */
export type SimpleReplicas = Pick<SimpleColumn, 'steps' | 'path' | 'offset'>;

/** The column of a marker on a field. */
export function columnOf({ value, offset }: Marker, { type = '' }: Schema, path: readonly FieldStep[]): SimpleColumn {
  return { name: goTrim(value), type, steps: [], path, offset };
}

const GATE_OF_MARKER: Readonly<Record<GatedMarkerKey, string>> = {
  printColumn: 'PrintColumn',
  scale: 'ScaleSubresource',
};

/** The hint for an unknown marker that needs a feature gate; undefined for any other marker. */
export function gatedHint(unknown: string): string | undefined {
  const key = GATED_MARKER_KEYS.find((each) => each === unknown);
  return key === undefined ? undefined : `${key} needs the feature gate ${GATE_OF_MARKER[key]}, which is off`;
}
