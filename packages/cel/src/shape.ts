/** The kind of foreign data (data from outside CEL). The kind decides which CEL value the data becomes. */
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
 * The run-time side of an OpenAPI schema: the rules by which data become CEL values. Schemas may be recursive, so the
 * shapes of children are computed lazily.
 */
export interface DataShape {
  /**
   * `any`: data of any type, without checks. `free-object`: an object with any fields. `none`: a schema that allows no
   * value. `bytes`: a base64 string.
   */
  readonly kind: ShapeKind;
  readonly nullable: boolean;
  /** The shape of the elements of a `list`, or of the values of a `map`. */
  element?(): DataShape;
  /** The shape of a declared property of an `object`, by its JSON name. */
  property?(name: string): DataShape | undefined;
  /**
   * A declared property of an `object`, by its name in expressions. The result is cached, because all elements of a
   * list share one shape.
   */
  field?(written: string): { readonly name: string; readonly shape: DataShape } | undefined;
  /** The type of a `list`: lists of type `set` and `map` are compared without regard to order, and `+` merges them. */
  readonly listType?: 'atomic' | 'map' | 'set';
  /** The list map keys of a `list` with the type `map`. */
  readonly mapKeys?: readonly string[];
  /**
   * Does the shape come from the declared CEL type of a variable instead of a schema? If a list with such a shape is
   * the left operand of `+`, the result has no shape.
   */
  readonly declared?: boolean;
}
