/**
 * Factories for the Prometheus Operator: what is scraped, and the rules on it.
 *
 * @packageDocumentation
 */
export * from './generated/monitoring.coreos.com.ts';
