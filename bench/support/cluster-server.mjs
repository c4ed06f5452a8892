/**
 * A cluster in a process of its own, run as a user runs it: from `dist/`, without a loader. Sends
 * `{url, ca, made, ready}` (milliseconds) to the parent when it is ready; answers `usage` with
 * bytes of memory and microseconds of processor time.
 * With `--controllers` the simulated controllers run too; `--bare` only tells the memory of Node itself.
 */
const usage = () => {
  globalThis.gc?.();
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return { rss: process.memoryUsage.rss(), peak: maxRSS * 1024, cpu: userCPUTime + systemCPUTime };
};
process.on('message', (message) => {
  if (message === 'usage') process.send?.(usage());
  else process.exit();
});
if (process.argv.includes('--bare')) process.send?.({});
else {
  const { createCluster } = await import('../../dist/cluster/index.js');
  const began = performance.now();
  const cluster = await createCluster({ controllers: process.argv.includes('--controllers'), adminToken: 'bench' });
  const { url, caData } = await cluster.listen({ https: !process.argv.includes('--http') });
  const ready = performance.now();
  process.send?.({ url, ca: caData, made: ready - began, ready });
}
