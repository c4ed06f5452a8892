import type { Cluster, Listener, ListenOptions } from '@typekro/cluster';
import { errorCode, TypeKroError } from '@typekro/kit/core';

/**
 * Opens a socket for a cluster.
 *
 * @throws TypeKroError `up/port-in-use` when another program uses the port, `up/port-refused` when the port is
 *   privileged.
 */
export async function listenOnPort(cluster: Cluster, options: ListenOptions): Promise<Listener> {
  try {
    return await cluster.listen(options);
  } catch (error) {
    const code = errorCode(error);
    const port = options.port ?? 0;
    if (code === 'EACCES') {
      throw new TypeKroError(`port ${port} may not be opened: the system keeps it for privileged processes`, {
        code: 'up/port-refused',
        remedy: 'name a port of 1024 or above, or leave --port out to get a free one',
        cause: error,
      });
    }
    if (code !== 'EADDRINUSE') throw error;
    throw new TypeKroError(`port ${port} is in use`, {
      code: 'up/port-in-use',
      remedy: 'name another port, or leave --port out to get a free one',
      cause: error,
    });
  }
}
