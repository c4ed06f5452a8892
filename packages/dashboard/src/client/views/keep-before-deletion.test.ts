import { expect, test } from 'vitest';
import type { InstanceDetail } from '@typekro/controller/inspect';
import { keepBeforeDeletion } from './instance-view.tsx';

const detail = (deletedAt?: string): InstanceDetail =>
  ({ instance: deletedAt === undefined ? {} : { deletedAt }, nodes: [] }) as unknown as InstanceDetail;

test('the last state before the deletion stays during the deletion and after it', () => {
  const [first, second, leaving] = [detail(), detail(), detail('2026-01-02T03:04:05Z')];
  const kept = [first, second, leaving, undefined, detail('2026-01-02T03:04:05Z')].reduce(
    keepBeforeDeletion,
    undefined,
  );
  expect(kept).toBe(second);
});

test('the state of an instance that is first read during its deletion stays, until a new instance has its name', () => {
  const [leaving, made] = [detail('2026-01-02T03:04:05Z'), detail()];
  const kept = keepBeforeDeletion(undefined, leaving);
  expect(kept).toBe(leaving);
  expect(keepBeforeDeletion(kept, made)).toBe(made);
});
