/**
 * The dashboard: a web page with definitions, instances, plans and a playground, and the handler that serves its files.
 * The page reads its data from the interface of `inspect`.
 *
 * @packageDocumentation
 */
export { createPages, dashboardUrl } from './pages.ts';
