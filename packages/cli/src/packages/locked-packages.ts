import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  LOCK_FILE,
  type LockedPackage,
  lockedPackage,
  lockText,
  readLock,
  refuseUnlocked,
} from '@typekro/app/packages';
import { type CommandContext, type CommandInput } from '../command.ts';
import { printLines } from '../instance/print-report.ts';
import { readText } from '../plan/check-files.ts';
import { writeResultFile } from '../write-file.ts';
import { type CheckedPackage, packageIdentity } from './pull-checked.ts';

/** The option of the commands that apply packages. */
export const LOCKED_OPTION = { name: 'locked', summary: `apply only packages that ${LOCK_FILE} has, with its digests` };

/** The packages in `typekro.lock` in the working directory. Throws with the codes of `readLock`. */
export const readLocked = async (context: CommandContext): Promise<LockedPackage[]> =>
  existsSync(resolve(context.cwd, LOCK_FILE)) ? readLock(await readText(context, LOCK_FILE)) : [];

/**
 * Compares packages with those of `typekro.lock`. Returns a function that writes them into the file, unless it has them.
 *
 * @param kept packages that are installed already
 * @throws TypeKroError with the codes of `refuseUnlocked`
 */
export function checkLocked(
  context: CommandContext,
  input: CommandInput,
  before: readonly LockedPackage[],
  packages: readonly CheckedPackage[],
  kept: readonly LockedPackage[],
): () => Promise<void> {
  const isLocked = input.options['locked'] === true;
  const own = packages.map((each): LockedPackage => {
    const { tag: _tag, ...untagged } = each.reference;
    // A tag beside a digest is not looked up, so the file does not say that it has named the digest.
    const next = lockedPackage(packageIdentity(each), each.isPinned ? untagged : each.reference);
    refuseUnlocked(before, next, { isLocked, isPinned: each.isPinned });
    return next;
  });
  const chosen = [...own, ...kept];
  const names = new Set(chosen.map(({ name }) => name));
  const text = lockText([...before.filter(({ name }) => !names.has(name)), ...chosen]);
  return async () => {
    if (isLocked || text === lockText(before)) return;
    const print = await writeResultFile(context, LOCK_FILE, text, { code: 'package/lock-file' });
    printLines({ print }, [`wrote ${LOCK_FILE}`]);
  };
}
