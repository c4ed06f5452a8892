import type { CompletionItem } from 'vscode-languageserver';
import type { expressionScopes } from '@typekro/engine/graph';
import { type Schema, FieldDescription } from '@typekro/engine/schema';
import { ItemKind } from './completion/fields.ts';
import type { CursorPlace } from './cursor-place.ts';
import { fieldMarkdown } from './describe.ts';
import { type YamlPlace, yamlNodeAt } from './yaml-tree.ts';

/** A conversion in an entry of `spec.schema.versions`, or its list of lossy fields. */
type ConversionPlace = NonNullable<ReturnType<NonNullable<ReturnType<typeof expressionScopes>>['conversionAt']>>;

/** The depth of the offered fields below `spec` and `status`. A schema can be recursive. */
const MAX_DEPTH = 5;

/** The paths of fields that a conversion can set, or that `lossy` can name. */
export function convertedFieldItems(place: ConversionPlace, cursor: CursorPlace): readonly CompletionItem[] {
  const { member, targets } = place;
  const isKey = cursor.part === 'key';
  // The value of a rule is free; a field is named by a key of a conversion, and by an item of `lossy`.
  const isNamed = member === 'lossy' ? cursor.path.length === 6 || cursor.prefix.startsWith('[') : isKey;
  if (!isNamed || isKey !== (cursor.path.length === 5 && member !== 'lossy')) return [];
  const used = new Set(writtenFields(cursor));
  const found = new Map(
    targets.flatMap(({ version, schema }) =>
      fieldPaths(schema, member === 'lossy' ? ['spec'] : ['spec', 'status']).map(
        ({ path, ...field }) => [path, { ...field, version }] as const,
      ),
    ),
  );
  return [...found]
    .filter(([path]) => !used.has(path))
    .map(([label, { schema, isRequired, version }]) => {
      const { type, description } = FieldDescription.of(schema, isRequired);
      return {
        label,
        kind: ItemKind.property,
        detail: `${type}${isRequired ? ', required' : ''}, in ${version}`,
        ...(description === undefined ? {} : { documentation: description }),
        insertText: isKey && !cursor.isWholeKey ? `${label}: ` : label,
      };
    });
}

/** The fields that the conversion or `lossy` names already. */
function writtenFields({ tree, path }: CursorPlace): string[] {
  const node = yamlNodeAt(tree, path.slice(0, 5));
  if (node?.kind === 'map') return node.members.map(({ key }) => key.value);
  return node?.kind === 'list' ? node.items.flatMap((item) => (item?.kind === 'scalar' ? [item.value] : [])) : [];
}

interface FieldPath {
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

function fieldPaths(root: Schema, members: readonly string[]): readonly FieldPath[] {
  const below = (schema: Schema, prefix: string, depth: number): readonly FieldPath[] =>
    depth > MAX_DEPTH
      ? []
      : Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
          const path = `${prefix}.${name}`;
          const own = { path, schema: field, isRequired: schema.required?.includes(name) === true };
          return [own, ...below(field, path, depth + 1)];
        });
  return members.flatMap((name) => below(root.properties?.[name] ?? {}, name, 1));
}

/** Explains the field that a key of a conversion or an item of `lossy` names. */
export function convertedFieldMarkdown(
  place: ConversionPlace | undefined,
  { part, path, scalar }: YamlPlace,
): string | undefined {
  const isNamed = place !== undefined && path.length === 6 && (part === 'key') === (place.member !== 'lossy');
  if (!isNamed) return undefined;
  for (const { version, schema } of place.targets) {
    const found = FieldDescription.find(schema, FieldDescription.namesIn(scalar.value));
    if (!found.ok) continue;
    const extra = place.member === 'lossy' ? [`of ${version}; kept in an annotation`] : [`of ${version}`];
    return fieldMarkdown(scalar.value, found.schema, found.required, found.schema.description, extra);
  }
  return undefined;
}
