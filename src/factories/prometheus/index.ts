/**
 * Factories for the Prometheus Operator, such as the targets to scrape, and rules.
 *
 * @packageDocumentation
 */
export * from './generated/monitoring.coreos.com.ts';
