/**
 * `npm run clients` builds the missing clients of `test/e2e`: see `test/support/clients.ts`. It also builds the suites
 * of controller-runtime that `TYPEKRO_SUITES` names: see `test/support/go-suites.ts`. `npm run clients -- go`,
 * `… -- python` and `… -- suites` each build only the part with this name.
 */
import { buildGoClients, buildPythonClient } from '../test/support/clients.ts';
import { buildSuite, requestedSuites } from '../test/support/go-suites.ts';

const parts = process.argv.slice(2);
const builders = { go: buildGoClients, python: buildPythonClient, suites: () => requestedSuites().forEach(buildSuite) };
for (const [name, build] of Object.entries(builders)) {
  if (parts.length > 0 && !parts.includes(name)) continue;
  try {
    build();
  } catch (error) {
    // The tests decide whether a client may be missing, so a failed build makes this script fail only if the command
    // names the part, such as `go`.
    console.error(error instanceof Error ? error.message : error);
    if (parts.includes(name)) process.exitCode = 1;
  }
}
