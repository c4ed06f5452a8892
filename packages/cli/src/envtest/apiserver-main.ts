/** The program `kube-apiserver` in the folder for envtest; see `docs/envtest.md`. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEmbeddedCluster, createServingCertificate } from '@typekro/cluster';
import type { AuditOptions, ServingCertificate } from '@typekro/cluster';
import { makeDirectory, readRegularFile, definedMembers } from '@typekro/kit/core';
import { type ApiServerSettings, apiServerSettings, readTokens } from './apiserver-settings.ts';
import { endOnSignal, endWithReasons } from './process-end.ts';

const NAME = 'kube-apiserver';
const textOf = (path: string | undefined): string | undefined =>
  path === undefined ? undefined : readRegularFile(path).toString();

/**
 * Returns the certificate that the flags name, or the certificate in the folder. A missing certificate is made and
 * written to the folder, from which clients read it. If only the certificate or only its key exists, throws an error
 * and does not replace the file.
 */
function servingCertificate({ certFile, keyFile, certDir, host }: ApiServerSettings): ServingCertificate | undefined {
  if (certFile !== undefined && keyFile !== undefined) {
    return { cert: readRegularFile(certFile).toString(), key: readRegularFile(keyFile).toString() };
  }
  if (certDir === undefined) return undefined;
  const [certPath, keyPath] = [join(certDir, 'apiserver.crt'), join(certDir, 'apiserver.key')];
  const present = [certPath, keyPath].filter((path) => existsSync(path));
  if (present.length === 1) {
    throw new Error(`there is only ${String(present[0])}: a certificate and its key must be given together`);
  }
  if (present.length === 0) {
    const made = createServingCertificate(Date.now(), [host]);
    makeDirectory(certDir);
    writeFileSync(keyPath, made.key, { mode: 0o600, flag: 'wx' });
    writeFileSync(certPath, made.cert, { flag: 'wx' });
    return made;
  }
  return { cert: readRegularFile(certPath).toString(), key: readRegularFile(keyPath).toString() };
}

/** The options of the audit log. The code that reads policies is loaded only for a server with a policy. */
async function auditOptions({ audit }: ApiServerSettings): Promise<AuditOptions | undefined> {
  if (audit === undefined) return undefined;
  const { policyFile, ...options } = audit;
  const { readAuditPolicyFile } = await import('../audit-policy-file.ts');
  return { ...options, policy: await readAuditPolicyFile(policyFile, (text) => console.error(text)) };
}

async function serve(settings: ApiServerSettings): Promise<void> {
  const signing = textOf(settings.signingKeyFile);
  const verification = settings.verificationKeyFiles.map((path) => readRegularFile(path).toString());
  const tokens = textOf(settings.tokenFile);
  const audit = await auditOptions(settings);
  const cluster = await createEmbeddedCluster({
    controllers: false,
    ...definedMembers({ kubernetesVersion: settings.kubernetesVersion, audit }),
    authorization: settings.authorization,
    serviceAccountAdmission: settings.serviceAccountAdmission,
    serviceCidr: settings.serviceCidr,
    serverAddress: { ip: settings.advertisedIp, port: settings.port },
    ...(settings.issuer === undefined ? {} : { serviceAccountIssuer: settings.issuer }),
    ...(signing === undefined
      ? {}
      : { serviceAccountKeys: { signing, ...(verification.length === 0 ? {} : { verification }) } }),
    ...(tokens === undefined ? {} : { tokens: readTokens(tokens) }),
  });
  endOnSignal(() => cluster.close());
  const authority = textOf(settings.clientCaFile);
  const certificate = servingCertificate(settings);
  const { url } = await cluster.listen({
    host: settings.host,
    port: settings.port,
    // A test harness polls the health at most once in 100 ms, so code can be preloaded before its first request.
    preloadDelayMs: 0,
    ...definedMembers({ certificate, clientCertificateAuthority: authority }),
  });
  console.error(`${NAME}: serving at ${url}`);
}

const settings = apiServerSettings(process.argv.slice(2));
for (const notice of settings.notices) console.error(`${NAME}: ${notice}`);
if (settings.refusals.length > 0) endWithReasons(NAME, settings.refusals);
serve(settings).catch((error: unknown) =>
  endWithReasons(NAME, [error instanceof Error ? error.message : String(error)]),
);
