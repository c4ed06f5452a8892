/** Starts `dashboard-server.ts` in a separate process. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { message, orderlyEnd } from './child-messages.ts';

/** An order that the parent process sends to the server process. */
export type DashboardOrder =
  /** `events` instances change. Then the clock of the server moves by `ms`. */
  | { readonly is: 'happen'; readonly events: number; readonly ms: number }
  | { readonly is: 'heap' }
  | { readonly is: 'close' };

/** A message of the server process: its first message, and the response to each order. */
export interface DashboardReport {
  readonly url: string;
  /**
   * The bytes of the heap in use after a garbage collection. Other messages than the first one and the response to
   * `heap` have 0.
   */
  readonly heap: number;
  /** The bytes of the heap in use when all modules are loaded and the index has not yet listed the instances. */
  readonly heapBefore: number;
}

/** A running server. */
export interface DashboardProcess extends DashboardReport {
  order(order: Exclude<DashboardOrder, { is: 'close' }>): Promise<DashboardReport>;
  close(): Promise<void>;
}

/** Starts the server with this number of instances. The only instance with details, instance 0, has `nodes` nodes. */
export async function startDashboard(instances: number, nodes: number): Promise<DashboardProcess> {
  const child = fork(fileURLToPath(new URL('dashboard-server.ts', import.meta.url)), [`${instances}`, `${nodes}`], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  const first = await message<DashboardReport>(child);
  return {
    ...first,
    order: (order) => message<DashboardReport>(child, order),
    close() {
      const close: DashboardOrder = { is: 'close' };
      // The error of `send` is ignored: if the process has already ended, `orderlyEnd` reports this.
      child.send(close, () => undefined);
      return orderlyEnd(child);
    },
  };
}
