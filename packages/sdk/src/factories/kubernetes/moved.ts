import { movedNames } from '@typekro/kit/core';

/** Removed in 1.0: read and parse the file before the composition, and call createResource for each document. */
export const { yamlDirectory, yamlFile } = movedNames(
  'read and parse the file before the composition, and call createResource for each document',
  ['yamlDirectory', 'yamlFile'],
);
