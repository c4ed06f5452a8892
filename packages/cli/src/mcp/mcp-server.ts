import type { Diagnostic, JsonObject, JsonValue } from '@typekro/kit/core';
import {
  isJsonObject,
  parseJson,
  printable,
  printableDocument,
  setOwn,
  stringifyJson,
  textPrefix,
  TypeKroError,
} from '@typekro/kit/core';
import { Path } from '@typekro/engine/graph';
import type { CommandContext } from '../command.ts';
import { createModuleReader } from '../dev/module-reader.ts';
import { printFailure } from '../print-failure.ts';
import type { McpSdk, McpServer } from './sdk.ts';
import { type McpLimits, type McpTool, MCP_TOOLS } from './tools.ts';

const INSTRUCTIONS =
  'TypeKro describes Kubernetes resource graphs (ResourceGraphDefinitions of kro). These tools read files and a cluster and change nothing. Use validate to check a definition, render to see its objects, plan to see what an apply would change, and why to see the reason why an instance waits.';

/** The maximum number of diagnostics in an answer, and the maximum length of its text, in characters. */
const [MAX_DIAGNOSTICS, MAX_TEXT_LENGTH] = [100, 400_000];

/** The result of a tool call. */
export interface ToolAnswer {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[];
  readonly structuredContent?: JsonObject;
  readonly isError?: true;
}

/**
 * Creates the server with all tools. The caller connects it to a transport.
 *
 * @param context the context of `typekro mcp`. The output of a tool becomes its result instead of being printed
 */
export function createMcpServer(sdk: McpSdk, context: CommandContext, limits: McpLimits, version: string): McpServer {
  const validator = new sdk.AjvJsonSchemaValidator();
  const checks = new Map(MCP_TOOLS.map(({ name, inputSchema }) => [name, validator.getValidator(inputSchema)]));
  const options = { capabilities: { tools: {} }, instructions: INSTRUCTIONS };
  const server = new sdk.Server({ name: 'typekro', version }, options);
  const tools = MCP_TOOLS.map(({ name, title, description, inputSchema }) => {
    return { name, title, description, inputSchema, annotations: { title, readOnlyHint: true, openWorldHint: false } };
  });
  server.setRequestHandler(sdk.ListToolsRequestSchema, () => ({ tools }));
  server.setRequestHandler(sdk.CallToolRequestSchema, async ({ params = {} }, { signal }) => {
    const tool = MCP_TOOLS.find(({ name }) => name === params.name);
    if (tool === undefined) {
      const known = MCP_TOOLS.map(({ name }) => name).join(', ');
      return failure(`there is no tool ${params.name ?? ''}; known tools: ${known}`);
    }
    const given = params.arguments ?? {};
    const checked = checks.get(tool.name)?.(given);
    if (checked?.valid === false) return failure(`the arguments of ${tool.name} are wrong: ${checked.errorMessage}`);
    const rounded = roundedNumber(given as JsonObject, '');
    if (rounded !== undefined) return failure(roundedText(tool.name, rounded));
    const own = { ...context, signal: AbortSignal.any([context.signal, signal]) };
    return callTool(tool, given as JsonObject, own, limits);
  });
  return server;
}

const failure = (text: string): ToolAnswer => ({
  content: [{ type: 'text', text: printableDocument(text) }],
  isError: true,
});

/**
 * Returns the path of a number beyond 2^53, such as 1e999. The protocol's package may have rounded it. The search is
 * not recursive, because the depth of the arguments is not limited.
 */
function roundedNumber(given: JsonObject, root: string): string | undefined {
  const open: { readonly path: string; readonly value: JsonValue | undefined }[] = [{ path: root, value: given }];
  for (const { path, value } of open) {
    if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER) return path;
    if (typeof value !== 'object' || value === null) continue;
    const isList = Array.isArray(value);
    for (const [key, each] of Object.entries(value))
      open.push({ path: Path.append(path, isList ? Number(key) : key), value: each });
  }
  return undefined;
}

const roundedText = (tool: string, path: string): string =>
  `the arguments of ${tool} are wrong: the number at ${path} is beyond 2^53, and digits of it are lost on the way; write the instance into a file, and name the file in "files" instead of "values"`;

/** Runs the command of a tool. Never throws: an error becomes the result. */
async function callTool(
  tool: McpTool,
  given: JsonObject,
  outer: CommandContext,
  limits: McpLimits,
): Promise<ToolAnswer> {
  const lines: string[] = [];
  const diagnostics: Diagnostic[] = [];
  const reports: object[] = [];
  const print = (text: string): void => void lines.push(text);
  const modules = createModuleReader(print, outer.signal);
  const context: CommandContext = {
    cwd: limits.root,
    env: outer.env,
    signal: outer.signal,
    debug: outer.debug === true,
    print,
    printError: print,
    readInput: () => Promise.resolve(''),
    loadModule: modules.load,
    results: {
      report(data, text) {
        reports.push(data);
        for (const each of text) lines.push(each);
      },
      diagnostics(found) {
        for (const each of found) diagnostics.push(each);
      },
    },
  };
  let code: number;
  let problem: JsonObject | undefined;
  try {
    const { stdin = '', ...input } = tool.toInput(given, limits);
    const command = await tool.load();
    const options = { ...Object.fromEntries(command.options.map(defaultOf)), ...input.options };
    code = await command.run({ ...context, readInput: () => Promise.resolve(stdin) }, { ...input, options });
  } catch (error) {
    code = printFailure(error, context);
    if (error instanceof TypeKroError) problem = { code: error.code, message: error.message };
  } finally {
    modules.close();
  }
  const [report] = reports;
  const data = {
    exitCode: code,
    ...(problem === undefined ? {} : { error: problem }),
    ...(diagnostics.length === 0 ? {} : { diagnostics: diagnostics.slice(0, MAX_DIAGNOSTICS) }),
    ...(diagnostics.length > MAX_DIAGNOSTICS ? { moreDiagnostics: diagnostics.length - MAX_DIAGNOSTICS } : {}),
    ...(report === undefined ? {} : { report }),
  };
  const whole = lines.join('\n').trimEnd();
  const rest = `\n… (${whole.length} characters; the command in a terminal prints all of them)`;
  const text = whole.length > MAX_TEXT_LENGTH ? textPrefix(whole, MAX_TEXT_LENGTH) + rest : whole;
  return {
    content: [{ type: 'text', text: printableDocument(text) }],
    structuredContent: plainJson(data),
    ...(code === 0 ? {} : { isError: true }),
  };
}

const defaultOf = ({ name, defaultValue }: { readonly name: string; readonly defaultValue?: string }) =>
  [name, defaultValue] as const;

/**
 * Converts data for the protocol's package, which cannot send a bigint. An integer that a JavaScript number cannot
 * represent exactly becomes a string of digits. A language model reads the strings, also those characters that a person
 * does not see, so such characters become escapes.
 */
function plainJson(data: object): JsonObject {
  const value = parseJson(stringifyJson(data));
  return plainValue(value) as JsonObject;
}

function plainValue(value: JsonValue | undefined): JsonValue {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(plainValue);
  if (!isJsonObject(value)) return value ?? null;
  const plain: JsonObject = {};
  for (const [key, each] of Object.entries(value)) setOwn(plain, printable(key), plainValue(each));
  return plain;
}
