/**
 * Factories for the kinds of the Prometheus Operator, for example scrape targets and rules.
 *
 * @packageDocumentation
 */
export * from './generated/monitoring.coreos.com.ts';
