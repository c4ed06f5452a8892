import type { Declarations } from '../check/declarations.ts';
import { escapeFieldName } from '../eval/field-names.ts';
import type { DataShape, ShapeKind } from '../shape.ts';
import { type CelType, paramOf } from '../types.ts';

const SCALARS: Partial<Record<CelType['kind'], ShapeKind>> = {
  bool: 'bool',
  double: 'double',
  int: 'int',
  string: 'string',
};

/**
 * Returns the shape of a variable that is declared only by a type; undefined when the variable's data is read without a
 * shape.
 */
export function shapeOfType(type: CelType, declarations: Declarations): DataShape | undefined {
  const scalar = SCALARS[type.kind];
  if (scalar !== undefined) return { kind: scalar, nullable: false };
  switch (type.kind) {
    case 'list':
      return {
        kind: 'list',
        nullable: false,
        declared: true,
        element: () => elementShape(paramOf(type, 0), declarations),
      };
    case 'map':
      if (paramOf(type, 0).kind !== 'string') return undefined;
      return { kind: 'map', nullable: false, element: () => elementShape(paramOf(type, 1), declarations) };
    case 'struct': {
      // Values of library types are not data.
      if (!declarations.isProvided(type.name)) return undefined;
      const property = (name: string): DataShape | undefined => {
        const field = declarations.fieldOf(type.name, escapeFieldName(name) ?? name);
        return field === undefined ? undefined : elementShape(field, declarations);
      };
      return { kind: 'object', nullable: false, property };
    }
    default:
      return undefined;
  }
}

const ANY: DataShape = { kind: 'any', nullable: true };

function elementShape(type: CelType, declarations: Declarations): DataShape {
  return shapeOfType(type, declarations) ?? ANY;
}
