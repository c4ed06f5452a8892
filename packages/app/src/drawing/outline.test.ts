import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Graph, OutlineNode } from '@typekro/engine/graph';
import { compile, compileGraphObject, GraphOutline, parseDefinitions } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { toDot } from './dot.ts';
import { type LayoutBox, type Point, layoutColumns } from './layout.ts';
import { toMermaid } from './mermaid.ts';
import { outlineLines, unreadDependencies } from './outline-text.ts';
import { toSvg } from './svg.ts';

const DEFINITION = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: shop }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec: { name: string, public: boolean, zones: "[]string" }
    status: { address: "http://\${svc.spec.clusterIP}" }
  resources:
    - id: settings
      externalRef: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings } }
    - id: teams
      externalRef: { apiVersion: v1, kind: ConfigMap, metadata: { selector: { matchLabels: { team: a } } } }
    - id: svc
      includeWhen: ['\${schema.spec.public && schema.spec.name != "a\\"; end"}']
      readyWhen: ['\${svc.spec.clusterIP != ""}']
      template: { apiVersion: v1, kind: Service, metadata: { name: "\${schema.spec.name}" }, spec: { ports: [{ port: 80 }] } }
    - id: zone
      forEach: [{ place: "\${schema.spec.zones}" }]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${place}" }, data: { ip: "\${svc.spec.clusterIP}", at: "\${settings.data.at}" } }
`;

function graphOf(text: string): Graph {
  const [document] = parseDefinitions(text).documents;
  const { graph, diagnostics } = compile(document ?? {}, { sources: builtinSource() });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  return graph;
}

test('the lines of a graph show levels, conditions, lists, external objects, and the expressions that read other nodes', () => {
  expect(outlineLines(GraphOutline.of(graphOf(DEFINITION))).join('\n')).toMatchInlineSnapshot(`
    "Shop  kro.run/v1alpha1  definition shop  4 nodes in 2 levels
    1  settings  ConfigMap v1  external, exists already
       teams     ConfigMap v1  external, by selector
       svc       Service v1
         include when  schema.spec.public && schema.spec.name != "a\\"; end"
         ready when    svc.spec.clusterIP != ""
    2  zone      ConfigMap v1  for each place in schema.spec.zones
         data.ip  = svc.spec.clusterIP
         data.at  = settings.data.at
       status
         address  = http://\${svc.spec.clusterIP}"
  `);
});

test('a character beyond U+FFFF becomes one character reference, and a shortened text never ends inside such a character', () => {
  const text = DEFINITION.replace('a\\"; end', `😀${'😀'.repeat(80)}`);
  expect(text).not.toBe(DEFINITION);
  const drawn = toMermaid(graphOf(text));
  expect(drawn).toContain('#128512;#128512;');
  expect(drawn).not.toMatch(/#5\d{4};/);
});

describe('a dependency without an expression is shown with its reason', () => {
  const WITH_SUBGRAPHS = `
apiVersion: kro.run/v1alpha1
kind: Graph
metadata: { name: maps, namespace: default }
spec:
  nodes:
    - id: outer
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: o }, data: { a: b } }
    - id: inner
      graph:
        nodes:
          - id: one
            template: { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: "\${outer.data.a}" } }
          - id: two
            template: { apiVersion: v1, kind: ConfigMap, metadata: { name: two } }
          - id: deep
            graph:
              nodes:
                - id: last
                  template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${two.metadata.name}-x" } }
`;
  const [document] = parseDefinitions(WITH_SUBGRAPHS).documents;
  const { graph, diagnostics } = compileGraphObject(document ?? {}, { sources: builtinSource() });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));

  test('in lines', () => {
    expect(outlineLines(GraphOutline.of(graph)).join('\n')).toMatchInlineSnapshot(`
      "Graph  kro.run/v1alpha1  maps  6 nodes in 3 levels
      1  outer            ConfigMap v1
      2  inner/one        ConfigMap v1
           data.a  = outer.data.a
         inner/two        ConfigMap v1
           subgraph needs  outer
      3  inner/deep/last  ConfigMap v1
           subgraph needs  outer
           metadata.name   = \${two.metadata.name}-x
         inner/deep                     subgraph
           nodes read      inner/two
           subgraph needs  outer
      2  inner                          subgraph
           nodes read  outer"
    `);
  });

  test('in DOT', () => {
    const edges = toDot(GraphOutline.of(graph)).match(/^.* -> .*$/gm) ?? [];
    expect(edges.map((edge) => edge.trim())).toMatchInlineSnapshot(`
      [
        ""n:outer" -> "n:inner/one" [label="data.a = outer.data.a\\l"];",
        ""n:outer" -> "n:inner/two" [label="its subgraph needs it\\l"];",
        ""n:inner/two" -> "n:inner/deep/last" [label="metadata.name = \${two.metadata.name}-x\\l"];",
        ""n:outer" -> "n:inner/deep/last" [label="its subgraph needs it\\l"];",
        ""n:inner/two" -> "n:inner/deep" [label="its nodes read it\\l"];",
        ""n:outer" -> "n:inner/deep" [label="its subgraph needs it\\l"];",
        ""n:outer" -> "n:inner" [label="its nodes read it\\l"];",
      ]
    `);
  });

  test('the reason can be a kind that another resource installs', () => {
    const nodes = [
      { id: 'crd', nodeType: 'resource', dependsOn: [], reads: [] },
      { id: 'pump', nodeType: 'resource', dependsOn: ['crd'], reads: [] },
    ] as unknown as readonly OutlineNode[];
    expect(nodes.map((node) => unreadDependencies({ nodes }, node))).toEqual([[], [{ id: 'crd', because: 'kind' }]]);
  });
});

test('the lines of a graph without nodes say that there are none', () => {
  const empty = DEFINITION.slice(0, DEFINITION.indexOf('    status:'));
  expect(outlineLines(GraphOutline.of(graphOf(empty)))).toEqual(['Shop  kro.run/v1alpha1  definition shop  no nodes']);
});

test('a graph in DOT has its nodes and dependencies', () => {
  expect(toDot(GraphOutline.of(graphOf(DEFINITION)))).toMatchInlineSnapshot(`
    "digraph "shop" {
      rankdir=LR;
      node [shape=box, style=rounded, fontname="monospace"];
      edge [fontname="monospace", fontsize=10];
      "n:settings" [label="settings\\nConfigMap v1\\nexternal, exists already", style="rounded,dashed"];
      "n:teams" [label="teams\\nConfigMap v1\\nexternal, by selector", style="rounded,dashed"];
      "n:svc" [label="svc\\nService v1\\ninclude when schema.spec.public && schema.spec.name != \\"a\\\\\\"; end\\""];
      "n:zone" [label="zone\\nConfigMap v1\\nfor each place in schema.spec.zones", peripheries=2];
      "n:settings" -> "n:zone" [label="data.at = settings.data.at\\l"];
      "n:svc" -> "n:zone" [label="data.ip = svc.spec.clusterIP\\l"];
      status [shape=note, label="Shop status"];
      "n:svc" -> status [style=dotted, label="address = http://\${svc.spec.clusterIP}\\l"];
    }
    "
  `);
});

test('a graph as SVG has a box for each node and the status, and an arrow for each dependency', () => {
  const svg = toSvg(GraphOutline.of(graphOf(DEFINITION)));
  expect(svg.match(/<g>/g)).toHaveLength(5);
  expect(svg.match(/<path(?: class="dotted")? d/g)).toHaveLength(3);
  expect(svg).toContain('schema.spec.public &#38;&#38; schema.spec.name');
});

/** Strings that would break a picture if they were not escaped. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 90 }),
  fc.constantFrom('</svg>', ']]>', '"]; x', '\\', '\ud800', '\u0000', 'a\nb', '漢字'.repeat(40)),
);

/** Outlines of any form: each node depends on some of the nodes before it. */
const outlines: fc.Arbitrary<GraphOutline> = fc
  .array(fc.record({ texts: fc.array(text, { maxLength: 20 }), links: fc.array(fc.nat(30), { maxLength: 4 }) }), {
    maxLength: 25,
  })
  .map((entries) => {
    const nodes: OutlineNode[] = [];
    for (const [index, { texts, links }] of entries.entries()) {
      const dependsOn = [...new Set(links.filter((link) => link < index).map((link) => `n${link}`))].sort();
      const level = 1 + Math.max(0, ...nodes.filter(({ id }) => dependsOn.includes(id)).map((node) => node.level));
      const reads = texts.map((expression) => ({ place: 'spec.x', expression, nodes: dependsOn }));
      nodes.push({
        id: `n${index}`,
        apiVersion: 'v1',
        kind: 'ConfigMap',
        nodeType: 'resource',
        level,
        deletionWave: 1,
        dependsOn,
        reads,
        forEach: [],
        includeWhen: texts.slice(0, 1),
        readyWhen: [],
      });
    }
    const status = nodes.slice(0, 2).map(({ id }) => ({ place: 'x', expression: id, nodes: [id] }));
    return { name: 'any', apiVersion: 'kro.run/v1', kind: 'Any', plural: 'anys', nodes, status };
  });

describe('pictures of any graph', () => {
  test('SVG is well-formed, and every line of text is inside its box', () => {
    fc.assert(
      fc.property(outlines, (outline) => {
        const svg = toSvg(outline);
        // All strings are escaped: after the removal of its tags, the picture has no angle bracket.
        expect(svg.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]/);
        // oxlint-disable-next-line no-control-regex -- XML allows none of these characters
        expect(svg).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u);
        for (const [, group = ''] of svg.matchAll(/<g>(.*?)<\/g>/gs)) {
          const [x, y, width, height] =
            /<rect class="\w+" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/
              .exec(group)
              ?.slice(1)
              .map(Number) ?? [];
          for (const [, left, base, line = ''] of group.matchAll(/<text[^>]* x="([\d.]+)" y="([\d.]+)">([^<]*)</g)) {
            const characters = Array.from(line.replaceAll(/&#\d+;/g, '.'));
            const wide = characters.reduce((sum, each) => sum + (isWide(each) ? 2 : 1), 0);
            expect(Number(left) + wide * 12 * 0.602).toBeLessThanOrEqual((x ?? 0) + (width ?? 0));
            expect(Number(base)).toBeGreaterThan(y ?? 0);
            expect(Number(base)).toBeLessThan((y ?? 0) + (height ?? 0));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('DOT has one statement per line, with any characters in the texts', () => {
    fc.assert(
      fc.property(outlines, (outline) => {
        const string = String.raw`"(?:[^"\\\n]|\\.)*"`;
        const statement = new RegExp(
          `^(?:digraph ${string} \\{|  rankdir=LR;|  (?:node|edge) \\[.*\\];|  (?:status|${string})(?: -> (?:status|${string}))? \\[(?:(?:, )?[a-z]+=(?:${string}|\\w+))*\\];|\\})$`,
        );
        for (const line of toDot(outline).trimEnd().split('\n'))
          expect(line.replaceAll(/[\r\u2028\u2029]/g, '')).toMatch(statement);
      }),
      { numRuns: 60 },
    );
  });
});

test('boxes do not overlap, and arrows pass between them', () => {
  const graphs = fc.array(
    fc.record({
      width: fc.integer({ min: 20, max: 400 }),
      height: fc.integer({ min: 20, max: 200 }),
      column: fc.nat(5),
      links: fc.array(fc.nat(40), { maxLength: 5 }),
    }),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(graphs, (entries) => {
      const boxes: LayoutBox[] = entries.map(({ width, height, column }, index) => ({
        id: `n${index}`,
        width,
        height,
        column,
      }));
      const edges = entries.flatMap(({ links, column }, index) =>
        links.flatMap((link) => ((entries[link]?.column ?? 9) < column ? [{ from: `n${link}`, to: `n${index}` }] : [])),
      );
      const layout = layoutColumns(boxes, edges);
      const placed = [...layout.boxes.values()];
      for (const [index, a] of placed.entries()) {
        expect(a.x + a.width).toBeLessThanOrEqual(layout.width);
        expect(a.y + a.height).toBeLessThanOrEqual(layout.height);
        for (const b of placed.slice(index + 1)) expect(areApart(a, b)).toBe(true);
      }
      expect(layout.edges).toHaveLength(edges.length);
      for (const { points, from, to } of layout.edges) {
        for (const [index, end] of points.slice(1).entries()) {
          const start = points[index] ?? end;
          const across = placed.filter(({ id }) => id !== from && id !== to && isCrossed(placed, id, start, end));
          expect(across).toEqual([]);
        }
      }
    }),
    { numRuns: 100 },
  );
});

/** Must the picture assume that the character is twice as wide as a Latin character? */
const isWide = (character: string): boolean => character > '\u10ff' && !/[\u2026\u2190]/.test(character);

type Placed = LayoutBox & Point;

function areApart(a: Placed, b: Placed): boolean {
  return a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height < b.y || b.y + b.height < a.y;
}

/** Can a segment of an arrow cross the box with this id? The segment stays in the rectangle between its ends. */
function isCrossed(placed: readonly Placed[], id: string, start: Point, end: Point): boolean {
  const box = placed.find((each) => each.id === id);
  if (box === undefined) return false;
  const [top, bottom] = [Math.min(start.y, end.y), Math.max(start.y, end.y)];
  return start.x < box.x + box.width && box.x < end.x && top < box.y + box.height && box.y < bottom + 0.001;
}

test.each([
  ['kro.run/v1alpha1', 'Graph', 'Graph  kro.run/v1alpha1  shop  no nodes'],
  ['kro.run/v1alpha1', 'WebApp', 'WebApp  kro.run/v1alpha1  definition shop  no nodes'],
])('the first line for %s %s names a definition only if there is one', (apiVersion, kind, line) => {
  expect(outlineLines({ name: 'shop', apiVersion, kind, plural: '', nodes: [], status: [] })).toEqual([line]);
});
