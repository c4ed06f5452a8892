import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useNamedClusters } from '../../test-support/named-clusters.ts';

const clusters = useNamedClusters();

const run = (line: string) => clusters.run(line);

test.each(['up', 'dev app.yaml', 'cluster start'])(
  'typekro %s lists the available stand-ins for an unknown name',
  async (command) => {
    const { code, err } = await run(`${command} --stand-in cert-manger`);
    expect(code).toBe(2);
    expect(err).toContain('there is no stand-in "cert-manger"');
    expect(err).toContain('did you mean cert-manager? the stand-ins are ack, argocd, cert-manager, cnpg');
  },
);

test('a named cluster keeps its stand-ins, and a running cluster refuses others', async () => {
  expect((await run('cluster start dev --data --stand-in cnpg --stand-in flux')).code).toBe(0);
  const settings = () => readFileSync(join(clusters.home, 'state/typekro/clusters/dev/settings.json'), 'utf8');
  expect(JSON.parse(settings())).toMatchObject({ standIns: ['cnpg', 'flux'] });
  expect((await run('cluster start dev --stand-in flux')).code).toBe(0);
  const { code, err } = await run('cluster start dev --stand-in ack');
  expect(code).not.toBe(0);
  expect(err).toContain('the cluster "dev" is running without these stand-ins');
  await run('cluster stop dev');
  expect((await run('cluster start dev')).code).toBe(0);
  expect(JSON.parse(settings())).toMatchObject({ standIns: ['cnpg', 'flux'] });
});

test('a named cluster keeps the path of a stand-in that is a file, and reports a mistake in the file', async () => {
  const file = join(clusters.home, 'queues.yaml');
  writeFileSync(file, 'kinds: [{group: example.com, reconcile: []}]');
  expect((await run('cluster start dev --stand-in queues.yaml')).code).toBe(0);
  const settings = readFileSync(join(clusters.home, 'state/typekro/clusters/dev/settings.json'), 'utf8');
  expect(JSON.parse(settings)).toMatchObject({ standIns: [file] });
  await run('cluster stop dev');
  writeFileSync(file, 'kinds: [{group: example.com}]');
  const { code, err } = await run('cluster start dev --stand-in queues.yaml');
  expect(code).not.toBe(0);
  expect(err).toContain('a stand-in is invalid');
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

test('an instance with a certificate becomes ACTIVE when the stand-in for cert-manager runs', async () => {
  writeFileSync(join(clusters.home, 'app.yaml'), SECURED);
  const { code, out, err } = await run('up --once --stand-in cert-manager app.yaml');
  expect(`${code} ${err}`).toMatch(/^0 /);
  expect(out).toContain('ACTIVE');
}, 60_000);
