import { PassThrough } from 'node:stream';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandInProcess, withoutRunValues } from '../../test-support/command-in-process.ts';
import { createCluster } from '@typekro/testing';
import { commands } from './index.ts';

/** Commands that can run for long. Each runs in this process until it ends or is interrupted. */

const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: pots}
spec:
  schema: {apiVersion: v1, kind: Pot, group: acme.test, spec: {text: string | default="x"}, status: {said: "\${map.data.text}"}}
  resources:
    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}"}, data: {text: "\${schema.spec.text}"}}
`;
const INSTANCE = `apiVersion: acme.test/v1
kind: Pot
metadata: {name: shop}
`;

let cwd: string;
let running: CommandInProcess;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-long-'));
  writeFileSync(join(cwd, 'pots.yaml'), DEFINITION);
  writeFileSync(join(cwd, 'shop.yaml'), INSTANCE);
});
afterEach(async () => {
  await running.interrupt();
});

const start = (line: string, input?: PassThrough): CommandInProcess =>
  (running = new CommandInProcess(commands, cwd, line, {}, input));
/** The output without lines about short-lived states, because a busy machine may miss some of these states. */
const output = (): string =>
  withoutRunValues(running.output)
    .replaceAll(cwd, 'FOLDER')
    .replaceAll(/^Pot default\/shop.* (?:waiting for the controller|IN_PROGRESS|(?:pending|applying): .*)\n/gm, '');

test('up prints the state and the status of the instance, and the next commands', async () => {
  start('up pots.yaml shop.yaml');
  await running.until(/get rgd/);
  expect(await running.interrupt()).toBe(130);
  expect(output()).toMatchInlineSnapshot(`
    "Kubernetes API at https://127.0.0.1:PORT, up in N ms
    Containers are simulated: no image is pulled, no process runs in a pod.
    Dashboard at http://127.0.0.1:PORT/#token=TOKEN
    Pot default/shop:  ✓ map  ready: is as wanted and ready
    Pot default/shop  ACTIVE

    Pot acme.test/v1 default/shop, revision 1
    status:
      said: x
      state: ACTIVE

    The cluster stays up; Ctrl-C ends it.

    Continue in another terminal:
      export KUBECONFIG=$PWD/.typekro/default/kubeconfig
      kubectl get rgd -o wide

    The cluster has ended, and its kubeconfig is no longer usable: run unset KUBECONFIG in the other terminals.
    "
  `);
});

test('up --once ends when everything is ACTIVE, and when an instance can never become ACTIVE', async () => {
  start('up --once pots.yaml shop.yaml');
  expect(await running.code).toBe(0);
  expect(output()).toMatchInlineSnapshot(`
    "Kubernetes API at https://127.0.0.1:PORT, up in N ms
    Containers are simulated: no image is pulled, no process runs in a pod.
    Pot default/shop:  ✓ map  ready: is as wanted and ready
    Pot default/shop  ACTIVE

    Pot acme.test/v1 default/shop, revision 1
    status:
      said: x
      state: ACTIVE

    The cluster has ended, and its kubeconfig is no longer usable; without --once it stays up for kubectl.
    "
  `);
  writeFileSync(join(cwd, 'pots.yaml'), DEFINITION.replace('"${schema.metadata.name}"', '"${schema.spec.text}"'));
  writeFileSync(join(cwd, 'shop.yaml'), `${INSTANCE}spec: {text: "Not a name"}\n`);
  start('up --once pots.yaml shop.yaml');
  expect(await running.code).toBe(1);
  expect(output()).toMatchInlineSnapshot(`
    "Kubernetes API at https://127.0.0.1:PORT, up in N ms
    Containers are simulated: no image is pulled, no process runs in a pod.
    error: shop.yaml:1: Pot default/shop can never be ACTIVE as it is:
      ✗ map  failed: the API server refuses ConfigMap default/Not a name: ConfigMap "Not a name" is invalid: metadata.name: Invalid value: "Not a name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        hint: correct the field in the definition, or the value in the instance

    The cluster has ended, and its kubeconfig is no longer usable; without --once it stays up for kubectl.
    "
  `);
});

test('dev prints the first apply, and ends when it is interrupted', async () => {
  start('dev pots.yaml shop.yaml');
  await running.until(/Ctrl-C ends the cluster[^]*Ctrl-C ends the cluster/);
  expect(await running.interrupt()).toBe(130);
  expect(output()).toMatchInlineSnapshot(`
    "Kubernetes API at https://127.0.0.1:PORT, up in N ms
    Containers are simulated: no image is pulled, no process runs in a pod.
    Dashboard at http://127.0.0.1:PORT/#token=TOKEN
    Continue in another terminal:
      export KUBECONFIG=$PWD/.typekro/default/kubeconfig
      kubectl get rgd -o wide

    The files are read again when they change. Ctrl-C ends the cluster.
    Pot default/shop:  ✓ map  ready: is as wanted and ready
    Pot default/shop  ACTIVE

    Pot acme.test/v1 default/shop, revision 1
    status:
      said: x
      state: ACTIVE

    serving revision 1 of pots, applied in N s
    The files are read again when they change. Ctrl-C ends the cluster.

    The cluster has ended, and its kubeconfig is no longer usable: run unset KUBECONFIG in the other terminals.
    "
  `);
});

test("dev names the groups of the package's own CRDs once", async () => {
  const certificate = (name: string) =>
    `{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: ${name}}, spec: {secretName: a, issuerRef: {name: ca}}}`;
  writeFileSync(join(cwd, 'certificate.yaml'), certificate('a'));
  start('dev certificate.yaml');
  await running.until(/serving the objects of the files, applied/);
  writeFileSync(join(cwd, 'certificate.yaml'), certificate('b'));
  await running.until(/serving the objects of the files, applied[^]*serving the objects of the files, applied/);
  expect(running.output.split('note: the kinds of cert-manager.io are checked against')).toHaveLength(2);
  expect(await running.interrupt()).toBe(130);
});

test('controller: --version-label replaces TYPEKRO_VERSION, even if TYPEKRO_VERSION is invalid', async () => {
  const env = { TYPEKRO_VERSION: 'a b' };
  running = new CommandInProcess(commands, cwd, 'controller --version-label=1.0 --leader-elct', env);
  expect(await running.code).toBe(2);
  expect(running.output).toMatch(/^error: unknown flag: --leader-elct\n/);
  running = new CommandInProcess(commands, cwd, 'controller --leader-elct', env);
  expect(await running.code).toBe(2);
  expect(running.output).toContain('invalid value "a b" for --version-label');
});

test('controller: prints an error for an unknown flag and for missing CRDs, and logs that it is ready', async () => {
  const cluster = await createCluster({ clock: 'real' });
  try {
    const { kubeconfig } = await cluster.listen({ port: 0 });
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    const flags = `--kubeconfig=${join(cwd, 'kubeconfig')} --metrics-bind-address=0 --health-probe-bind-address=0`;
    start(`controller ${flags} --leader-elct`);
    expect(await running.code).toBe(2);
    expect(output()).toMatchInlineSnapshot(`
      "error: unknown flag: --leader-elct
      See \`typekro controller --help\`.
      "
    `);
    start(`controller ${flags}`);
    expect(await running.code).toBe(1);
    expect(output()).toMatchInlineSnapshot(`
      "{"time":"TIME","level":"info","message":"the controller stopped"}
      error: the cluster has no kind ResourceGraphDefinition of kro.run/v1alpha1 [controller/missing-crds]
        hint: install the missing kinds with \`typekro install\`
      "
    `);
    start('install --kubeconfig kubeconfig');
    expect(await running.code).toBe(0);
    start(`controller ${flags}`);
    await running.until(/the controller is ready/);
    expect(await running.interrupt()).toBe(0);
    expect(output()).toMatchInlineSnapshot(`
      "{"time":"TIME","level":"info","message":"the controller is ready"}
      {"time":"TIME","level":"info","message":"the controller stopped"}
      "
    `);
  } finally {
    await cluster.close();
  }
});

test('dashboard: prints the address with its token, and ends when it is interrupted', async () => {
  const cluster = await createCluster({ clock: 'real' });
  try {
    const { kubeconfig } = await cluster.listen({ port: 0 });
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    start('install --kubeconfig kubeconfig');
    expect(await running.code).toBe(0);
    start('dashboard --kubeconfig kubeconfig');
    await running.until(/token=/);
    const [, url = '', token = ''] = /(http:\S+)\/#token=(\S+)/.exec(running.output) ?? [];
    const meta = await fetch(`${url}/api/v1/meta`, { headers: { authorization: `Bearer ${token}` } });
    expect(await meta.json()).toMatchObject({ source: 'cluster', actions: [], cluster: { name: 'typekro' } });
    expect(await running.interrupt()).toBe(130);
    expect(output()).toMatchInlineSnapshot(`
      "Dashboard of typekro at http://127.0.0.1:PORT/#token=TOKEN
      "
    `);
    await expect(fetch(url)).rejects.toThrow();
  } finally {
    await cluster.close();
  }
});

test('mcp: answers over its streams, and ends when its input ends', async () => {
  start('mcp');
  expect(await running.code).toBe(2);
  expect(output()).toMatchInlineSnapshot(`
    "error: mcp speaks over the standard input and output, and there is none here [cli/usage]
      hint: let an MCP client start typekro mcp as a process
    "
  `);
  const stdin = new PassThrough();
  start('mcp', stdin);
  const send = (message: object): void => void stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
  send({ id: 1, method: 'initialize', params });
  await running.until(/"id":1/);
  send({ method: 'notifications/initialized' });
  send({ id: 2, method: 'tools/call', params: { name: 'validate', arguments: { files: ['pots.yaml'] } } });
  await running.until(/"id":2/);
  stdin.end();
  expect(await running.code).toBe(0);
  expect(output()).toMatchInlineSnapshot(`
    "{"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"typekro","version":"VERSION"},"instructions":"TypeKro describes Kubernetes resource graphs (ResourceGraphDefinitions of kro). These tools read files and a cluster and change nothing. Use validate to check a definition, render to see its objects, plan to see what an apply would change, and why to see the reason why an instance waits."},"jsonrpc":"2.0","id":1}
    {"result":{"content":[{"type":"text","text":"pots: Pot, 1 resource in the order map"}],"structuredContent":{"exitCode":0}},"jsonrpc":"2.0","id":2}
    "
  `);
});

test.each(['null', '3', '[]'])('lsp: ends after the content %s', async (content) => {
  const input = new PassThrough();
  start('lsp --stdio', input);
  input.write(`Content-Length: ${content.length}\r\n\r\n${content}`);
  expect(await running.code).toBe(1);
  expect(output()).toContain('the content of a message must be an object');
});

test('lsp: answers over its streams, and ends at the notification exit', async () => {
  start('lsp');
  expect(await running.code).toBe(2);
  expect(output()).toMatchInlineSnapshot(`
    "error: lsp speaks over the standard input and output, and there is none here [cli/usage]
      hint: let an editor start typekro lsp as a process; docs/editor.md has the settings
    "
  `);
  const input = new PassThrough();
  start('lsp --stdio', input);
  const send = (message: object): void => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    input.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  };
  send({ id: 1, method: 'initialize', params: { processId: null, rootUri: null, capabilities: {} } });
  await running.until(/"id":1/);
  send({ method: 'initialized', params: {} });
  const text = DEFINITION.replace('map.data.text', 'map.data');
  const textDocument = { uri: 'file:///pots.yaml', languageId: 'yaml', version: 1, text };
  send({ method: 'textDocument/didOpen', params: { textDocument } });
  await running.until(/publishDiagnostics/);
  send({ id: 2, method: 'shutdown' });
  await running.until(/"id":2/);
  send({ method: 'exit' });
  expect(await running.code).toBe(0);
  expect(output().replaceAll(/Content-Length: \d+\r\n\r\n/g, '\n')).toMatchInlineSnapshot(`
    "
    {"jsonrpc":"2.0","id":1,"result":{"serverInfo":{"name":"typekro","version":"VERSION"},"capabilities":{"textDocumentSync":{"openClose":true,"change":2,"save":{"includeText":false}},"completionProvider":{"triggerCharacters":[".","{"," ","?","|",":"]},"signatureHelpProvider":{"triggerCharacters":["(",","]},"hoverProvider":true,"definitionProvider":true,"referencesProvider":true,"renameProvider":{"prepareProvider":true},"documentSymbolProvider":true,"workspaceSymbolProvider":true,"foldingRangeProvider":true,"documentFormattingProvider":true,"codeActionProvider":{"codeActionKinds":["quickfix"]},"codeLensProvider":{"resolveProvider":false},"inlayHintProvider":true,"semanticTokensProvider":{"legend":{"tokenTypes":["macro","variable","parameter","property","function","string","number","keyword","operator","type","decorator"],"tokenModifiers":[]},"full":true},"executeCommandProvider":{"commands":["typekro.graph","typekro.render","typekro.plan"]}}}}
    {"jsonrpc":"2.0","method":"textDocument/publishDiagnostics","params":{"uri":"file:///pots.yaml","diagnostics":[],"version":1}}
    {"jsonrpc":"2.0","id":2,"result":null}"
  `);
});
