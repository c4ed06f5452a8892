/** The kind of a piece of foreign data, which decides what it becomes when an expression reads it. */
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
 * The run-time side of an OpenAPI schema: the rules that read data. Shapes may be cyclic, so a child is looked up
 * lazily.
 */
export interface DataShape {
  /**
   * `any`: data as it is. `free-object`: any object, with its fields as they are. `none`: a schema that allows no
   * value. `bytes`: base64 text.
   */
  readonly kind: ShapeKind;
  readonly nullable: boolean;
  /** Of a `list` the shape of its elements, of a `map` that of its values. */
  element?(): DataShape;
  /** Of an `object` the shape of a declared property, by its JSON name. */
  property?(name: string): DataShape | undefined;
  /**
   * Of an `object` a declared property by its name in expressions. The answer is remembered, because it is needed for
   * each element of a list.
   */
  field?(written: string): { readonly name: string; readonly shape: DataShape } | undefined;
  /** The type of a `list`: `set` and `map` lists compare without order and merge on `+`. */
  readonly listType?: 'atomic' | 'map' | 'set';
  /** The keys of a `map` list. */
  readonly mapKeys?: readonly string[];
  /** Is the shape made of a declared type, not of a schema? `+` with such a list on the left gives an ordinary list. */
  readonly declared?: boolean;
}
