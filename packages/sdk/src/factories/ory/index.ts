/**
 * Factories for Ory: clients of Hydra, access rules of Oathkeeper.
 *
 * @packageDocumentation
 */
export * from './generated/hydra.ory.sh.ts';
export * from './generated/oathkeeper.ory.sh.ts';
export * from './generated/moved.ts';
