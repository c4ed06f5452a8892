import { expect, test } from 'vitest';
import { splitCommand, withCommand } from './remedy-command.ts';

test.each([
  [
    'create the namespace (kubectl create namespace a), or make it',
    'create the namespace',
    'kubectl create namespace a',
    'or make it',
  ],
  ['see it: kubectl get cm a -o yaml', 'see it', 'kubectl get cm a -o yaml', ''],
  ['kubectl get ns a --show-labels shows the level', '', 'kubectl get ns a --show-labels', 'shows the level'],
  [
    `try kubectl patch cm a --type json -p '[{"op":"a b"}]'; then`,
    'try',
    `kubectl patch cm a --type json -p '[{"op":"a b"}]'`,
    'then',
  ],
  [`kubectl patch cm a -p 'it'\\''s'`, '', `kubectl patch cm a -p 'it'\\''s'`, ''],
  ['typekro rbac FILE prints all rules', 'typekro rbac FILE prints all rules', undefined, undefined],
  ['resume it (typekro resume), or', 'resume it (typekro resume), or', undefined, undefined],
  ['typekro reconcile makes it try at once', 'typekro reconcile makes it try at once', undefined, undefined],
  ['wait', 'wait', undefined, undefined],
])('splitCommand finds the command of "%s"', (text, before, command, after) => {
  expect(splitCommand(text)).toEqual({ before, command, after });
  const item = { node: 'a', remedy: text };
  expect(withCommand(item)).toEqual(command === undefined ? item : { ...item, command });
});
