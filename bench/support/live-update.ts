/** Measures how long the page takes to show a change of an object in an embedded cluster, for `bench/dashboard.ts`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { KubeClient, loadKubeConfig } from '@typekro/kube';
import { startCli } from '../../test/support/command.ts';

/** A collection of ConfigMaps. An object is not ready while another client has written `go: "no"` into it. */
const definition = (count: number): string => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: fleets
spec:
  schema:
    apiVersion: v1alpha1
    kind: Fleet
    spec:
      size: integer
  resources:
    - id: maps
      forEach:
        - index: \${lists.range(schema.spec.size)}
      readyWhen:
        - \${!("go" in each.data) || each.data.go == "yes"}
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \${schema.metadata.name + "-" + string(index)}
        data:
          of: \${schema.metadata.name}
---
apiVersion: kro.run/v1alpha1
kind: Fleet
metadata:
  name: fleet
  namespace: default
spec:
  size: ${count}
`;

/** The times of one change, in milliseconds. */
export interface UpdateTimes {
  /** The time from the API server's response to the write until the frame that shows the change. */
  readonly total: number;
  /** The part of `total` between the page's request for the instance and the end of the response. */
  readonly read: number;
}

/**
 * Starts `typekro up` with an instance of `children` objects, opens the page of the instance, and changes one object in
 * each run. The embedded cluster, the controller and the server of the dashboard are in one process, as on a
 * developer's machine.
 */
export async function measureLiveUpdates(browser: Browser, children: number, runs: number): Promise<UpdateTimes[]> {
  const directory = mkdtempSync(join(tmpdir(), 'typekro-bench-'));
  writeFileSync(join(directory, 'fleet.yaml'), definition(children));
  const command = startCli(['up', '--timeout', '120s', 'fleet.yaml'], directory);
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, reducedMotion: 'reduce' });
  try {
    await command.until(/Dashboard at \S+[\s\S]*KUBECONFIG=/);
    const address = /Dashboard at (\S+)/.exec(command.output)?.[1] ?? '';
    const config = await loadKubeConfig({ path: join(directory, '.typekro/default/kubeconfig') });
    const user = new KubeClient({ config });
    await page.goto(address);
    await page.locator('.connection.is-live').waitFor();
    await page.getByRole('link', { name: 'default/fleet' }).click();
    const counts = page.locator('.box-counts');
    await counts.filter({ hasText: `${children} ready` }).waitFor();
    const times: UpdateTimes[] = [];
    for (let run = 0; run < runs; run += 1) {
      const isBack = run % 2 === 1;
      // After a read, the page pauses for four times the duration of the read. The change must come after this pause.
      await page.waitForTimeout(5000);
      const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'fleet-7' };
      await user.patch(object, { data: { go: isBack ? 'yes' : 'no' } }, { fieldManager: 'bench' });
      const start = performance.now();
      const shown = isBack ? `^${children} ready$` : `${children - 1} ready$`;
      await page.waitForFunction(
        (pattern) => new RegExp(pattern).test(document.querySelector('.box-counts')?.textContent?.trim() ?? ''),
        shown,
        { polling: 'raf' },
      );
      const total = performance.now() - start;
      const read = await page.evaluate<number>(`(() => {
        const read = performance.getEntriesByType('resource').findLast(({ name }) => /\\/instances\\/[^/]+$/.test(name));
        return read.responseEnd - read.startTime;
      })()`);
      times.push({ total, read });
    }
    await user.close();
    return times;
  } finally {
    await page.close();
    await command.interrupt();
    rmSync(directory, { recursive: true, force: true });
  }
}
