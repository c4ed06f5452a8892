import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { ROWS } from '../../bench/ledger/rows.ts';

const MEASURED = ROWS.filter((row) => 'workload' in row);
const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the rows of the optimisation ledger', () => {
  it.each(MEASURED.map((row) => [row.name, row] as const))(
    '%s: matches the source, and its workload exists',
    (_, row) => {
      expect(existsSync(`${root}bench/ledger/workloads/${row.workload}.ts`)).toBe(true);
      const files = new Set(row.without.map(({ file }) => file));
      for (const file of files) {
        let source = readFileSync(root + file, 'utf8');
        for (const { find, replace } of row.without.filter((edit) => edit.file === file)) {
          expect(source.split(find), `${file}: ${find}`).toHaveLength(2);
          source = source.replace(find, () => replace);
        }
        // A program with a syntax error would abort the benchmark.
        expect(() => transformSync(source, { loader: 'ts' })).not.toThrow();
      }
    },
  );
});
