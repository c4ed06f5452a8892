import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { serveUpgrades, UpgradeHost } from './upgrade.ts';

/** The code for requests for another protocol. */
interface UpgradeCode {
  readonly serveUpgrades: typeof serveUpgrades;
}

/** Serves requests for another protocol. The code for them is loaded with the first such request. */
export function serveUpgradesLate(
  server: Server,
  isSecure: boolean,
  host: UpgradeHost,
  load: () => Promise<UpgradeCode> = () => import('./upgrade.ts'),
): void {
  const loadFirst = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // The server has removed its own listener. An error without a listener would end the process.
    const destroy = () => void socket.destroy();
    socket.on('error', destroy);
    load().then(
      (code) => {
        // Several requests may wait for the code.
        if (server.listeners('upgrade').includes(loadFirst)) {
          server.off('upgrade', loadFirst);
          code.serveUpgrades(server, isSecure, host);
        }
        if (socket.destroyed) return;
        // Each listener of the event sets its own listener for errors at once.
        socket.off('error', destroy);
        server.emit('upgrade', request, socket, head);
      },
      (thrown: unknown) => {
        socket.destroy();
        host.report(thrown);
      },
    );
  };
  server.on('upgrade', loadFirst);
}
