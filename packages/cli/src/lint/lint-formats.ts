import type { CodeInfo, Diagnostic, JsonObject } from '@typekro/kit/core';
import { workflowCommand } from '@typekro/app/text';

/** Converts findings to SARIF 2.1.0, a format that GitHub and many editors read. */
export function toSarif(diagnostics: readonly Diagnostic[], codes: readonly CodeInfo[], version: string): JsonObject {
  const used = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const rules = used.map((id): JsonObject => {
    const info = codes.find(({ code }) => code === id);
    if (info === undefined) return { id };
    return { id, shortDescription: { text: info.summary }, help: { text: info.remedy } };
  });
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'typekro', version, rules } },
        columnKind: 'unicodeCodePoints',
        results: diagnostics.map((each) => sarifResult(each, used.indexOf(each.code))),
      },
    ],
  };
}

function sarifResult({ code, severity, message, hint, path, source }: Diagnostic, ruleIndex: number): JsonObject {
  const text = hint === undefined ? message : `${message}\nhint: ${hint}`;
  const region = source === undefined ? {} : { region: { startLine: source.line, startColumn: source.column } };
  const file =
    source?.file === undefined
      ? {}
      : { physicalLocation: { artifactLocation: { uri: uriOf(source.file) }, ...region } };
  const logical = path === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: path }] };
  const location = { ...file, ...logical };
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text },
    ...(Object.keys(location).length === 0 ? {} : { locations: [location] }),
  };
}

/** Converts a file name to a relative URI. */
export const uriOf = (file: string): string => file.split(/[\\/]/).map(encodeURIComponent).join('/');

/**
 * Converts findings to workflow commands of GitHub Actions, one per line. GitHub shows them next to the lines of a pull
 * request.
 */
export function toGitHubLines(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ code, severity, message, hint, source }) => {
    const text = hint === undefined ? message : `${message}\nhint: ${hint}`;
    const { file, line, column } = source?.file === undefined ? {} : source;
    return workflowCommand({ level: severity, title: code, text, file, line, column });
  });
}
