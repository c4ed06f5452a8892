import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createEmbeddedCluster } from '@typekro/cluster';
import { KUBERNETES_RELEASES } from '@typekro/kit/kubernetes';
import { findClient } from '../../support/clients.ts';
import { RunningCommand } from '../../support/command.ts';

const program = findClient('kubectl') ?? '';

describe.skipIf(program === '').each(KUBERNETES_RELEASES)('kubectl and a cluster of Kubernetes %s', (version) => {
  test('kubectl finds the version of the cluster, its kinds and their fields', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'typekro-versions-'));
    await using cluster = await createEmbeddedCluster({ kubernetesVersion: version });
    try {
      const { kubeconfig } = await cluster.listen();
      writeFileSync(join(directory, 'kubeconfig'), kubeconfig);
      const kubectl = (words: readonly string[]) =>
        new RunningCommand(program, [...words, '--kubeconfig', 'kubeconfig'], {
          cwd: directory,
          env: { ...process.env, HOME: directory },
        }).ended;
      expect((await kubectl(['version'])).stdout).toContain(`Server Version: v${version}.0+typekro`);
      const isLatest = version === KUBERNETES_RELEASES[0];
      const kinds = await kubectl(['api-resources', '--api-group', 'admissionregistration.k8s.io', '-o', 'name']);
      expect(kinds.stdout.includes('mutatingadmissionpolicies')).toBe(isLatest);
      expect(kinds.stdout).toContain('validatingadmissionpolicies');
      expect((await kubectl(['explain', 'pod.spec.workloadRef'])).code).toBe(version === '1.35' ? 0 : 1);
      expect((await kubectl(['explain', 'pod.spec.schedulingGroup'])).code).toBe(isLatest ? 0 : 1);
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
      const spec = { containers: [{ name: 'c', image: 'i' }], workloadRef: { name: 'w', podGroup: 'g' } };
      writeFileSync(join(directory, 'pod.json'), JSON.stringify({ ...pod, spec }));
      const applied = await kubectl(['apply', '-f', 'pod.json']);
      if (version === '1.35') expect(applied).toMatchObject({ code: 0, stdout: 'pod/p created\n' });
      else expect(applied.stderr).toContain('unknown field "spec.workloadRef"');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }, 120_000);
});
