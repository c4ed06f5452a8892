import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { serveUpgrades, UpgradeHost } from './serve-upgrades.ts';

/** The exports of the module that serves protocol upgrades. */
interface UpgradeCode {
  readonly serveUpgrades: typeof serveUpgrades;
}

/** Serves protocol upgrades. Loads the code for upgrades when the first upgrade request arrives. */
export function serveUpgradesLate(
  server: Server,
  isSecure: boolean,
  host: UpgradeHost,
  load: () => Promise<UpgradeCode> = () => import('./serve-upgrades.ts'),
): void {
  const loadFirst = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Node's server has removed its own error listener, and an error without a listener would end the process.
    const destroy = () => void socket.destroy();
    socket.on('error', destroy);
    load().then(
      (code) => {
        // Several requests may wait for the code. Only the first of them replaces the listener `loadFirst`.
        if (server.listeners('upgrade').includes(loadFirst)) {
          server.off('upgrade', loadFirst);
          code.serveUpgrades(server, isSecure, host);
        }
        if (socket.destroyed) return;
        // Each listener of the `upgrade` event immediately adds its own error listener.
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
