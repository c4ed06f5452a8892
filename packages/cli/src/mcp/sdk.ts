import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCode, packageFolder, TypeKroError } from '@typekro/kit/core';

/** The package of the Model Context Protocol, an optional peer dependency. */
const PACKAGE = '@modelcontextprotocol/sdk';

/** A connection between a server and a client. The server sets `onmessage` and `onclose`. */
export interface McpTransport {
  onmessage?: (message: unknown) => void;
  onclose?: () => void;
  start(): Promise<void>;
  send(message: object): Promise<void>;
  close(): Promise<void>;
}

/** The members of the package's server that this program uses. */
export interface McpServer {
  setRequestHandler(
    schema: unknown,
    handler: (request: McpRequest, extra: { readonly signal: AbortSignal }) => object | Promise<object>,
  ): void;
  connect(transport: McpTransport): Promise<void>;
  close(): Promise<void>;
}

/** A request to call a tool. */
export interface McpRequest {
  readonly params?: { readonly name?: string; readonly arguments?: Readonly<Record<string, unknown>> };
}

/** The result of validating a value against a JSON schema. */
export type McpChecked = { readonly valid: true } | { readonly valid: false; readonly errorMessage: string };

/** The exports of the package that this program uses. */
export interface McpSdk {
  readonly Server: new (
    info: { readonly name: string; readonly version: string },
    options: { readonly capabilities: object; readonly instructions: string },
  ) => McpServer;
  readonly JSONRPCMessageSchema: {
    safeParse(value: unknown): { readonly success: true; readonly data: unknown } | { readonly success: false };
  };
  readonly ListToolsRequestSchema: unknown;
  readonly CallToolRequestSchema: unknown;
  readonly AjvJsonSchemaValidator: new () => { getValidator(schema: object): (value: unknown) => McpChecked };
}

const PARTS = ['server/index.js', 'types.js', 'validation/ajv'];

/**
 * The paths for `createRequire` from which the protocol's package is resolved: the project in `cwd`, then the folder of
 * this package.
 */
export function mcpSdkImporters(cwd: string): readonly string[] {
  const ownFolder = packageFolder();
  return [join(cwd, 'package.json'), ...(ownFolder === undefined ? [] : [fileURLToPath(ownFolder)])];
}

/**
 * Loads the protocol's package from the first importer that can resolve it.
 *
 * @throws TypeKroError `mcp/no-sdk` when no importer can resolve it
 */
export function loadMcpSdk(importers: readonly string[]): McpSdk {
  for (const importer of importers) {
    const load = createRequire(importer);
    try {
      load.resolve(`${PACKAGE}/server`);
    } catch (error) {
      const code = errorCode(error);
      // Any other error means a broken installation, which the user must see.
      if (code !== 'MODULE_NOT_FOUND') throw error;
      continue;
    }
    return Object.assign({}, ...PARTS.map((part) => load(`${PACKAGE}/${part}`) as object)) as McpSdk;
  }
  throw new TypeKroError(`the package ${PACKAGE} is not installed`, {
    code: 'mcp/no-sdk',
    remedy: `run npm install --save-dev ${PACKAGE}, then typekro mcp again`,
  });
}
