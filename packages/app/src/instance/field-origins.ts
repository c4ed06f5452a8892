import { type GraphNode, type Hole, Nodes } from '@typekro/engine/graph';

/** The expression from which a field gets its value. */
export interface FieldOrigin {
  /** `spec.ports[0].port is ${schema.spec.port}`. */
  readonly text: string;
  readonly remedy: string;
}

/** An expression that reads one field of the instance and nothing else. */
const FIELD_OF_INSTANCE = /^schema\.(spec(?:\.\w+|\[\d+\])+)$/;

/** The maximum number of listed expressions. */
const MAX_FIELDS = 3;

/**
 * Finds the expressions that compute the given fields of a node's object. Lists each expression once, and ignores
 * fields without an expression.
 *
 * @param paths paths in the form of `details.causes[].field` of a Status, such as `spec.ports[0].port`
 */
export function fieldOrigins(node: GraphNode | undefined, paths: readonly string[]): FieldOrigin[] {
  if (node === undefined) return [];
  const seen = new Set<Hole>();
  return paths.flatMap((path) => {
    const hole = node.template.holes.find((each) => isAtOrAbove(Nodes.pathOf(each), path));
    if (hole === undefined || seen.has(hole) || seen.size >= MAX_FIELDS) return [];
    seen.add(hole);
    const { cel, template = `\${${cel}}` } = hole.expression;
    const ofInstance = FIELD_OF_INSTANCE.exec(cel)?.[1];
    return [
      {
        text: `${hole.pathText} is ${template}`,
        remedy:
          ofInstance === undefined
            ? `correct the expression of ${hole.pathText}, or the data that it reads`
            : `correct ${ofInstance} of the instance`,
      },
    ];
  });
}

const isAtOrAbove = (upper: string, path: string): boolean =>
  path === upper || path.startsWith(`${upper}.`) || path.startsWith(`${upper}[`);
