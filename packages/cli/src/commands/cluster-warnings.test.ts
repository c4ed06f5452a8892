import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useNamedClusters } from '../../test-support/named-clusters.ts';

const clusters = useNamedClusters();

async function run(line: string) {
  const { code, out, err } = await clusters.run(line);
  return { code, out, err: err.replaceAll(clusters.home, 'HOME') };
}

test.skipIf(process.platform === 'win32')(
  'the error names a link or a folder that is in the place of a file of the cluster',
  async () => {
    const file = (name: string) => join(clusters.folderOf('dev'), name);
    mkdirSync(file('kubeconfig'), { recursive: true });
    expect(await run('cluster start dev')).toMatchObject({
      code: 1,
      err: 'error: HOME/state/typekro/clusters/dev/kubeconfig is a folder, not a file [cluster/folder]\n  hint: move it away',
    });
    rmSync(clusters.folderOf('dev'), { recursive: true, force: true });
    mkdirSync(clusters.folderOf('dev'), { recursive: true });
    symlinkSync(join(clusters.home, 'elsewhere'), file('settings.json'));
    expect(await run('cluster start dev')).toMatchObject({
      code: 1,
      err: 'error: HOME/state/typekro/clusters/dev/settings.json is a symbolic link, not a file [cluster/folder]\n  hint: move it away',
    });
  },
);

test('a start warns about files and an address of the last run that it cannot use again', async () => {
  await run('cluster start dev --data');
  const kubeconfig = readFileSync(join(clusters.folderOf('dev'), 'kubeconfig'), 'utf8');
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(kubeconfig)?.[1]);
  await run('cluster stop dev');
  const other = createServer();
  await new Promise<void>((resolve, reject) => other.once('error', reject).listen(port, '127.0.0.1', resolve));
  try {
    const { code, err } = await run('cluster start dev');
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/^warning: port \S+ of the last run is in use, so the cluster has the address https:/),
    ]);
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
  await run('cluster stop dev');
  writeFileSync(join(clusters.folderOf('dev'), 'credentials.json'), '{');
  expect(await run('cluster start dev')).toMatchObject({
    code: 0,
    err: 'warning: HOME/state/typekro/clusters/dev/credentials.json is broken or of a later version, and is replaced; its settings or credentials are lost',
  });
  await run('cluster stop dev');
  expect(await run('cluster start dev')).toMatchObject({ code: 0, err: '' });
});
