/**
 * The web page: the instances that a controller looks after, each node with its state and what it waits
 * for, live. This room serves three static files; what they show comes from the interface of `inspect`.
 *
 * @packageDocumentation
 */
export { createPages, dashboardUrl } from './pages.ts';
