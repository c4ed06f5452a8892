import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The registry of the distribution project (Debian package `docker-registry`). */
const PROGRAM = 'docker-registry';

/** The password "hunter2" of the user "user". */
const PASSWORD_FILE = 'user:$2b$04$.i.26n7qoiaFFCkqoL04xO46u1alvVIBSEaFsJrX.RjnJItJzOeR.\n';

/** The definition of the packages in the tests. */
export const SHOP = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: shop }
spec:
  schema: { apiVersion: v1alpha1, kind: Shop, spec: {} }
  resources:
    - id: a
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.metadata.name}" } }
`;

/** Is the registry installed? If not, this function prints that its tests are skipped. */
export function hasDockerRegistry(): boolean {
  const isThere = spawnSync(PROGRAM, ['--version']).status === 0;
  if (!isThere) console.warn(`skipped: there is no ${PROGRAM} in PATH; nothing else depends on it`);
  return isThere;
}

/**
 * Starts the registry on a free port, with its files in the folder. The folder also gets a configuration of docker
 * (`config.json`) with the password.
 */
export async function startDockerRegistry(
  folder: string,
): Promise<{ readonly host: string; readonly process: ChildProcess }> {
  writeFileSync(join(folder, 'passwords'), PASSWORD_FILE);
  const config = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(folder, 'storage') } },
    http: { addr: '127.0.0.1:0', secret: 'x' },
    auth: { htpasswd: { realm: 'test', path: join(folder, 'passwords') } },
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const child = spawn(PROGRAM, ['serve', join(folder, 'config.yml')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    const [, host] = /listening on (127\.0\.0\.1:\d+)/.exec(line) ?? [];
    if (host === undefined) continue;
    child.stderr.resume();
    const auth = Buffer.from('user:hunter2').toString('base64');
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
    return { host, process: child };
  }
  throw new Error(`${PROGRAM} has ended:\n${lines.join('\n')}`);
}
