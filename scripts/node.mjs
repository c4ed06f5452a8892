/**
 * Tests the product on a real node: a Kubernetes with kubelet and containerd, in namespaces of its own for mounts,
 * network and processes. Builds the programs and images of the node first. Ends without a test, and says why, where the
 * machine cannot run a node. Run: `npm run long -- node`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main, runNode } from './run.mjs';

/** The programs of the machine that the node needs, with their packages of Debian. */
const COMMANDS = {
  go: 'go 1.26 or newer',
  unshare: 'util-linux',
  ip: 'iproute2',
  nft: 'nftables',
  runc: 'runc',
  buildah: 'buildah',
  strip: 'binutils',
};

function missing() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the node needs Linux on x64';
  if (process.getuid() !== 0) return 'the node needs root, for namespaces, mounts and cgroups';
  const absent = Object.entries(COMMANDS).filter(([name]) => spawnSync('which', [name]).status !== 0);
  if (absent.length > 0) return `these are not installed: ${absent.map((each) => each.join(' of ')).join(', ')}`;
  const { status, stderr } = spawnSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true'], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : `namespaces cannot be created: ${stderr.trim()}`;
}

/** The first process of the namespace. A shell waits for the orphans of other processes, and Node does not. */
const FIRST = [
  'unshare',
  '--mount',
  '--net',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  'sh',
  '-c',
  '"$@"; exit $?',
  'sh',
];

await main(async () => {
  const reason = missing();
  if (reason !== undefined) {
    console.log(`skipped: ${reason}`);
    return;
  }
  await runNode(['scripts/setup.mjs']);
  await runNode(['scripts/run-ts.mjs', 'scripts/clients.ts', 'go']);
  await runNode(['scripts/run-ts.mjs', 'test/node/build.ts', 'build']);
  const folder = mkdtempSync(join(tmpdir(), 'typekro-node-'));
  try {
    const vitest = [
      process.execPath,
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'test/node/vitest.config.ts',
    ];
    const [command = '', ...args] = [...FIRST, ...vitest, ...process.argv.slice(2)];
    const env = { ...process.env, TYPEKRO_NODE: folder };
    process.exitCode = spawnSync(command, args, { stdio: 'inherit', env }).status ?? 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    // The cgroup of the containers is the only trace outside of the namespaces.
    spawnSync('find', [
      '/sys/fs/cgroup',
      '-depth',
      '-type',
      'd',
      '-path',
      '*/typekro-node*',
      '-exec',
      'rmdir',
      '{}',
      '+',
    ]);
  }
});
