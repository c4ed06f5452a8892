import { createRequire } from 'node:module';
import type { McpTransport } from '../src/mcp/sdk.ts';

/** The result of a tool, as the client receives it. */
export interface ClientAnswer {
  readonly content: readonly { readonly type: string; readonly text: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly isError?: boolean;
}

/** The interface of the client in the official MCP package. */
export interface McpClient {
  connect(transport: McpTransport): Promise<void>;
  listTools(): Promise<{ readonly tools: readonly { readonly name: string; readonly annotations?: object }[] }>;
  callTool(params: { readonly name: string; readonly arguments: unknown }): Promise<ClientAnswer>;
  getServerVersion(): { readonly name: string; readonly version: string };
  close(): Promise<void>;
}

interface ClientParts {
  readonly Client: new (info: object) => McpClient;
  readonly InMemoryTransport: { createLinkedPair(): [McpTransport, McpTransport] };
  readonly StdioClientTransport: new (options: object) => McpTransport;
}

const load = createRequire(import.meta.url);
const parts = ['client/index.js', 'client/stdio.js', 'inMemory.js'].map(
  (part) => load(`@modelcontextprotocol/sdk/${part}`) as object,
);

/** The client class, and two transports: in memory, and over the standard input and output of a process. */
export const { Client, InMemoryTransport, StdioClientTransport } = Object.assign({}, ...parts) as ClientParts;
