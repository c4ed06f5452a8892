/**
 * A cluster in a separate process, as a user runs it: from `dist/`, without a loader, and with Node's compile cache
 * where the command line uses it (from 22.8 on). When it is ready, it sends `{url, ca, first, made, ready}` to the
 * parent. `first` is the time from the process start to the first line of this file, and `ready` the time to readiness.
 * `made` is the time that `createEmbeddedCluster()` and `listen()` took. These times are in milliseconds. The process
 * responds to the message `usage` with bytes of memory and microseconds of processor time. With `--controllers` the
 * simulated controllers run. With `--data DIR` the objects are kept in the directory. With `--http` it listens without
 * TLS. With `--bare` it measures Node alone.
 */
const first = performance.now();
const usage = () => {
  globalThis.gc?.();
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const { rss, heapUsed: heap } = process.memoryUsage();
  return { rss, heap, peak: maxRSS * 1024, cpu: userCPUTime + systemCPUTime };
};
process.on('message', (message) => {
  if (message === 'usage') process.send?.(usage());
  else process.exit();
});
if (process.argv.includes('--bare')) process.send?.({ first });
else {
  process.getBuiltinModule('node:module').enableCompileCache?.();
  const { createEmbeddedCluster } = await import('../../dist/cluster/index.js');
  const data = process.argv.indexOf('--data') + 1;
  const began = performance.now();
  const cluster = await createEmbeddedCluster({
    controllers: process.argv.includes('--controllers'),
    adminToken: 'bench',
    ...(data === 0 ? {} : { stateDirectory: process.argv[data] }),
  });
  const { url, caData } = await cluster.listen({ https: !process.argv.includes('--http') });
  const ready = performance.now();
  process.send?.({ url, ca: caData, first, made: ready - began, ready });
}
