/**
 * `npm run clients` builds the missing clients of `test/e2e`: see `test/support/clients.ts`. `npm run clients -- go` or
 * `… python` builds a part of them.
 */
import { buildGoClients, buildPythonClient } from '../test/support/clients.ts';

const parts = process.argv.slice(2);
const builders = { go: buildGoClients, python: buildPythonClient };
for (const [name, build] of Object.entries(builders)) {
  if (parts.length > 0 && !parts.includes(name)) continue;
  try {
    build();
  } catch (error) {
    // The tests decide whether a client may be missing.
    console.error(error instanceof Error ? error.message : error);
    if (parts.includes(name)) process.exitCode = 1;
  }
}
