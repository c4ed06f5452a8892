import { readFileSync } from 'node:fs';
import { type Node, type Pair, type Scalar, isMap, parseDocument } from 'yaml';
import { markdownTable } from '../markdown-table.ts';

/** `docs/reference/chart.md`: every value of the Helm chart with its default and its comment. */
export function chartPage(): string {
  const text = readFileSync(new URL('../../charts/typekro/values.yaml', import.meta.url), 'utf8');
  return `# Values of the Helm chart

\`npm run docs\` writes this page from [the values](../../charts/typekro/values.yaml) of the chart. A value has the name and
the default of kro's chart, unless its description says otherwise.

${markdownTable(['value', 'default', 'what it does'], rowsOf('', parseDocument(text).contents))}

## What can go wrong

- **The pod cannot pull its image.** No image is published. Build one with the Dockerfile, push it, and set
  \`image.repository\`.
- **The controller may not write a kind.** With \`rbac.mode: aggregation\` it has only the rights that you give:
  \`typekro rbac FILES | kubectl apply -f -\`, with the files of all definitions in one call.
`;
}

function rowsOf(path: string, contents: unknown): string[][] {
  if (!isMap<Scalar, Node>(contents)) return [];
  return contents.items.flatMap((item, index) => {
    const name = path === '' ? String(item.key.value) : `${path}.${String(item.key.value)}`;
    // The parser attaches the comment before the first member to the map itself.
    const comment = item.key.commentBefore ?? (index === 0 && path !== '' ? contents.commentBefore : undefined);
    const inner = isMap(item.value) && item.value.items.length > 0 ? rowsOf(name, item.value) : undefined;
    const own = [`\`${name}\``, inner === undefined ? defaultOf(item) : '', textOf(comment ?? undefined)];
    return inner === undefined ? [own] : comment === undefined || comment === null ? inner : [own, ...inner];
  });
}

const defaultOf = ({ value }: Pair<Scalar, Node>): string => `\`${JSON.stringify(value?.toJSON() ?? null)}\``;

const textOf = (comment: string | undefined): string =>
  (comment ?? '').replaceAll(/\s+/g, ' ').replaceAll('<', '&lt;').trim();
