/** The program `etcd` in the folder for envtest; see `docs/envtest.md`. */
import { httpLibrary } from '@typekro/kit/core';
import { createHttpServer } from '@typekro/kit/servers';
import { etcdSettings } from './etcd-settings.ts';
import { endOnSignal, endWithReasons } from './process-end.ts';

const { addresses, notices, refusals } = etcdSettings(process.argv.slice(2));
for (const notice of notices) console.error(`etcd: ${notice}`);
if (refusals.length > 0) endWithReasons('etcd', refusals);
const servers = addresses.map(({ host, port }) =>
  createHttpServer(httpLibrary(), {}, (request, response) => {
    const isHealth = /^\/health(?:\?|$)/.test(request.url ?? '');
    const text = isHealth
      ? '{"health":"true","reason":""}\n'
      : 'This program stores nothing: the API server of TypeKro keeps its objects in memory.\n';
    response.writeHead(isHealth ? 200 : 404, { 'content-type': isHealth ? 'application/json' : 'text/plain' });
    response.end(text);
  })
    .on('error', (error) => endWithReasons('etcd', [error.message]))
    .listen(port, host, () => console.error(`etcd: serving at http://${host}:${port}`)),
);
endOnSignal(async () => {
  for (const server of servers) server.closeAllConnections();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
});
