import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { commandRunner } from '../../../test/support/run-command.ts';
import type * as Launch from '../clusters/launch.ts';
import { serveCluster } from '../clusters/serve-cluster.ts';
import { commands } from './index.ts';

/** The clusters run in this process. */
vi.mock('../clusters/launch.ts', async (original) => ({
  ...(await original<typeof Launch>()),
  async launchCluster({ folder, settings }: Launch.LaunchRequest, env: NodeJS.ProcessEnv) {
    const served = await serveCluster({ env, folder, settings, onStop: () => void served.close() });
    open.push(served);
  },
}));

const open: { close(): Promise<void> }[] = [];
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'typekro-stand-ins-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  rmSync(home, { recursive: true, force: true });
});

const run = (line: string) => commandRunner(commands, home, { HOME: home, XDG_STATE_HOME: join(home, 'state') })(line);

test.each(['up', 'dev app.yaml', 'cluster start'])('typekro %s names the stand-ins that there are', async (command) => {
  const { code, err } = await run(`${command} --stand-in cert-manger`);
  expect(code).not.toBe(0);
  expect(err).toContain('there is no stand-in "cert-manger"');
  expect(err).toContain('the stand-ins are ack, argocd, cert-manager, cnpg');
});

test('a named cluster keeps its stand-ins, and is not given others while it runs', async () => {
  expect((await run('cluster start dev --data --stand-in cnpg --stand-in flux')).code).toBe(0);
  const settings = () => readFileSync(join(home, 'state/typekro/clusters/dev/settings.json'), 'utf8');
  expect(JSON.parse(settings())).toMatchObject({ standIns: ['cnpg', 'flux'] });
  expect((await run('cluster start dev --stand-in flux')).code).toBe(0);
  const { code, err } = await run('cluster start dev --stand-in ack');
  expect(code).not.toBe(0);
  expect(err).toContain('the cluster "dev" is running without these stand-ins');
  await run('cluster stop dev');
  expect((await run('cluster start dev')).code).toBe(0);
  expect(JSON.parse(settings())).toMatchObject({ standIns: ['cnpg', 'flux'] });
});

const SECURED = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: secured }
spec:
  schema: { apiVersion: v1alpha1, kind: Secured, spec: { host: string } }
  resources:
  - id: issuer
    template:
      apiVersion: cert-manager.io/v1
      kind: Issuer
      metadata: { name: "\${schema.metadata.name}" }
      spec: { selfSigned: {} }
  - id: certificate
    readyWhen: ["\${certificate.status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')}"]
    template:
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata: { name: "\${schema.metadata.name}" }
      spec:
        secretName: \${schema.metadata.name}
        dnsNames: ["\${schema.spec.host}"]
        issuerRef: { name: "\${issuer.metadata.name}" }
---
apiVersion: kro.run/v1alpha1
kind: Secured
metadata: { name: web }
spec: { host: web.example.com }
`;

test('an instance with a certificate becomes ACTIVE with the stand-in of cert-manager', async () => {
  writeFileSync(join(home, 'app.yaml'), SECURED);
  const { code, out, err } = await run('up --once --stand-in cert-manager app.yaml');
  expect(`${code} ${err}`).toMatch(/^0 /);
  expect(out).toContain('ACTIVE');
}, 60_000);
