import { docComment, toTypeScript } from '../../notations/to-typescript.ts';
import { fromJsonSchema } from '../../notations/json-schema.ts';
import { header } from './generate-factories.ts';
import { factoryName, fileNameOf } from './identifiers.ts';
import { quoteJs } from '../../javascript/index.ts';
import { type Diagnostic, type JsonObject, pascalCase } from '@typekro/kit/core';

/** The chart for which a factory is written. */
export interface ChartOptions {
  /** Name of the chart in its repository. */
  readonly chart: string;
  readonly repository: string;
  readonly version?: string;
  /** The command that generates the same file again. */
  readonly command: string;
}

/**
 * Writes a typed factory for a Helm chart from its `values.schema.json`: the type of the values, and a function that
 * installs the chart as a part of a graph. A part of the schema that TypeScript cannot express becomes a value of any
 * type, with a warning.
 */
export function generateChart(
  schema: JsonObject,
  options: ChartOptions,
): { readonly files: ReadonlyMap<string, string>; readonly diagnostics: readonly Diagnostic[] } {
  const result = fromJsonSchema(schema, { lenient: true });
  if (!result.ok) return { files: new Map(), diagnostics: result.diagnostics };
  const base = pascalCase(options.chart) || 'Chart';
  const type = `${/^\d/.test(base) ? '_' : ''}${base}Values`;
  const values = toTypeScript(result.schema, { name: type, input: true });
  const { chart, repository, version } = options;
  const reference = [
    `  chart: ${quoteJs(chart)},\n`,
    `  repository: ${quoteJs(repository)},\n`,
    ...(version === undefined ? [] : [`  version: ${quoteJs(version)},\n`]),
  ].join('');
  const comment = docComment(`Installs the Helm chart ${chart} of ${repository} as a node of a graph.`);
  const text =
    `${header(options.command)}import type { ChartFactory } from "typekro/helm";\n` +
    `import { chartFactory } from "typekro/helm";\n\n${values}\n${comment}` +
    `export const ${factoryName(base)}: ChartFactory<${type}> = /* @__PURE__ */ chartFactory<${type}>({\n${reference}});\n`;
  return { files: new Map([[`${fileNameOf(chart)}.ts`, text]]), diagnostics: result.diagnostics };
}
