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

/** The response to an order, and the first message. */
export interface DashboardReport {
  readonly url: string;
  /**
   * The bytes of the heap in use after a collection. In the first message and the response to `heap` only; 0 in other
   * messages.
   */
  readonly heap: number;
  /** The bytes of the heap in use before the first list, with all modules loaded. */
  readonly heapBefore: number;
}

/** A running server. */
export interface DashboardProcess extends DashboardReport {
  order(order: Exclude<DashboardOrder, { is: 'close' }>): Promise<DashboardReport>;
  close(): Promise<void>;
}

/** Starts the server with this number of instances. The instance with details has `nodes` nodes. */
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
