/** The kind of foreign data, which is data from outside CEL. The kind decides which CEL value the data becomes. */
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
  /** The shape of the elements of a `list`, or of the values of a `map`. */
  element?(): DataShape;
  /** The shape of a declared property of an `object`, by its JSON name. */
  property?(name: string): DataShape | undefined;
  /**
   * A declared property of an `object`, by its name in expressions. The result is cached, because all elements of a
   * list use one shape.
   */
  field?(written: string): { readonly name: string; readonly shape: DataShape } | undefined;
  /** The type of a `list`: `set` and `map` lists compare without order and merge on `+`. */
  readonly listType?: 'atomic' | 'map' | 'set';
  /** The keys of a `map` list. */
  readonly mapKeys?: readonly string[];
  /**
   * Does the shape come from the declared CEL type of a variable instead of a schema? If a list with such a shape is
   * the left operand of `+`, the result has no shape.
   */
  readonly declared?: boolean;
}
