/**
 * The web page: a live view of a controller's instances, with the state of each node and what the node waits for. This
 * folder serves the static files of the page. The page reads its data from the interface of `inspect`.
 *
 * @packageDocumentation
 */
export { createPages, dashboardUrl } from './pages.ts';
