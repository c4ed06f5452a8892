/** What a piece of foreign data must be, and what it becomes when an expression reads it. */
export type ShapeKind =
  | 'any'
  | 'bool'
  | 'bytes'
  | 'date'
  | 'date-time'
  | 'double'
  | 'duration'
  | 'free-object'
  | 'int'
  | 'int-or-string'
  | 'list'
  | 'map'
  | 'none'
  | 'object'
  | 'string';

/**
 * The run-time side of an OpenAPI schema: how data is read. Shapes may be cyclic, so children are looked
 * up lazily, one step at a time.
 */
export interface DataShape {
  /** `any`: data as it is; `free-object`: any object, its fields as they are; `none`: a schema that allows no value; `bytes` is base64 text. */
  readonly kind: ShapeKind;
  readonly nullable: boolean;
  /** `list`: its elements; `map`: its values. */
  element?(): DataShape;
  /** `object`: a declared property, by its JSON name. */
  property?(name: string): DataShape | undefined;
  /** `object`: a declared property by the name that expressions write, remembered: asked once per element of a list. */
  field?(written: string): { readonly name: string; readonly shape: DataShape } | undefined;
  /** `list`: `set` and `map` lists compare without order and merge on `+`. */
  readonly listType?: 'atomic' | 'map' | 'set';
  /** Keys of a `map` list. */
  readonly mapKeys?: readonly string[];
  /** Made of a declared type, not of a schema: `+` with such a list on the left gives an ordinary list. */
  readonly declared?: boolean;
}
