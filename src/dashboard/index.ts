/**
 * The web page: a live view of the instances of a controller, with the state of each node and what the node waits for.
 * This room serves three static files, which read their data from the interface of `inspect`.
 *
 * @packageDocumentation
 */
export { createPages, dashboardUrl } from './pages.ts';
