/**
 * `npm run clients`: makes what is missing of the clients that `test/e2e` drives, see `test/support/clients.ts`.
 * `npm run clients -- go` or `… python` makes a part of them.
 */
import { buildGoClients, buildPythonClient } from '../test/support/clients.ts';

const parts = process.argv.slice(2);
const builders = { go: buildGoClients, python: buildPythonClient };
for (const [name, build] of Object.entries(builders)) {
  if (parts.length > 0 && !parts.includes(name)) continue;
  try {
    build();
  } catch (error) {
    // Whether a client may be missing is decided where it is needed.
    console.error(error instanceof Error ? error.message : error);
    if (parts.includes(name)) process.exitCode = 1;
  }
}
