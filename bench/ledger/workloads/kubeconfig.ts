/** Measures the resident memory that the reading of a kubeconfig takes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadKubeConfig } from '@typekro/kube';
import { printResident } from './figures.ts';

const folder = mkdtempSync(join(tmpdir(), 'typekro-ledger-'));
const path = join(folder, 'config');
writeFileSync(
  path,
  `apiVersion: v1
kind: Config
current-context: a
clusters:
- name: a
  cluster:
    server: http://127.0.0.1:1
contexts:
- name: a
  context:
    cluster: a
    user: a
users:
- name: a
  user: {}
`,
);
await printResident(() => loadKubeConfig({ path }));
rmSync(folder, { recursive: true });
