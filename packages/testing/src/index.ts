/**
 * The public entry point `typekro/testing`, and the runner of the definition tests that `typekro test` reads from
 * files.
 *
 * @packageDocumentation
 */
export * from './entry.ts';
export type { GraphTestResult, Mismatch, TestFailure, TestPath } from './graph-test/steps.ts';
export { type GraphTestFile, parseTestFile, TEST_FILE_KIND } from './graph-test/parse-test-file.ts';
export { checkTestFile } from './graph-test/check-test-file.ts';
export { type PrepareInput, prepareTests } from './graph-test/prepare.ts';
export type { GraphTestBase } from './graph-test/graph-world.ts';
export { type Coverage, type CoverageItem, coveredPercent, CoverageRecorder } from './graph-test/coverage.ts';
export { type Paint, failureLines } from './graph-test/describe-failure.ts';
export * as ValueShape from './value-shape.ts';
export { type ReadAuditPolicy, auditPolicyError, readAuditPolicy } from './audit-policy.ts';
export { shownValue } from './graph-test/value-text.ts';
export { runGraphTest } from './graph-test/run-graph-test.ts';
export type * from './fault-test/fault-test-result.ts';
export { MAX_LIVES, MAX_SEED, randomSeed } from './fault-test/life-plan.ts';
export { faultSummary, firstOfEachInvariant } from './fault-test/fault-summary.ts';
export { runLivesLate, lifeFailureLines } from './fault-test/late-lives.ts';
