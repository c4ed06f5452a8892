import { readdirSync, readFileSync } from 'node:fs';
import { controllerCrds } from '@typekro/controller/controller';
import { type JsonObject, type KubeObject, formatDiagnostic, parseJson } from '@typekro/kit/core';
import { type Graph, compile, compileGraphObject } from '@typekro/engine/graph';
import { builtinSource, combineSources, crdSource } from '../packages/engine/src/schema/index.ts';
import { toMermaid } from '../packages/app/src/drawing/mermaid.ts';

/** A composition or a graph that an example exports, compiled for stock kro. */
export interface ExampleGraph {
  /** File name in `examples/`. */
  readonly file: string;
  readonly exported: string;
  readonly yaml: string;
  readonly graph: Graph;
  /** The warnings of the compiler. */
  readonly warnings: readonly string[];
  /** Duration of composing and compiling. */
  readonly milliseconds: number;
}

/**
 * This script uses only these members of a composition or a graph. The examples import the built package, so their
 * objects are not instances of the classes in `src/`.
 */
interface Exported {
  toYaml(): string;
  toDefinition(): JsonObject;
}

/** Is the export a composition, or a graph without an API? */
function isExported(value: unknown): value is Exported {
  const isObject = typeof value === 'function' || (typeof value === 'object' && value !== null);
  return isObject && 'toDefinition' in value;
}

const root = new URL('../', import.meta.url);

/**
 * Returns every composition and graph of `examples/`, sorted by file and exported name.
 *
 * @throws Error when one does not compile for stock kro.
 */
export async function exampleGraphs(): Promise<readonly ExampleGraph[]> {
  const sources = combineSources(builtinSource(), crdSource([...projectDefinitions(), ...controllerCrds()]));
  const found: ExampleGraph[] = [];
  for (const file of readdirSync(new URL('examples', root))
    .filter((name) => name.endsWith('.ts'))
    .sort()) {
    const module = (await import(new URL(`examples/${file}`, root).href)) as Readonly<Record<string, unknown>>;
    for (const exported of Object.keys(module).sort()) {
      const made = module[exported];
      if (!isExported(made)) continue;
      const began = performance.now();
      const definition = made.toDefinition();
      const compiler = definition['kind'] === 'Graph' ? compileGraphObject : compile;
      const { graph, diagnostics } = compiler(definition, { sources, target: 'stock' });
      const milliseconds = performance.now() - began;
      const texts = diagnostics.map((diagnostic) => formatDiagnostic(diagnostic));
      if (graph === undefined) throw new Error(`${file}: ${exported} is refused:\n${texts.join('\n')}`);
      found.push({ file, exported, yaml: made.toYaml(), graph, warnings: texts, milliseconds });
    }
  }
  return found;
}

/** The CRDs of other projects that the package includes. */
export function projectDefinitions(): KubeObject[] {
  const folder = new URL('data/crds/', root);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const list = parseJson(readFileSync(new URL(name, folder), 'utf8'));
      return (list as unknown as { readonly items: readonly KubeObject[] }).items;
    });
}

/** The file with the expected definition of an example. */
export const goldenOf = ({ file, exported }: ExampleGraph): URL =>
  new URL(`examples/golden/${file.replace(/\.ts$/, '')}.${exported}.yaml`, root);

const BEGIN = /<!-- picture of examples\/([\w-]+\.ts) (\w+) -->\n[\s\S]*?<!-- end of picture -->/g;

/** Replaces the pictures in the page by pictures of the given graphs. */
export function withPictures(page: string, graphs: readonly ExampleGraph[]): string {
  return page.replace(BEGIN, (_match, file: string, exported: string) => {
    const found = graphs.find((graph) => graph.file === file && graph.exported === exported);
    if (found === undefined) throw new Error(`there is no ${exported} in examples/${file}`);
    const picture = `\`\`\`mermaid\n${toMermaid(found.graph)}\`\`\``;
    return `<!-- picture of examples/${file} ${exported} -->\n\n${picture}\n\n<!-- end of picture -->`;
  });
}
