import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type RequestOptions, Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CertificatePair, createAuthority } from '@typekro/kube/certificates';
import { RunningCommand } from '../support/command.ts';
import { BUN, DENO, HOSTS, NODES } from './matrix.ts';

/** Serves a cluster, prints what clients need, and then tries to accept the client certificates of an authority. */
const SERVER = `
import { createCluster } from 'typekro/testing'
const cluster = await createCluster()
const { url, token, caData } = await cluster.listen()
const other = await cluster.listen({ clientCertificateAuthority: process.env.AUTHORITY }).catch((error) => error)
const certified = other.url ?? other.code + ': ' + other.message
console.log(JSON.stringify({ url, token, caData, certified, otherCa: other.caData }))
setInterval(() => {}, 60_000)
`;

interface Served {
  readonly url: string;
  readonly token: string;
  readonly caData: string;
  /** The URL of the socket for client certificates, or the error of this host. */
  readonly certified: string;
  readonly otherCa?: string;
}

const authority = createAuthority(Date.now());
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(HOSTS, '.run-'));
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(fileURLToPath(new URL('../..', import.meta.url)), join(directory, 'node_modules/typekro'), 'dir');
  writeFileSync(join(directory, 'server.mjs'), SERVER);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The requests that a client sends after each other, and what Node's server answers. */
const CORE = '/api/v1/namespaces/default';
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'c', image: 'i' }] },
};
const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { a: 'x'.repeat(300_000) } };
const UPGRADE = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' };
const REQUESTS: readonly [
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
  expected: RegExp,
][] = [
  ['GET', '/api/v1', undefined, {}, /^200 .*APIResourceList/s],
  ['POST', `${CORE}/configmaps`, MAP, {}, /^201 .{300000}/s],
  ['GET', `${CORE}/configmaps/m`, undefined, {}, /^200 .{300000}/s],
  ['GET', `${CORE}/configmaps?watch=1`, undefined, {}, /^200 \{"type":"ADDED"/],
  ['POST', `${CORE}/pods`, POD, {}, /^201 /],
  ['POST', `${CORE}/pods/p/exec?command=true&stdout=1`, undefined, UPGRADE, /^500 the embedded cluster simulates/],
  ['GET', `${CORE}/configmaps/m`, undefined, {}, /^200 /],
  ['DELETE', `${CORE}/configmaps/m`, undefined, {}, /^200 /],
];

/** Sends a request, and resolves with the status and the body; of a watch, with the first event. */
function ask(url: string, options: RequestOptions, body?: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const end = (found: string) => resolve(`${response.statusCode} ${found}`);
      if (url.includes('watch=1')) response.once('data', (event: Buffer) => (end(String(event)), response.destroy()));
      else text(response).then(end, reject);
    });
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const rows = [
  ...NODES.map((node) => ({ ...node, args: [] as string[], readsCertificates: true })),
  { ...DENO, args: ['run', '-A', '--quiet'], readsCertificates: true },
  { ...BUN, args: [], readsCertificates: false },
];

for (const { name, command, exists, args, readsCertificates } of rows) {
  test.skipIf(!exists)(`${name}: the embedded API server serves every kind of request`, async () => {
    const env = { ...process.env, AUTHORITY: authority.ca };
    const server = new RunningCommand(command, [...args, 'server.mjs'], { cwd: directory, env });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      await server.until(/^\{.*\}\n/);
      const { url, token, caData, certified, otherCa = '' } = JSON.parse(server.output) as Served;
      const common = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      for (const [method, path, body, headers, expected] of REQUESTS) {
        const found = await ask(url + path, { method, agent, ca: caData, headers: { ...common, ...headers } }, body);
        expect(found, `${method} ${path}`).toMatch(expected);
      }
      const asks = (base: string, ca: string, pair?: CertificatePair) =>
        ask(`${base}${CORE}/pods`, { agent: false, ca, ...pair });
      // A certificate from a strange authority is never an identity.
      expect(await asks(url, caData, authority.issueClient('admin', ['system:masters']))).toMatch(/^40[13] /);
      expect(await asks(url, caData)).toMatch(/^403 /);
      if (readsCertificates) {
        expect(await asks(certified, otherCa, authority.issueClient('admin', ['system:masters']))).toMatch(/^200 /);
      } else {
        expect(certified).toMatch(/^cluster\/certificate-unusable: this host does not tell/);
      }
    } finally {
      agent.destroy();
      server.process.kill('SIGKILL');
      await server.ended;
    }
  });
}
