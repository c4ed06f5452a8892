import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as testCommand } from '../src/commands/test-command.ts';
import { type CommandRun, commandRunner } from './run-command.ts';

/** A definition for tests of `typekro test`: an external object, a workload, a collection and a conditional node. */
export const DEFINITION = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: shops }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec: { replicas: integer | default=2 minimum=1, zones: "[]string", metrics: boolean | default=false }
    status: { available: "\${web.status.availableReplicas}" }
  resources:
    - id: settings
      externalRef: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings } }
    - id: web
      readyWhen: ["\${web.status.availableReplicas > 0}"]
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: "\${schema.metadata.name}" }
        spec:
          replicas: \${schema.spec.replicas}
          selector: { matchLabels: { app: web } }
          template:
            metadata: { labels: { app: web } }
            spec: { containers: [{ name: web, image: "\${settings.data.image}" }] }
    - id: zone
      forEach: [{ z: "\${schema.spec.zones}" }]
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: "\${schema.metadata.name + '-' + z}" }
        data: { available: "\${string(web.status.availableReplicas)}" }
    - id: monitor
      includeWhen: ["\${schema.spec.metrics}"]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: monitor } }
`;

/** The header of a test file. */
export const HEAD = 'schemaVersion: 1\nkind: GraphTest\ndefinition: shop.yaml\n';
/** The first lines of a test in a test file. */
export const GIVEN = `
    given:
      name: shop
      spec: { zones: [a, b] }
      objects: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: settings }, data: { image: nginx } }]`;

/** A folder with the definition as `shop.yaml`, in which `typekro test` runs. */
export interface TestFolder {
  readonly cwd: string;
  readonly run: (line: string | readonly string[]) => Promise<CommandRun>;
  readonly write: (name: string, text: string | Buffer) => void;
  readonly remove: () => void;
}

/** Creates a folder for tests of `typekro test`. */
export function testFolder(): TestFolder {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-test-'));
  const write = (name: string, text: string | Buffer) => {
    mkdirSync(join(cwd, name, '..'), { recursive: true });
    writeFileSync(join(cwd, name), text);
  };
  write('shop.yaml', DEFINITION);
  return {
    cwd,
    run: commandRunner([testCommand], cwd),
    write,
    remove: () => rmSync(cwd, { recursive: true, force: true }),
  };
}

/** The output without durations, which differ from run to run. */
export const withoutDurations = ({ out, ...rest }: CommandRun): CommandRun => ({
  ...rest,
  out: out.replaceAll(/ +\d+ ms/g, '  0 ms').replaceAll(/\d+\.\d s$/gm, '0.0 s'),
});
