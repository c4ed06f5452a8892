/**
 * Typed resource factories: functions that make Kubernetes objects inside a composition. `simple` has the
 * common kinds with few arguments. A factory decides nothing about the graph; it fills in a manifest and
 * hands it to `compose`.
 *
 * @packageDocumentation
 */
export { simple } from './simple/index.ts';
